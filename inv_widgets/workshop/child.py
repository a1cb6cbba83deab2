"""The process that serves a workshop's pages.

It reads one line, the :class:`~inv_widgets.workshop.plan.Plan`, says in one line of JSON that it is open or why not,
and ends when there is nothing left to read: when who started it closes the pipe, or is gone.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from typing import TYPE_CHECKING, Any

from inv_widgets.workshop.addresses import bound
from inv_widgets.workshop.plan import TOLD, Plan

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["main"]


def main() -> int:
    """Serve until the end; return the exit status."""
    # Whatever engines print must not mix with what is said here.
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)

    def say(**words: Any) -> None:
        answers.write(json.dumps(words) + "\n")
        answers.flush()

    try:
        _serve(say)
    except Exception as error:  # noqa: BLE001 (told to who started this)
        import traceback

        traceback.print_exc()
        kind = next(one.__name__ for one in type(error).__mro__ if one in TOLD or one is Exception)
        say(error=str(error), kind=kind)
        return 2
    return 0


def _serve(say: Callable[..., None]) -> None:
    plan = Plan.from_json(sys.stdin.readline())
    socket = bound(plan.host, plan.port)
    port: int = socket.getsockname()[1]
    ended = threading.Event()
    threading.Thread(target=_watch, args=(ended,), daemon=True).start()
    if plan.engine == "solara":
        from inv_widgets.workshop.solara_engine import run
    else:
        from inv_widgets.workshop.voila_engine import run
    run(plan, socket, lambda store: say(port=port, store=store), ended)


def _watch(ended: threading.Event) -> None:
    """Wait until the other end of the pipe is closed."""
    while sys.stdin.readline():
        pass
    ended.set()


if __name__ == "__main__":
    status = main()
    # The store is closed. What engines register for the end takes seconds when hundreds have played.
    sys.stderr.flush()
    os._exit(status)
