"""Rounds as CSV, JSONL and Parquet files: written whole, read with every value checked. Nothing is ever unpickled."""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from inv_widgets.store.exchange_fields import FIELDS, LISTS, TEXTS, VERSION, checked, moment_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path

    import pyarrow as pa

__all__ = ["ReadRounds", "read", "writer"]

# Spreadsheets run a cell that starts so, also after white space (OWASP, "CSV injection"). One apostrophe more is put
# before it and taken away again, so that a text that has some of its own comes back as it was.
_FORMULA = re.compile(r"'*(\s*[=+\-@]|[\t\r])")
_BREAK = re.compile("[\x85\u2028\u2029]")  # JSON lets them stand, but many readers end a line there
_T = TypeVar("_T")
_FRACTIONS = ("weight", "share", "seconds")


@dataclass(frozen=True, slots=True)
class ReadRounds:
    """What a file has: checked rows by round, and the columns that are none of ours."""

    rows: dict[str, dict[str, Any]]
    unknown_columns: tuple[str, ...]


def writer(path: Path) -> Callable[[Iterable[dict[str, Any]]], bytes]:
    """Choose by the file's ending how rows become its content.

    Raises
    ------
    ValueError
        If `path` ends in something else than ``.csv``, ``.jsonl`` or ``.parquet``.
    """
    known: dict[str, Callable[[Iterable[dict[str, Any]]], bytes]]
    known = {".csv": _to_csv, ".jsonl": _to_jsonl, ".parquet": _to_parquet}
    return _of_suffix(path, known, "written to")


def read(path: Path, own_version: str) -> ReadRounds:
    """Read a file of rounds and check it all.

    Parameters
    ----------
    path
        A file that ends in ``.csv`` (UTF-8, or UTF-16 with its mark; separated by commas, semicolons or tabs),
        ``.jsonl`` or ``.parquet``.
    own_version
        This package's, to tell files of a newer one.

    Raises
    ------
    ValueError
        If the file is none of these, lacks a field, comes from a newer version with fields that are unknown here, or
        holds a malformed value; the message names file, line (in Parquet: row) and field.
    OSError
        If the file cannot be read.
    """
    known: dict[str, Callable[[Path], Iterator[tuple[str, dict[str, Any]]]]]
    known = {".csv": _from_csv, ".jsonl": _from_jsonl, ".parquet": _from_parquet}
    reader = _of_suffix(path, known, "read from")
    rows: dict[str, dict[str, Any]] = {}
    unknown: dict[str, None] = {}
    for place, row in reader(path):
        missing = [name for name in FIELDS if name not in row]
        if missing:
            raise _error(path, place, f"it lacks the fields {', '.join(missing)}; is this a file of exported rounds?")
        unknown |= dict.fromkeys(name for name in row if name not in FIELDS)
        try:
            values = checked(row)
            if rows.setdefault(values["round"], values) != values:
                raise ValueError(f"round: {values['round']} stands in this file twice, and differs")  # noqa: TRY301
        except ValueError as error:
            raise _error(path, place, str(error)) from None
        if unknown and _numbers(values["app_version"]) > _numbers(own_version):
            raise _error(
                path, place, f"it was written by inv-widgets {values['app_version']} and has fields that are unknown "
                f"to {own_version} ({', '.join(unknown)}): upgrade inv-widgets",
            )  # fmt: skip
    return ReadRounds(rows, tuple(unknown))


def _of_suffix(path: Path, known: Mapping[str, _T], verb: str) -> _T:
    try:
        return known[path.suffix.lower()]
    except KeyError:
        raise ValueError(
            f"[inv-widgets] Rounds cannot be {verb} {path.name!r}: give a name that ends in .csv, .jsonl or .parquet."
        ) from None


def _error(path: Path, place: str, what: str) -> ValueError:
    return ValueError(f"[inv-widgets] {path.name}, {place}: {what}. Nothing was imported.")


def _numbers(version: str) -> tuple[int, ...]:
    found = re.match(r"\d{1,9}(\.\d{1,9})*", version)
    return tuple(map(int, found[0].split("."))) if found else ()


def _json(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, allow_nan=False)
    return _BREAK.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


# --- CSV


def _to_csv(rows: Iterable[dict[str, Any]]) -> bytes:
    buffer = io.StringIO(newline="")
    out = csv.writer(buffer, lineterminator="\r\n")  # as RFC 4180 and spreadsheets have it; quotes a lone \r too
    out.writerow(FIELDS)
    out.writerows([_cell(name, row[name]) for name in FIELDS] for row in rows)
    return buffer.getvalue().encode("utf-8")


def _cell(name: str, value: Any) -> Any:
    if value is None:
        return ""
    if name in LISTS:
        return _json(value)
    if name in TEXTS:
        return f"'{value}" if _FORMULA.match(value) else value
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, (int, float)) else moment_text(value)


