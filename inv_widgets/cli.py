"""The command line: ``inv-widgets demo | explain | play | export | doctor``.

Results are told on standard output, errors in one line on standard error. Exit status: 0 done; 1 some pictures failed,
or the doctor found something missing; 2 not possible; 130 interrupted.
"""

from __future__ import annotations

import sys
import traceback
from typing import TYPE_CHECKING

from inv_widgets.cli_output import say, tell
from inv_widgets.cli_parser import parser

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return the exit status."""
    words = sys.argv[1:] if arguments is None else arguments
    if not words:
        say(parser().format_help().rstrip())
        return 2
    options = parser().parse_args(words)
    try:
        status: int = options.command(options)
    except KeyboardInterrupt as stop:
        tell(str(stop) or f"[inv-widgets] Stopped. {options.when_stopped}".rstrip())
        return 130
    except BrokenPipeError:  # somebody downstream, such as `head`, has read enough
        sys.stderr.close()
        return 1
    except Exception as error:  # noqa: BLE001 (a command line tells every error in one line)
        if options.debug:
            traceback.print_exc()
        else:
            tell(_one_line(error))
        return 2
    return status


def _one_line(error: Exception) -> str:
    text = " ".join(str(error).split())
    if text.startswith("[inv-widgets]"):
        return text
    if isinstance(error, OSError) and error.filename and error.strerror:
        return (
            f"[inv-widgets] {error.filename}: {error.strerror}. Check the path, whether you may write there, and "
            "whether the disk has room (--debug shows where)."
        )
    return f"[inv-widgets] {type(error).__name__}: {text}".rstrip(": ") + " (--debug shows where)"


if __name__ == "__main__":
    raise SystemExit(main())
