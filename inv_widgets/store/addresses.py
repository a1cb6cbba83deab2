"""Where a label store is: what a user may write for it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias

from sqlalchemy import URL, exc, make_url

from inv_widgets.errors import kind_of

__all__ = ["Address", "Mode"]

Mode: TypeAlias = Literal["rw", "ro"]
_ADVICE = "give sqlite:///labels.db or postgresql+psycopg://user:password@host/database"


@dataclass(frozen=True)
class Address:
    """Where a label store is.

    Attributes
    ----------
    url
        With the password.
    path
        The SQLite file, absolute; None for PostgreSQL.
    mode
        "ro": an SQLite file is only read.
    """

    url: URL
    path: Path | None = None
    mode: Mode = "rw"

    @property
    def name(self) -> str:
        """The path, or the URL without its password."""
        return str(self.path) if self.path else self.shown

    @property
    def shown(self) -> str:
        """The URL without its password."""
        return self.url.render_as_string(hide_password=True)

    @classmethod
    def of(cls, where: Any) -> Address:
        """Read a path or a URL.

        Raises
        ------
        TypeError, ValueError
            If it is neither, or of a database in which no label store can be kept.
        """
        if isinstance(where, Path):
            return cls._of_file(str(where))
        if not isinstance(where, str) or not where.strip():
            raise TypeError(f"[inv-widgets] A label store at {where!r:.80} ({kind_of(where)}): give a path or a URL.")
        if "://" not in where:
            return cls._of_file(where)
        try:
            url = make_url(where)
        except (exc.ArgumentError, ValueError):
            # Not the URL itself: it may hold a password.
            raise ValueError(f"[inv-widgets] The label store's URL cannot be read: {_ADVICE}.") from None
        backend = url.drivername.partition("+")[0]
        if backend in {"postgresql", "postgres"}:
            return cls(url.set(drivername="postgresql+psycopg"))
        if backend != "sqlite":
            raise ValueError(f"[inv-widgets] A label store cannot be kept in {backend!r:.80}: {_ADVICE}.")
        mode = url.query.get("mode", "rw")
        return cls._of_file((url.database or "").removeprefix("file:"), "ro" if mode == "ro" else "rw")

    @classmethod
    def _of_file(cls, name: str, mode: Mode = "rw") -> Address:
        if name in {"", ":memory:"}:
            raise ValueError(
                "[inv-widgets] A label store in memory would be lost with the program: give a file's path."
            )
        path = Path(name).expanduser().resolve()
        return cls(URL.create("sqlite", database=str(path), query={} if mode == "rw" else {"mode": mode}), path, mode)
