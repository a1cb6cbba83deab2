"""The words of the command line: commands, their options, what help says of them."""

from __future__ import annotations

import argparse
import difflib
import itertools
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from inv_widgets import __version__
from inv_widgets.cli_arguments import whole_number
from inv_widgets.cli_commands import demo, doctor, explain, export_, play
from inv_widgets.cli_output import tell
from inv_widgets.network_forms import FORMS

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["parser"]

_EXAMPLES = {
    "explain": """\
examples:
  inv-widgets explain dog.jpg --network demo:photos --out dog.parquet
  inv-widgets explain photos --network torchvision:vgg16 --layers 'last 9' --out photos.parquet
  inv-widgets explain cat.png --network onnx:net.onnx --categories names.txt --out cat.parquet""",
    "play": """\
examples:
  inv-widgets play photos.parquet --store class.db
  inv-widgets play photos.parquet --store class.db --rounds 10 --consent consent.txt --title 'What does it see?'""",
    "export": """\
examples:
  inv-widgets export photos.parquet --out photos.html
  inv-widgets export photos.parquet --out dog.svg --picture dog.jpg""",
}


def parser() -> argparse.ArgumentParser:
    """Make the parser; each command's options name its function as `command`."""
    top = _Parser(
        prog="inv-widgets",
        description="Explain image classifiers with people in the loop.",
        epilog="`inv-widgets COMMAND --help` tells a command's options.",
    )
    top.add_argument("--version", action="version", version=f"inv-widgets {__version__}")
    commands = top.add_subparsers(required=True, metavar="COMMAND")

    one = _command(commands, demo, "demo", "explain the demo photos and open JupyterLab")
    one.set_defaults(when_stopped="What is finished is kept: `inv-widgets demo` goes on from there.")
    one.add_argument("--no-lab", dest="lab", action="store_false", help="stop before JupyterLab")

    one = _command(commands, explain, "explain", "explain pictures; write a run")
    one.set_defaults(when_stopped="What is finished is kept: the same command goes on from there.")
    one.add_argument(
        "pictures", nargs="+", metavar="PICTURE", help="a picture file, a folder, or a pattern such as 'photos/*.jpg'"
    )
    one.add_argument("--network", required=True, metavar="NAME", help=FORMS)
    one.add_argument("--out", required=True, type=Path, metavar="RUN.parquet", help="where the run goes")
    one.add_argument(
        "--target", action="append", metavar="CLASS",
        help="name or index of the class to explain; repeat for a group; by default each picture's first choice",
    )  # fmt: skip
    one.add_argument(
        "--layers", action="append", metavar="LAYERS",
        help="'blocks' (default), 'last 9', a name or a pattern; repeat for several",
    )  # fmt: skip
    one.add_argument("--seed", type=int, default=0, help="of the embedding (default 0)")
    one.add_argument(
        "--batch-size", type=whole_number(1), metavar="N",
        help="pictures that go through the network at a time (default: by the network and torch's number of threads)",
    )  # fmt: skip
    one.add_argument(
        "--workers", type=whole_number(0), metavar="N",
        help="layers that are clustered at a time, beside the network (default: one a core; 0: none beside it)",
    )  # fmt: skip
    one.add_argument("--no-resume", dest="resume", action="store_false", help="start anew where RUN.parquet exists")
    _add_network_in_file(one)

    _add_play(commands)

    one = _command(commands, export_, "export", "write a run as a page, a table or a figure")
    one.add_argument("run", metavar="RUN.parquet", help="what `explain` wrote")
    one.add_argument("--out", required=True, type=Path, metavar="FILE", help="FILE.html, .csv, .jsonl, .svg or .png")
    one.add_argument("--picture", metavar="NAME", help="only this picture (a figure shows one)")
    one.add_argument("--target", metavar="NAME", help="only this class")
    one.add_argument("--title", help="heading of a page")
    one.add_argument("--theme", default="light", choices=["light", "dark"], help="of a figure")
    colour_maps = ["viridis", "inferno", "turbo", "cividis", "greys"]
    one.add_argument("--colour-map", default="viridis", choices=colour_maps, help="of a figure")

    _command(commands, doctor, "doctor", "tell what is installed, what is missing and what to do")
    return top