def _from_csv(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    text = _decoded(path)
    delimiter = max(",;\t", key=text[: text.find("\n")].count)
    limit = csv.field_size_limit(2**31 - 1)  # a long game's actions are one cell
    try:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
        header = next(reader, [])
        line = reader.line_num + 1
        _check_header(path, header)
        for cells in reader:
            place, line = f"line {line}", reader.line_num + 1
            if not any(cells):
                continue
            if len(cells) < len(header) or any(cells[len(header) :]):
                raise _error(path, place, f"it has {len(cells)} cells and the header {len(header)}")
            row = {name: cell for name, cell in zip(header, cells, strict=False) if name}
            yield place, {name: _uncell(name, cell, delimiter) for name, cell in row.items()}
    except csv.Error as error:
        raise _error(path, f"line {reader.line_num}", f"{error}; was it cut off?") from None
    finally:
        csv.field_size_limit(limit)


def _decoded(path: Path) -> str:
    content = path.read_bytes()
    encoding = "utf-16" if content.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig"
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise _error(path, f"line {line}", "it is not in UTF-8: save it as CSV UTF-8") from None


def _check_header(path: Path, header: list[str]) -> None:
    names = [name for name in header if name]
    missing = [name for name in FIELDS if name not in names]
    twice = sorted({name for name in names if names.count(name) > 1})
    if missing:
        raise _error(path, "line 1", f"it lacks the fields {', '.join(missing)}; is this a file of exported rounds?")
    if twice:
        raise _error(path, "line 1", f"it has the fields {', '.join(twice)} twice")


def _uncell(name: str, cell: str, delimiter: str) -> str:
    if name in TEXTS:
        return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell
    # Where commas separate nothing, a comma between digits is a decimal one.
    if name in _FRACTIONS and delimiter != "," and re.fullmatch(r"-?\d+,\d+", cell):
        return cell.replace(",", ".")
    return cell


# --- JSONL


def _to_jsonl(rows: Iterable[dict[str, Any]]) -> bytes:
    lines = []
    for row in rows:
        plain = row | {name: row[name] and moment_text(row[name]) for name in ("started", "answered")}
        lines.append(_json(plain) + "\n")
    return "".join(lines).encode("utf-8")


def _from_jsonl(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    for number, line in enumerate(path.read_bytes().removeprefix(b"\xef\xbb\xbf").split(b"\n"), start=1):
        if not line.strip():
            continue
        place = f"line {number}"
        try:
            row = json.loads(line.decode("utf-8"))
        except UnicodeDecodeError:
            raise _error(path, place, "it is not in UTF-8") from None
        except (ValueError, RecursionError) as error:
            raise _error(path, place, f"it is not JSON ({error}); was it cut off?") from None
        if not isinstance(row, dict):
            raise _error(path, place, "it is no object in JSON")
        yield place, row


# --- Parquet


def _schema() -> pa.Schema:
    import pyarrow as pa

    moment = pa.timestamp("us", tz="UTC")
    action = pa.struct([("kind", pa.string()), ("at", pa.float64()), ("value", pa.string())])  # value: JSON
    types: dict[str, Any] = dict.fromkeys(FIELDS, pa.string())
    types |= dict.fromkeys(("cluster", "step", "steps", "points", "times_seen"), pa.int32())
    types |= dict.fromkeys(_FRACTIONS, pa.float64()) | dict.fromkeys(("gold", "withdrawn"), pa.bool_())
    types |= {"started": moment, "answered": moment, "actions": pa.list_(action)}
    types |= dict.fromkeys(("labels", "labels_corrected"), pa.list_(pa.string()))
    return pa.schema(list(types.items()), metadata={"inv_widgets": json.dumps({"rounds": VERSION})})


def _to_parquet(rows: Iterable[dict[str, Any]]) -> bytes:
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pa.Table.from_pylist([row | {"actions": _with_json(row["actions"])} for row in rows], _schema())
    buffer = io.BytesIO()
    pq.write_table(table, buffer, compression="zstd")
    return buffer.getvalue()


def _with_json(actions: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [action | {"value": None if action["value"] is None else _json(action["value"])} for action in actions]


def _from_parquet(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pq.ParquetFile(io.BytesIO(path.read_bytes())).read()
    except (pa.ArrowException, OSError) as error:
        raise ValueError(
            f"[inv-widgets] {path.name} is not a Parquet file, or it is cut off: {error}. Nothing was imported."
        ) from None
    written = (table.schema.metadata or {}).get(b"inv_widgets", b"{}")
    version = json.loads(written).get("rounds", VERSION)
    if not isinstance(version, int) or version > VERSION:
        raise ValueError(
            f"[inv-widgets] {path.name} has fields of version {version}, this inv-widgets reads up to {VERSION}: "
            "upgrade inv-widgets. Nothing was imported."
        )
    if missing := [name for name in FIELDS if name not in table.schema.names]:
        raise _error(path, "its columns", f"it lacks {', '.join(missing)}; is this a file of exported rounds?")
    for number, row in enumerate(table.to_pylist(), start=1):
        place = f"row {number}"
        try:
            yield place, row | {"actions": [_from_json(action) for action in row["actions"] or ()]}
        except (AttributeError, TypeError, ValueError):
            raise _error(path, place, "actions: they are no list of kind, at, value (in JSON)") from None


def _from_json(action: dict[str, Any]) -> dict[str, Any]:
    value = action.get("value")
    return action | {"value": None if value is None else json.loads(value)}
