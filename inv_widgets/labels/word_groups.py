"""Words as people said them, which of them count as one, and what becomes of that when a person says otherwise.

The table that a person edits (``own``) holds only what differs from what the analysis does by itself: the shipped table
and WordNet speak for all other words, those of later rounds too.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from inv_widgets.errors import UnknownNameError
from inv_widgets.labels.canonical import Canonical, Options, is_off, joined_labels
from inv_widgets.labels.drafts import Draft
from inv_widgets.labels.shipped import fold
from inv_widgets.labels.synonyms import SynonymTable, shipped_synonyms

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["Member", "Why", "WordGroup", "WordGroups", "Words", "checked_name"]

Why = Literal["", "you", "table", "WordNet", "embeddings", "head noun"]
"""Who says that a word is in its group; empty: nobody, it stands by itself or names the group."""

MAX_NAME = 60
_JOINS = ("synonyms", "WordNet", "embeddings", "head noun")


@dataclass(frozen=True, slots=True)
class Member:
    """A word of a group, how often it was said, and why it is there."""

    word: str
    count: int
    why: Why = ""


@dataclass(frozen=True, slots=True)
class WordGroup:
    """Words that count as one label: the label's own word first, then the most said."""

    name: str
    members: tuple[Member, ...]

    @property
    def count(self) -> int:
        """How often all of them were said."""
        return sum(member.count for member in self.members)


@dataclass(frozen=True)
class Words:
    """What was said, cleaned, corrected and translated, before words are counted as one.

    Attributes
    ----------
    counts
        ``{(word, class of the picture): times}``.
    options
        How words are counted as one; its synonyms are not used, except False: no shipped table.
    """

    counts: Mapping[tuple[str, str], int] = field(default_factory=dict)
    options: Options = field(default_factory=Options)

    @classmethod
    def of(cls, canonical: Canonical) -> Words:
        """Take the words of an analysis."""
        counts: Counter[tuple[str, str]] = Counter()
        for times, draft in canonical.drafts.values():
            joined = next((change.before.split(", ") for change in draft.changes if change.step in _JOINS), draft.parts)
            for word in joined:
                if word:
                    counts[word, draft.category] += times
        return cls(dict(counts), canonical.options)

    @classmethod
    def counted(cls, counts: Mapping[str, int]) -> Words:
        """Take words with how often each was said, whatever they were said of."""
        totals: Counter[tuple[str, str]] = Counter()
        for word, times in counts.items():
            if fold(word):
                totals[fold(word), ""] += int(times)
        return cls(dict(totals))

    def groups(self, own: SynonymTable) -> WordGroups:
        """Group the words: by the person's own table, the shipped one, WordNet, embeddings where the analysis did."""
        options = self.options
        alone = is_off("synonyms", options) or options.synonyms is False
        shipped = SynonymTable() if alone else shipped_synonyms()
        table = own.over(shipped)
        order = sorted(self.counts)
        drafts = [Draft(word, category, parts=(word,)) for word, category in order]
        texts = {(word, category, ""): self.counts[word, category] for word, category in order}
        joined = joined_labels(drafts, texts, table, options)
        said: Counter[str] = Counter()
        heads: dict[str, str] = {}
        why: dict[str, Why] = {}
        for draft in joined:
            word = draft.typed
            said[word] += texts[word, draft.category, ""]
            heads[word] = draft.parts[0] if draft.parts else word
            why[word] = _why(draft)
        groups = set(heads.values())
        for word, head in table.heads.items():  # what nobody said (yet): the person's own words, and those of groups
            if word in own.heads or head in groups:
                heads.setdefault(word, head)
                why.setdefault(word, "table")
        for word in own.heads:
            why[word] = "" if own.groups.get(word) else "you"  # a name that others were put under is where it was
        return WordGroups(own, self, _grouped(heads, said, why))


