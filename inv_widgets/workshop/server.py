"""Open a workshop, and end it."""

from __future__ import annotations

import contextlib
import difflib
import html
import json
import os
import secrets
import subprocess
import sys
import tempfile
import threading
from dataclasses import fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from inv_widgets.play.rules import Rules
from inv_widgets.workshop.addresses import QrCode, web_address
from inv_widgets.workshop.engines import environment_of, installed
from inv_widgets.workshop.plan import ENGINES, TOLD, Plan

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import TracebackType

    from inv_widgets.play.game import Game
    from inv_widgets.run import Run
    from inv_widgets.store.label_store import LabelStore
    from inv_widgets.url_files import UrlFile

__all__ = ["Server", "serve"]

PORT = 8765


def serve(  # noqa: PLR0913 (settings)
    game_or_run: Game | Run | str | Path | UrlFile,
    *,
    store: LabelStore | str | Path | None = None,
    host: str = "0.0.0.0",  # noqa: S104 (players come from other machines)
    port: int = PORT,
    engine: str = "solara",
    language: str = "en",
    key: str | None = None,
    block: bool = False,
    **rules: Any,
) -> Server:
    """Open a workshop: players join by a link, each in their own browser.

    The pages are served by another process, which ends with this one.

    Parameters
    ----------
    game_or_run
        A run, its file, or an :class:`inv.Game`, which brings its store and rules.
    store
        Where rounds and labels go: a file or an URL; by default ``labels.db``, or the game's.
    host, port
        Where to listen: by default on all of this machine's addresses. Port 0: any free one.
    engine
        ``"solara"``: one process holds all players; ``"voila"``: a process a player, for those who have it.
    language
        Of the pages until a player chooses another: ``"en"`` or ``"it"``.
    key
        The word in the host's link; by default a new random one.
    block
        Come back when the workshop has ended (or with Ctrl-C, which ends it).
    **rules
        See :class:`inv.Rules`: ``title="..."``, ``rounds=10``, ``retire_after=5``, ...

    Returns
    -------
    Server
        With ``.link`` and ``.host_link``, ``.qr`` and ``.stop()``.

    Raises
    ------
    ModuleNotFoundError
        If the engine is not installed.
    OSError, ValueError, TypeError
        If the port is taken, or the run, the store or a rule cannot be used.
    """
    if engine not in ENGINES:
        raise ValueError(f"[inv-widgets] engine={engine!r} is not possible: give {' or '.join(map(repr, ENGINES))}.")
    installed(engine)
    _check_names(rules)
    with contextlib.ExitStack() as opened:
        run, place, base = _sources(game_or_run, store, opened)
        plan = Plan(
            run=run,
            store=place,
            key=key or secrets.token_urlsafe(12),
            host=host,
            port=port,
            engine=engine,
            rules=replace(base, **rules),
            language=language,
        )
        server = Server(plan, opened.pop_all())
    if block:
        server.wait()
    return server


