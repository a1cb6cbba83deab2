"""Files behind URLs (``s3://bucket/run``, ``memory://run``), through fsspec; paths need none of this."""

from __future__ import annotations

import contextlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from urllib.request import url2pathname

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["UrlFile", "file_at", "is_url"]

_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*(://|::)")
_NAMELESS = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*://)?/*")
# Where the part after :// is no file or folder, but a bucket, container or machine that they are in.
_IN_BUCKETS = re.compile(
    r"(?:.*::)?(?:s3a?|gc?s|abfss?|az|adl|oss|oci|b2|https?|s?ftp|ssh|smb|(?:web)?hdfs)://[^/]*", re.IGNORECASE
)


def is_url(path: object) -> bool:
    """Tell whether a path is a URL: ``"s3://bucket/run"`` is, ``"C:/runs/run"`` and ``Path("run")`` are not."""
    return isinstance(path, str) and _URL.match(path) is not None


def file_at(path: str | Path | UrlFile) -> Path | UrlFile:
    """Give the file or folder at a path or URL; ``file://`` is a path.

    Raises
    ------
    ImportError
        Where fsspec, or the package that it needs for this kind of URL, is not installed.
    ValueError
        Where fsspec does not know this kind of URL, and for URLs that name no file or folder, or another machine's.
    """
    if isinstance(path, UrlFile) or not is_url(path):
        return path if isinstance(path, UrlFile) else Path(path)
    text = str(path)
    if _NAMELESS.fullmatch(text.rpartition("::")[2]):
        raise ValueError(f"[inv-widgets] {text} names no file or folder: give one, such as memory://runs/some.parquet.")
    if text.startswith("file://"):
        host, path = urlsplit(text)[1:3]
        if host not in {"", "localhost"}:
            raise ValueError(
                f"[inv-widgets] {text} names a file of {host!r}, and file:// only reads this machine's: give "
                "file:///path with three slashes, or a path."
            )
        return Path(url2pathname(path))
    return UrlFile(text.rstrip("/"))


@dataclass(frozen=True)
class UrlFile:
    """A file or folder behind a URL, with the few methods of a ``Path`` that runs need."""

    url: str

    def __post_init__(self) -> None:
        self._system()  # an unknown protocol or a missing package is said at once

    def __str__(self) -> str:
        return self.url

    @property
    def name(self) -> str:
        """The last part."""
        return self.url.rpartition("/")[2]

    @property
    def parent(self) -> UrlFile:
        """What it lies in."""
        return UrlFile(self.url.rpartition("/")[0])

    def with_name(self, name: str) -> UrlFile:
        """Give the file of another name beside it.

        Raises
        ------
        ValueError
            For a bucket or machine, which nothing is beside of.
        """
        if _IN_BUCKETS.fullmatch(self.url):
            raise ValueError(
                f"[inv-widgets] {self.url} is no file, but where files are: name one in it, such as "
                f"{self.url}/run.parquet."
            )
        return UrlFile(f"{self.url.rpartition('/')[0]}/{name}")

    def __truediv__(self, name: str) -> UrlFile:
        return UrlFile(f"{self.url}/{name}")

    def exists(self) -> bool:
        """Tell whether a file or folder is there now."""
        system, path = self._system()
        system.invalidate_cache()  # another machine may have written it
        return bool(system.exists(path))

    def open(self) -> Any:
        """Open it for reading, in pieces as they are asked for: what is read is asked of the store, no more."""
        system, path = self._system()
        return system.open(path, "rb", cache_type="none")

    def read_bytes(self) -> bytes:
        """Read it whole."""
        system, path = self._system()
        system.invalidate_cache()
        content: bytes = system.cat_file(path)
        return content

    def write_bytes(self, content: bytes) -> None:
        """Write it in one put: object stores show it whole or not at all."""
        with self._writing() as (system, path):
            system.pipe_file(path, content)

    def put(self, local: Path) -> None:
        """Write it from a local file, in one put or one multi-part upload."""
        with self._writing() as (system, path):
            system.put_file(str(local), path)

    def names(self) -> list[str]:
        """List the files and folders that lie in it; none where it is not there."""
        system, path = self._system()
        system.invalidate_cache()
        try:
            found = system.ls(path, detail=False)
        except FileNotFoundError:
            return []
        return sorted(str(one).rstrip("/").rpartition("/")[2] for one in found)

    def unlink(self) -> None:
        """Remove the file; nothing where it is not there."""
        system, path = self._system()
        with contextlib.suppress(FileNotFoundError):
            system.rm_file(path)

    @contextlib.contextmanager
    def _writing(self) -> Iterator[tuple[Any, str]]:
        system, path = self._system()
        try:
            system.makedirs(system._parent(path), exist_ok=True)  # noqa: SLF001 (fsspec's only name for it)
            yield system, path
        except (NotImplementedError, ValueError) as error:
            raise OSError(
                f"[inv-widgets] {self.url} cannot be written ({str(error) or 'this kind of URL is read-only'})."
            ) from error

    def _system(self) -> tuple[Any, str]:
        try:
            from fsspec.core import url_to_fs
        except ImportError as error:
            raise ImportError(
                f'[inv-widgets] {self.url} is a URL, which needs fsspec: pip install "inv-widgets[urls]", or give a '
                "path."
            ) from error
        try:
            system, path = url_to_fs(self.url)
        except ImportError as error:
            raise ImportError(f"[inv-widgets] {self.url} needs a package of its own: {error}.") from error
        except ValueError as error:
            raise ValueError(f"[inv-widgets] {self.url} cannot be opened: {error}.") from error
        return system, str(path)
