"""The commands: each gets its parsed options, says what it did, and returns the exit status."""

from __future__ import annotations

import contextlib
import dataclasses
import time
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

from inv_widgets.cli_arguments import check_out, layers_of, lines_of, pictures_of, size_of, target_of, text_of
from inv_widgets.cli_lab import lab
from inv_widgets.cli_output import say, tell
from inv_widgets.errors import counted

if TYPE_CHECKING:
    import argparse

    from inv_widgets.run import Run

__all__ = ["RULES", "demo", "doctor", "explain", "export_", "play"]

# Options of `play` that are rules of the game.
RULES = (
    "title", "consent", "information", "rounds", "seconds", "retire_after", "gold", "gold_every", "choices",
    "categories", "features_required", "show_others", "leaderboard", "seed",
)  # fmt: skip


def demo(options: argparse.Namespace) -> int:
    """Explain the demo pictures, write a page of them, open JupyterLab."""
    start = time.perf_counter()
    from inv_widgets import datasets, export
    from inv_widgets.classifier import Classifier

    file = Path("demo", "photos.parquet")
    network = Classifier.demo("photos")
    run = _explain_many(network, datasets.photos(), out=file)
    page = export.page(run, file.with_suffix(".html"), title=f"Demo photos, explained for {network.name}")
    say(f"{len(run)} pictures explained in {time.perf_counter() - start:.1f} s.")
    say(f"  {file}   to open with inv.load({str(file)!r})")
    say(f"  {page}      to open in a browser: it needs no server and no kernel")
    if not options.lab:
        return _failures(run)
    return lab() or _failures(run)


def explain(options: argparse.Namespace) -> int:
    """Explain pictures and write a run."""
    start = time.perf_counter()
    check_out(options.out, [".parquet"])
    pictures = pictures_of(options.pictures)
    categories = None if options.categories is None else lines_of(options.categories, "--categories")
    size = size_of(options.size)
    from inv_widgets.network_names import load_network
    from inv_widgets.preprocessing import Preprocessing
    from inv_widgets.recipe import Recipe

    given = [size, options.resize, options.values]
    preprocessing = None if given == [None] * 3 else Preprocessing(*given)
    network = load_network(options.network, categories=categories, preprocessing=preprocessing)
    if options.network.startswith(("onnx:", "keras:")):
        named = "its classes are numbered (--categories names them)" if categories is None else "its classes are named"
        say(f"{network.name}: pictures are {network.transform} (--size, --resize, --values); {named}.")
    recipe = dataclasses.replace(Recipe(), seed=options.seed)
    run = _explain_many(
        network,
        pictures,
        target=target_of(options.target),
        layers=layers_of(options.layers),
        recipe=recipe,
        out=options.out,
        resume=options.resume,
        batch_size=options.batch_size,
        workers=options.workers,
    )
    seconds = time.perf_counter() - start
    failed = f", {len(run.errors)} failed" if run.errors else ""
    say(f"{options.out}: {counted(len(run), 'explanation')} of {network.name}{failed}, in {seconds:.1f} s.")
    return _failures(run)


def play(options: argparse.Namespace) -> int:
    """Open a workshop: players join with a link, in their browsers."""
    from inv_widgets.workshop import serve

    rules = {name: getattr(options, name) for name in RULES if getattr(options, name) is not None}
    for name in ("consent", "information"):
        if name in rules:
            rules[name] = text_of(rules[name], f"--{name}")
    if "categories" in rules:
        rules["categories"] = lines_of(rules["categories"], "--categories")
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
            say(str(server.qr))
        say(f"  Players  {server.link}")
        say(f"  Host     {server.host_link}   (progress, pause, export: for you alone)")
        say(f"  Rounds   {server.store}")
        say("Ctrl-C ends the workshop.")
        server.wait()
    say(f"The workshop has ended. Rounds and labels are in {server.store}.")
    return 0


def export_(options: argparse.Namespace) -> int:
    """Write a run as a page, a table or a figure."""
    from inv_widgets import export
    from inv_widgets.run import load

    check_out(options.out, [".html", ".csv", ".jsonl", ".svg", ".png"])
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
    say(f"{options.out}: {counted(len(chosen), 'explanation')}.")
    return 0


def doctor(_: argparse.Namespace) -> int:
    """Tell what is installed, what is missing and what to do."""
    from inv_widgets.doctor import healthy, render, report

    checks = report()
    say(render(checks))
    return 0 if healthy(checks) else 1


def _explain_many(*arguments: Any, **options: Any) -> Run:
    """Explain pictures; those that fail are told at the end, not by a warning."""
    from inv_widgets.analysis.batches import explain_many

    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", r"\[inv-widgets\] .* could not be explained")
        return explain_many(*arguments, **options)


def _failures(run: Run) -> int:
    for name, reason in run.errors.items():
        tell(f"[inv-widgets] {name}: {reason.removeprefix('[inv-widgets] ')}")
    return 1 if run.errors else 0