class Server:
    """A workshop that is open. Also a context manager, which ends it."""

    link: str
    """The players' page."""
    host_link: str
    """The host's page; whoever has it can pause and end the game and export what was said."""
    store: str
    """Where rounds and labels go; passwords are left out."""

    def __init__(self, plan: Plan, keep: contextlib.ExitStack | None = None) -> None:
        self._keep = keep or contextlib.ExitStack()
        # What the engine has to say goes to a file without a name: it is shown when something went wrong.
        log = tempfile.TemporaryFile("a+", encoding="utf-8", errors="replace")  # noqa: SIM115 (closed by stop)
        self._log = self._keep.enter_context(log)
        self._process = subprocess.Popen(
            [sys.executable, "-m", "inv_widgets.workshop.child"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
            encoding="utf-8",
            env=os.environ | environment_of(plan.engine),
            start_new_session=True,  # Ctrl-C is for this process, which then ends the other one
        )
        try:
            said = self._exchange(plan)
        except BaseException:
            self.stop()
            raise
        self.store = said["store"]
        self.port: int = said["port"]
        self.link = web_address(plan.host, self.port)
        self.host_link = f"{self.link}{'host' if plan.engine == 'solara' else ''}?key={plan.key}"

    @property
    def qr(self) -> QrCode:
        """The players' link as a QR code."""
        return QrCode(self.link)

    @property
    def pid(self) -> int:
        """The serving process."""
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether players can join."""
        return self._process.poll() is None

    def wait(self) -> None:
        """Wait until the workshop ends; Ctrl-C ends it.

        Raises
        ------
        RuntimeError
            If it ended by itself.
        """
        try:
            status = self._process.wait()
        except KeyboardInterrupt:
            self.stop()
            return
        if status and not self._stopped:
            raise RuntimeError(f"[inv-widgets] The workshop ended by itself (status {status}). {self._last_words()}")

    def stop(self) -> None:
        """End the workshop. What was answered is in the store; players can come back when it opens again."""
        self._stopped = True
        stdin = self._process.stdin
        if stdin is not None:
            with contextlib.suppress(OSError):
                stdin.close()  # the other process ends when nothing is left to read
        for insist in (self._process.terminate, self._process.kill):
            try:
                self._process.wait(timeout=10)
                break
            except subprocess.TimeoutExpired:
                insist()
        self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()
        self._keep.close()

    _stopped = False

    def __enter__(self) -> Server:  # noqa: PYI034 (typing.Self is newer than Python 3.10)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def __repr__(self) -> str:
        return f"Server({self.link!r}, {'open' if self.running else 'ended'})"

    def _repr_html_(self) -> str:
        if not self.running:
            return "<p>The workshop has ended.</p>"
        link, host_link, store = map(html.escape, (self.link, self.host_link, self.store))
        return (
            f'<p>Players: <a href="{link}" target="_blank">{link}</a><br>'
            f'Host: <a href="{host_link}" target="_blank">{host_link}</a><br>Rounds go to {store}</p>'
        )

    def _exchange(self, plan: Plan) -> dict[str, Any]:
        """Tell the other process what to serve; wait until it does."""
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None
        assert stdout is not None
        with contextlib.suppress(BrokenPipeError):
            stdin.write(plan.to_json() + "\n")
            stdin.flush()
        line = stdout.readline()
        if not line:
            raise RuntimeError(f"[inv-widgets] The workshop did not open. {self._last_words()}")
        said: dict[str, Any] = json.loads(line)
        if "error" in said:
            kinds: dict[str, type[Exception]] = {kind.__name__: kind for kind in TOLD}
            raise kinds.get(said["kind"], RuntimeError)(said["error"])
        threading.Thread(target=_drain, args=(stdout,), daemon=True).start()
        return said

    def _last_words(self) -> str:
        self._log.seek(0)
        lines = self._log.read().strip().splitlines()
        return f"Its last words: {' | '.join(lines[-3:])}" if lines else "It said nothing."


def _drain(pipe: TextIO) -> None:
    with contextlib.suppress(ValueError, OSError):
        for _ in pipe:
            pass


def _sources(source: Any, store: LabelStore | str | Path | None, keep: contextlib.ExitStack) -> tuple[Path, str, Rules]:
    """Give the run's file, the store's URL and the rules that `source` brings."""
    from inv_widgets.run import as_run
    from inv_widgets.run_folder import is_run_folder
    from inv_widgets.url_files import is_url

    base = Rules()
    if hasattr(source, "run") and hasattr(source, "rules"):
        base = source.rules
        store = source.store if store is None else store
        source = source.run
    if isinstance(source, str | Path) and not is_url(source) and not is_run_folder(source):
        file = Path(source)
    else:
        run = as_run(source)
        whole = run.files is not None and run.files[1] == list(range(len(run.files[0].keys)))
        there = run.files[0].path if run.files is not None and whole else None
        if isinstance(there, Path) and there.is_file():
            file = there
        else:
            folder = keep.enter_context(tempfile.TemporaryDirectory(prefix="inv-widgets-"))
            file = Path(folder, "run.parquet")
            run.save(file)
    if not file.is_file():
        raise FileNotFoundError(
            f"[inv-widgets] There is no run {str(file)!r}: give the .parquet that `inv-widgets explain` wrote."
        )
    return file.resolve(), _place(store), base


def _place(store: LabelStore | str | Path | None) -> str:
    """Give the URL that opens a store anew in another process, whatever its working directory."""
    from inv_widgets.store.addresses import Address

    given = "labels.db" if store is None else store
    address = Address.of(given) if isinstance(given, str | Path) else given.database.address
    return address.url.render_as_string(hide_password=False)


def _check_names(rules: Iterable[str]) -> None:
    known = ["store", "host", "port", "engine", "language", "key", "block", *(one.name for one in fields(Rules))]
    for name in rules:
        if name not in known:
            close = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
            hint = f"Did you mean {close[0]!r}? " if close else ""
            raise TypeError(f"[inv-widgets] serve has no argument {name!r}. {hint}It takes: {', '.join(known)}.")
