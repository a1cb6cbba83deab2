"""A label on its way from what was typed to what it is counted as, with its trace."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from inv_widgets.labels import shipped

__all__ = ["Change", "Context", "Draft", "Step"]


@dataclass(frozen=True, slots=True)
class Change:
    """What one step did to a label; `note` says what a reader could not guess."""

    step: str
    before: str
    after: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Draft:
    """A label at work.

    Attributes
    ----------
    typed
        As the player typed it.
    category
        The name of the class of the round's picture.
    recorded
        The language recorded with the round; may be empty, or wrong.
    language
        What the label's words are in now; empty: not known yet.
    parts
        What the label says, lower-case words with single spaces; commas and slashes make several parts.
    changes
        The trace: the steps that did something, in order.
    flags
        What a person may want to look at: (word, "untranslated" or "unknown").
    typed_in
        The language that the label was found to be typed in; empty: nobody asked.
    """

    typed: str
    category: str = ""
    recorded: str = ""
    language: str = ""
    parts: tuple[str, ...] = ()
    changes: tuple[Change, ...] = ()
    flags: tuple[tuple[str, str], ...] = ()
    typed_in: str = ""

    def __str__(self) -> str:
        """Tell the trace in a line: what was typed, what each step made of it, the labels at the end."""
        about = ", ".join(word for word in (self.category, self.typed_in or self.recorded) if word)
        steps = [f"{change.step}: {change.note or change.after or 'nothing left'}" for change in self.changes]
        return " \u2192 ".join([f"{self.typed} ({about})" if about else self.typed, *steps, repr(list(self.parts))])

    @property
    def words(self) -> list[str]:
        """All words of all parts."""
        return [word for part in self.parts for word in part.split()]

    def to(
        self,
        step: str,
        parts: tuple[str, ...] | None = None,
        *,
        note: str = "",
        language: str | None = None,
        flags: tuple[tuple[str, str], ...] = (),
    ) -> Draft:
        """Give the draft after a step; the trace grows only if the step did something or has a note."""
        kept = self.parts
        if parts is not None and parts != self.parts:
            tidy = dict.fromkeys(" ".join(part.split()) for part in parts)
            kept = tuple(part for part in tidy if part)
        changed = kept != self.parts or bool(note)
        language = self.language if language is None else language
        if not changed and not flags and language == self.language:
            return self
        change = Change(step, ", ".join(self.parts), ", ".join(kept), note)
        return dataclasses.replace(
            self,
            parts=kept,
            language=language,
            changes=(*self.changes, change) if changed else self.changes,
            flags=(*self.flags, *(flag for flag in flags if flag not in self.flags)),
        )


@dataclass(frozen=True)
class Context:
    """What the steps look things up in.

    Attributes
    ----------
    target
        The language that labels end in.
    glossary
        Words and phrases to translate, lower-case, without apostrophes.
    class_names
        Other names of a class, by its name.
    stop_words
        By language.
    blocked
        Words and phrases that must not become labels, with the reason.
    vocabulary
        How often each dictionary word was typed in this analysis: the best hint at what a misspelt word should be.
    """

    target: str = "en"
    glossary: Mapping[str, str] = field(default_factory=shipped.glossary)
    class_names: Mapping[str, tuple[str, ...]] = field(default_factory=shipped.class_names)
    stop_words: Mapping[str, frozenset[str]] = field(default_factory=shipped.stop_words)
    blocked: Mapping[str, str] = field(default_factory=shipped.blocked_words)
    vocabulary: Mapping[str, int] = field(default_factory=Counter)

    @cached_property
    def longest_blocked(self) -> int:
        """The number of words of the longest blocked phrase."""
        return max((entry.count(" ") + 1 for entry in self.blocked), default=1)

    @cached_property
    def own_words(self) -> frozenset[str]:
        """Words of these tables, which no spelling step may touch."""
        names = {word for name, others in self.class_names.items() for each in (name, *others) for word in each.split()}
        return frozenset(names | {word for entry in self.blocked for word in entry.split()})


Step = Callable[[Draft, Context], Draft]
"""One step of the analysis: takes a draft, gives ``draft.to(name, parts)``. Write your own and hand it to `label`."""
