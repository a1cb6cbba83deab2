"""What a SynonymEditor's browser side may ask, and the codes of what goes wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from inv_widgets.errors import UnknownNameError
from inv_widgets.labels.synonym_files import FileChangedError

if TYPE_CHECKING:
    from inv_widgets.labels.word_groups import WordGroups

__all__ = ["changed", "code_of", "read_message"]

_KEYS = {
    "move": {"word", "group"}, "split": {"word"}, "rename": {"group", "name"}, "unite": {"group", "into"},
    "undo": set(), "redo": set(), "save": set(), "resolve": {"how"}, "look": set(),
}  # fmt: skip


def read_message(content: object) -> tuple[str, dict[str, str]]:
    """Read a message: its kind, and the texts that belong to it.

    Raises
    ------
    ValueError
        If it is none that the editor knows.
    """
    message: dict[str, Any] = dict(content) if isinstance(content, dict) else {}
    message.pop("id", None)
    kind = message.pop("kind", None)
    texts = all(isinstance(value, str) for value in message.values())
    if not isinstance(kind, str) or set(message) != _KEYS.get(kind) or not texts:
        raise ValueError(f"[inv-widgets] The editor does not know the message {kind!r:.40}.")
    return kind, message


def changed(groups: WordGroups, kind: str, message: dict[str, str]) -> WordGroups:
    """Change groups as a message asks: ``"move"``, ``"split"``, ``"rename"`` or ``"unite"``."""
    if kind == "move":
        return groups.move(message["word"], message["group"])
    if kind == "split":
        return groups.split(message["word"])
    if kind == "rename":
        return groups.rename(message["group"], message["name"])
    return groups.unite(message["group"], message["into"])


def code_of(error: Exception) -> str:
    """Give the code by which the browser words an error in its language."""
    if isinstance(error, FileChangedError):
        return "conflict"
    if isinstance(error, UnknownNameError):
        return "gone"
    return "withheld" if isinstance(error, PermissionError) and "withheld" in str(error) else "refused"