@dataclass(frozen=True)
class WordGroups:
    """Groups of words under a person's own table; changing them gives other groups, with another table.

    What is changed is what was asked for, and nothing else: where WordNet would now group other words differently, the
    table says that they stay.

    Attributes
    ----------
    own
        The table to save, and to hand to `label`.
    words
        What is grouped.
    groups
        Most said first.
    """

    own: SynonymTable
    words: Words
    groups: tuple[WordGroup, ...]

    def __getitem__(self, name: str) -> WordGroup:
        """Give a group by its name."""
        found = next((group for group in self.groups if group.name == fold(name)), None)
        if found is None:
            raise UnknownNameError(f"[inv-widgets] There is no group {name!r} of synonyms.")
        return found

    def group_of(self, word: str) -> WordGroup:
        """Give the group that a word is in."""
        word = fold(word)
        for group in self.groups:
            if any(member.word == word for member in group.members):
                return group
        raise UnknownNameError(f"[inv-widgets] There is no word {word!r} among the synonyms.")

    def move(self, word: str, name: str) -> WordGroups:
        """Put a word into another group. A group whose own word leaves takes the name of its most said one."""
        word, group = fold(word), self[name]
        if self.group_of(word).name == group.name:
            return self
        return self._moved(word, group.name)

    def split(self, word: str) -> WordGroups:
        """Let a word stand by itself; as :meth:`move` otherwise."""
        word = fold(word)
        if len(_shown(self.group_of(word), self.own)) < 2:
            return self
        return self._moved(word, word)

    def rename(self, name: str, to: str) -> WordGroups:
        """Give a group another name: its members stay, its old name is one of them. With a group's name: unite them."""
        group, to = self[name], checked_name(to)
        if to == group.name:
            return self
        if any(other.name == to for other in self.groups):
            return self.unite(group.name, to)
        heads = self._heads()
        heads |= {member.word: to for member in group.members} | {group.name: to, to: to}
        return self._with(heads, {group.name, to})

    def unite(self, name: str, into: str) -> WordGroups:
        """Put all words of one group into another."""
        group, target = self[name], self[into]
        if group.name == target.name:
            return self
        heads = self._heads() | {member.word: target.name for member in group.members} | {group.name: target.name}
        return self._with(heads, {group.name})

    def _heads(self) -> dict[str, str]:
        return {member.word: group.name for group in self.groups for member in group.members}

    def _moved(self, word: str, to: str) -> WordGroups:
        group, heads = self.group_of(word), self._heads()
        if word == group.name:
            rest = [member for member in group.members if member.word != word]
            left = max(rest, key=lambda member: member.count).word if rest else word
            heads |= {member.word: left for member in rest}
        return self._with({**heads, word: to, to: to}, {word})

    def _with(self, wanted: Mapping[str, str], changed: Iterable[str]) -> WordGroups:
        """Find the table that leads to the groups that are wanted, `changed` words first."""
        pins = {word: wanted[word] for word in changed}
        for _ in range(_TRIES):
            groups = self.words.groups(_pinned(self.own, pins, wanted))
            found = groups._heads()  # noqa: SLF001 (another of this class)
            astray = {word: head for word, head in wanted.items() if found.get(word, head) != head}
            if not astray or set(astray) <= set(pins):
                return groups
            pins |= astray
        return groups


def checked_name(name: str) -> str:
    """Check a name that a person gives a group.

    Raises
    ------
    ValueError
        For one that the table could not hold.
    """
    folded = fold(name)
    if not folded or len(folded) > MAX_NAME or folded.startswith("#") or any(sign in folded for sign in ";,"):
        raise ValueError(
            f"[inv-widgets] {name!r:.80} cannot name a group: give 1 to {MAX_NAME} letters, without ; and , and no # "
            "in front."
        )
    return folded


_TRIES = 6  # one pin can move others; more than two rounds were never seen


def _why(draft: Draft) -> Why:
    steps: dict[str, Why] = {
        "synonyms": "table", "WordNet": "WordNet", "embeddings": "embeddings", "head noun": "head noun",
    }  # fmt: skip
    return steps.get(draft.changes[-1].step, "") if draft.changes else ""


def _grouped(heads: Mapping[str, str], said: Mapping[str, int], why: Mapping[str, Why]) -> tuple[WordGroup, ...]:
    members: dict[str, list[Member]] = defaultdict(list)
    for word, head in heads.items():
        members[head].append(Member(word, said.get(word, 0), why.get(word, "")))
    groups = [
        WordGroup(name, tuple(sorted(found, key=lambda one: (one.word != name, -one.count, one.word))))
        for name, found in members.items()
    ]
    return tuple(sorted(groups, key=lambda group: (-group.count, group.name)))


def _pinned(own: SynonymTable, pins: Mapping[str, str], wanted: Mapping[str, str]) -> SynonymTable:
    """Put words under other heads, in the person's own table."""
    heads = {word: wanted.get(word, head) for word, head in own.heads.items()} | dict(pins)
    return SynonymTable.of_heads(heads | {head: head for head in heads.values()})


def _shown(group: WordGroup, own: SynonymTable) -> list[Member]:
    """Give the members that somebody said, or that a person wrote down."""
    return [member for member in group.members if member.count or member.word in own.heads]