def _add_network_in_file(command: argparse.ArgumentParser) -> None:
    add = command.add_argument_group("a network in a file", "what onnx: and keras: files do not say").add_argument
    add("--categories", type=Path, metavar="FILE", help="names of its classes in their order, one a line")
    add(
        "--size", metavar="PIXELS",
        help="of its input, HEIGHTxWIDTH or one for both (default: as the file says, 224 where it says nothing)",
    )  # fmt: skip
    add(
        "--resize", type=int, metavar="PIXELS",
        help="make a picture's shorter side this long and cut out the middle (default: squeeze the whole picture)",
    )  # fmt: skip
    add(
        "--values", choices=["unit", "bytes", "signed", "imagenet"],
        help="what black and white become: unit 0..1 (default), bytes 0..255 (default for Keras models that scale "
        "themselves), signed -1..1, imagenet: 0..1, less ImageNet's mean, by its deviation",
    )  # fmt: skip


def _add_play(commands: Any) -> None:
    one = _command(commands, play, "play", "open a workshop: players join with a link, in their browsers")
    add = one.add_argument
    add("run", metavar="RUN.parquet", help="what `explain` wrote")
    add(
        "--store",
        default="labels.db",
        metavar="URL",
        help="where rounds and labels go: a file (default labels.db) or postgresql+psycopg://...",
    )
    add(
        "--host",
        default="0.0.0.0",  # noqa: S104 (players come from other machines)
        metavar="ADDRESS",
        help="where to listen (default: all of this machine's addresses)",
    )
    add("--port", type=int, default=8765, help="default 8765; 0: any free one")
    add(
        "--engine",
        default="solara",
        choices=["solara", "voila"],
        help="one process for all players (default), or one each",
    )
    add(
        "--language",
        default="en",
        choices=["en", "it"],
        help="of the pages until a player chooses another (default en)",
    )
    add("--no-qr", dest="qr", action="store_false", help="draw no QR code of the players' link")

    rules = one.add_argument_group("the game")
    add = rules.add_argument
    add("--title", metavar="TEXT", help="its name")
    add("--information", type=Path, metavar="FILE", help="a text that is shown first")
    add("--consent", type=Path, metavar="FILE", help="a text that players agree to before anything is stored")
    add("--rounds", type=int, metavar="N", help="rounds of a sitting (default: until nothing is left)")
    add("--seconds", type=float, metavar="S", help="for a round (default: as long as wanted)")
    add("--retire-after", type=int, metavar="N", help="a cluster map with N rounds is handed out no more")
    add(
        "--gold",
        action="append",
        metavar="NAME",
        help="a picture or cluster map that checks players; repeat for several",
    )
    add("--gold-every", type=int, metavar="N", help="one round in N is gold (default 10)")
    add("--choices", type=int, metavar="N", help="offer N classes a round (default: all)")
    add("--categories", type=Path, metavar="FILE", help="the classes to choose from, one a line (default: the run's)")
    add("--seed", type=int, help="of the order of cluster maps (default 0)")
    add("--no-features", dest="features_required", action="store_false", default=None, help="a guess needs no feature")
    add("--no-others", dest="show_others", action="store_false", default=None, help="do not show what others said")
    add("--no-leaderboard", dest="leaderboard", action="store_false", default=None, help="have no leaderboard")


class _Parser(argparse.ArgumentParser):
    _words: Sequence[str] = ()

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Keep the words: argparse asks for what is missing before it tells what nobody knows."""
        self._words = sys.argv[1:] if args is None else list(args)
        return super().parse_known_args(args, namespace)

    def error(self, message: str) -> NoReturn:
        """Tell what is wrong in one line."""
        if "are required" in message:
            message = ". ".join([message, *map(self._unknown, self._mistyped())])
        tell(f"[inv-widgets] {message[:1].upper()}{message[1:]}. `{self.prog} --help` lists what there is.")
        raise SystemExit(2)

    def _mistyped(self) -> list[str]:
        """Give the words that look like options and are none, nor the beginning of one."""
        words = itertools.takewhile(lambda word: word != "--", self._words)
        names = dict.fromkeys(word.partition("=")[0] for word in words if word.startswith("--"))
        return [name for name in names if not any(one.startswith(name) for one in self._option_string_actions)]

    def _unknown(self, name: str) -> str:
        near = difflib.get_close_matches(name, self._option_string_actions, n=1)
        return f"No option is called {name}" + (f" (did you mean {near[0]}?)" if near else "")


def _command(commands: Any, function: Any, name: str, description: str) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = commands.add_parser(
        name, help=description, description=function.__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--debug", action="store_true", help="show where an error arose")
    parser.epilog = _EXAMPLES.get(name)
    parser.set_defaults(command=function, when_stopped="")
    return parser
