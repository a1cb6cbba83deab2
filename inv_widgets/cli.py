"""The command line: ``inv-widgets demo | explain | play | export | doctor``.

Results are told on standard output, errors in one line on standard error. Exit status: 0 done; 1 some pictures failed,
or the doctor found something missing; 2 not possible; 130 interrupted.
"""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import glob
import os
import signal
import subprocess
import sys
import time
import traceback
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from inv_widgets import __version__

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from inv_widgets.run import Run

__all__ = ["main"]

NETWORKS = "demo:photos, demo:fashion, torchvision:vgg16, timm:resnet18, package.module:factory"
NOTEBOOK = Path("notebooks", "01_quickstart.ipynb")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return the exit status."""
    options = _parser().parse_args(arguments)
    try:
        status: int = options.command(options)
    except KeyboardInterrupt as stop:
        _tell(str(stop) or f"[inv-widgets] Stopped. {options.when_stopped}".rstrip())
        return 130
    except BrokenPipeError:  # somebody downstream, such as `head`, has read enough
        sys.stderr.close()
        return 1
    except Exception as error:  # noqa: BLE001 (a command line tells every error in one line)
        if options.debug:
            traceback.print_exc()
        else:
            _tell(_one_line(error))
        return 2
    return status


def demo(options: argparse.Namespace) -> int:
    """Explain the demo pictures, write a page of them, open JupyterLab."""
    start = time.perf_counter()
    from inv_widgets import datasets, export
    from inv_widgets.classifier import Classifier

    file = Path("demo", "photos.parquet")
    network = Classifier.demo("photos")
    run = _explain_many(network, datasets.photos(), out=file)
    page = export.page(run, file.with_suffix(".html"), title=f"Demo photos, explained for {network.name}")
    _say(f"{len(run)} pictures explained in {time.perf_counter() - start:.1f} s.")
    _say(f"  {file}   to open with inv.load({str(file)!r})")
    _say(f"  {page}      to open in a browser: it needs no server and no kernel")
    if not options.lab:
        return _failures(run)
    return _lab() or _failures(run)


def explain(options: argparse.Namespace) -> int:
    """Explain pictures and write a run."""
    start = time.perf_counter()
    _ends_in(options.out, [".parquet"])
    pictures = _pictures(options.pictures)
    from inv_widgets.network_names import load_network
    from inv_widgets.recipe import Recipe

    network = load_network(options.network)
    recipe = dataclasses.replace(Recipe(), seed=options.seed)
    run = _explain_many(
        network,
        pictures,
        target=_target(options.target),
        layers=_layers(options.layers),
        recipe=recipe,
        out=options.out,
        resume=options.resume,
    )
    seconds = time.perf_counter() - start
    failed = f", {len(run.errors)} failed" if run.errors else ""
    _say(f"{options.out}: {_explanations(run)} of {network.name}{failed}, in {seconds:.1f} s.")
    return _failures(run)


def play(options: argparse.Namespace) -> int:
    """Open a workshop: players join with a link, in their browsers."""
    from inv_widgets.workshop import serve

    rules = {name: getattr(options, name) for name in _RULES if getattr(options, name) is not None}
    for name in ("consent", "information"):
        if name in rules:
            rules[name] = _text_of(rules[name], f"--{name}")
    if "categories" in rules:
        rules["categories"] = _lines_of(rules["categories"], "--categories")
    with (
        serve(
            options.run,
            store=options.store,
            host=options.host,
            port=options.port,
            engine=options.engine,
            language=options.language,
            **rules,
        ) as server,
        contextlib.suppress(KeyboardInterrupt),
    ):
        if options.qr:
            _say(str(server.qr))
        _say(f"  Players  {server.link}")
        _say(f"  Host     {server.host_link}   (progress, pause, export: for you alone)")
        _say(f"  Rounds   {server.store}")
        _say("Ctrl-C ends the workshop.")
        server.wait()
    _say(f"The workshop has ended. Rounds and labels are in {server.store}.")
    return 0


def export_(options: argparse.Namespace) -> int:
    """Write a run as a page, a table or a figure."""
    from inv_widgets import export
    from inv_widgets.run import load

    _ends_in(options.out, [".html", ".csv", ".jsonl", ".svg", ".png"])
    run = load(options.run)
    chosen = run.filter(picture=options.picture, target=options.target)
    if options.picture is not None and not len(run.filter(picture=options.picture)):
        run[options.picture]  # says which names are close
    if not len(chosen):
        names = ", ".join(sorted({target for _, target in run.keys}))
        raise ValueError(f"[inv-widgets] {options.run} has no such explanation. Its targets: {names or 'none'}.")
    suffix = options.out.suffix.lower()
    if suffix == ".html":
        export.page(chosen, options.out, title=options.title)
    elif suffix in {".csv", ".jsonl"}:
        export.table(chosen, options.out)
    else:
        if len(chosen) != 1:
            names = ", ".join(dict.fromkeys(name for name, _ in chosen.keys))
            raise ValueError(
                f"[inv-widgets] A figure shows one explanation, here are {len(chosen)}: "
                f"choose with --picture (and --target) among {names}."
            )
        export.save(chosen[0], options.out, theme=options.theme, colour_map=options.colour_map)
    _say(f"{options.out}: {_explanations(chosen)}.")
    return 0


def doctor(_: argparse.Namespace) -> int:
    """Tell what is installed, what is missing and what to do."""
    from inv_widgets.doctor import healthy, render, report

    checks = report()
    _say(render(checks))
    return 0 if healthy(checks) else 1


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """Tell what is wrong in one line."""
        _tell(f"[inv-widgets] {message[:1].upper()}{message[1:]}. `{self.prog} --help` lists what there is.")
        raise SystemExit(2)


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="inv-widgets", description="Explain image classifiers with people in the loop.")
    parser.add_argument("--version", action="version", version=f"inv-widgets {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    one = _command(commands, demo, "demo", "explain the demo photos and open JupyterLab")
    one.set_defaults(when_stopped="What is finished is kept: `inv-widgets demo` goes on from there.")
    one.add_argument("--no-lab", dest="lab", action="store_false", help="stop before JupyterLab")

    one = _command(commands, explain, "explain", "explain pictures; write a run")
    one.set_defaults(when_stopped="What is finished is kept: the same command goes on from there.")
    one.add_argument(
        "pictures", nargs="+", metavar="PICTURE", help="a picture file, or a pattern such as 'photos/*.jpg'"
    )
    one.add_argument("--network", required=True, metavar="NAME", help=NETWORKS)
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
    one.add_argument("--no-resume", dest="resume", action="store_false", help="start anew where RUN.parquet exists")

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
    return parser


# Options of `play` that are rules of the game.
_RULES = (
    "title", "consent", "information", "rounds", "seconds", "retire_after", "gold", "gold_every", "choices",
    "categories", "features_required", "show_others", "leaderboard", "seed",
)  # fmt: skip


def _add_play(commands: Any) -> None:
    one = _command(commands, play, "play", "open a workshop: players join with a link, in their browsers")
    add = one.add_argument
    add("run", type=Path, metavar="RUN.parquet", help="what `explain` wrote")
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


def _text_of(file: Path, option: str) -> str:
    """Read a file that somebody wrote by hand."""
    try:
        text = file.read_text("utf-8-sig").strip()
    except OSError as error:
        raise OSError(f"[inv-widgets] {option} {file} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise ValueError(f"[inv-widgets] {option} {file} is no text in UTF-8: save it as such.") from None
    if not text:
        raise ValueError(f"[inv-widgets] {option} {file} is empty.")
    return text


def _lines_of(file: Path, option: str) -> list[str]:
    return [line.strip() for line in _text_of(file, option).splitlines() if line.strip()]


def _command(commands: Any, function: Any, name: str, description: str) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = commands.add_parser(name, help=description, description=function.__doc__)
    parser.add_argument("--debug", action="store_true", help="show where an error arose")
    parser.set_defaults(command=function, when_stopped="")
    return parser


def _pictures(patterns: Sequence[str]) -> list[str]:
    """Give the files; patterns that a shell has left alone are resolved."""
    found: list[str] = []
    for pattern in patterns:
        matches = [pattern] if Path(pattern).exists() else sorted(glob.glob(pattern))  # noqa: PTH207 (may be absolute)
        if not matches:
            raise FileNotFoundError(f"[inv-widgets] There is no picture {pattern!r}.")
        for match in matches:
            if Path(match).is_dir():
                raise IsADirectoryError(
                    f"[inv-widgets] {match!r} is a folder: give pictures, such as {str(Path(match, '*.jpg'))!r}."
                )
        found += matches
    return list(dict.fromkeys(found))


def _explain_many(*arguments: Any, **options: Any) -> Run:
    """Explain pictures; those that fail are told at the end, not by a warning."""
    from inv_widgets.analysis.batches import explain_many

    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", r"\[inv-widgets\] .* could not be explained")
        return explain_many(*arguments, **options)


def _target(names: list[str] | None) -> int | str | tuple[int | str, ...] | None:
    if names is None:
        return None
    targets = tuple(int(name) if name.isdecimal() else name for name in names)
    return targets if len(targets) > 1 else targets[0]


def _layers(names: list[str] | None) -> str | list[str] | None:
    return names[0] if names and len(names) == 1 else names


def _ends_in(path: Path, suffixes: Iterable[str]) -> None:
    if path.suffix.lower() not in suffixes:
        raise ValueError(
            f"[inv-widgets] --out {path} is not possible: give a name that ends in {' or '.join(suffixes)}."
        )


def _explanations(run: Run) -> str:
    return f"{len(run)} explanation{'s' * (len(run) != 1)}"


def _failures(run: Run) -> int:
    for name, reason in run.errors.items():
        _tell(f"[inv-widgets] {name}: {reason.removeprefix('[inv-widgets] ')}")
    return 1 if run.errors else 0


def _lab() -> int:
    """Open JupyterLab on the quickstart and wait until it ends."""
    places = (Path.cwd(), Path(__file__).parent.parent)
    notebook = next((place / NOTEBOOK for place in places if (place / NOTEBOOK).is_file()), None)
    if notebook is None:
        _say(f"The quickstart, {NOTEBOOK}, comes with the source repository: run `inv-widgets demo` in a clone of it.")
        return 0
    from importlib.util import find_spec

    if find_spec("jupyterlab") is None:
        raise ModuleNotFoundError(
            f"[inv-widgets] JupyterLab is not installed, so {notebook} cannot be opened: "
            'pip install "inv-widgets[demo]", or stop before it with --no-lab.'
        )
    _say(f"JupyterLab opens {notebook}; end it with Ctrl-C.")
    # JupyterLab refuses to start as root, which is who one is in most containers.
    as_root = ["--allow-root"] if getattr(os, "geteuid", lambda: 1)() == 0 else []
    command = [sys.executable, "-m", "jupyterlab", str(notebook), *as_root]
    lab = subprocess.Popen(command)  # noqa: S603 (this Python's JupyterLab)
    # Ctrl-C reaches JupyterLab too, which asks whether to shut down.
    previous = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        return lab.wait()
    finally:
        signal.signal(signal.SIGINT, previous)


def _one_line(error: Exception) -> str:
    text = " ".join(str(error).split())
    if text.startswith("[inv-widgets]"):
        return text
    return f"[inv-widgets] {type(error).__name__}: {text}".rstrip(": ") + " (--debug shows where)"


def _say(text: str) -> None:
    print(text, flush=True)  # noqa: T201 (a command line prints)


def _tell(text: str) -> None:
    print(text, file=sys.stderr, flush=True)  # noqa: T201


if __name__ == "__main__":
    raise SystemExit(main())
