"""From typed texts to canonical labels: the steps in their order, then which labels are counted as one."""

from __future__ import annotations

import dataclasses
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from inv_widgets.errors import UnknownNameError, kind_of
from inv_widgets.labels.blocking import block
from inv_widgets.labels.class_names import remove_class_name
from inv_widgets.labels.cleaning import clean, remove_noise, remove_stop_words
from inv_widgets.labels.drafts import Context, Draft, Step
from inv_widgets.labels.embeddings import Embedder, embedder
from inv_widgets.labels.grouping import Linkage, embedding_groups
from inv_widgets.labels.languages import detect_language
from inv_widgets.labels.lemmas import lemmatize
from inv_widgets.labels.spelling import correct_spelling
from inv_widgets.labels.synonyms import SynonymTable, as_synonyms, wordnet_groups
from inv_widgets.labels.translation import translate
from inv_widgets.labels.word_lists import strong
from inv_widgets.labels.words import head_last, split_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["STEPS", "Canonical", "Options", "Typed", "canonical_labels", "chosen_steps", "is_off", "joined_labels"]

Typed = tuple[str, str, str]
"""A text as typed, the class of its picture, the recorded language."""

STEPS: tuple[tuple[str, Step], ...] = (
    ("clean", clean),
    ("language", detect_language),
    ("noise", remove_noise),
    ("spelling", correct_spelling),
    ("blocked", block),
    ("class_name", remove_class_name),
    ("head_noun", head_last),  # with phrases=True only
    ("stop_words", remove_stop_words),
    ("translation", translate),
    ("class_name", remove_class_name),
    ("lemmas", lemmatize),
    ("stop_words", remove_stop_words),
    ("blocked", block),
    ("words", split_words),  # without phrases=True only
)
"""All steps in their order; a name that stands twice works before and after the translation."""

_AFTER = ("synonyms", "wordnet", "embeddings")


@dataclass(frozen=True)
class Options:
    """How labels are made; the parameters of :func:`inv_widgets.label` that are about words.

    Attributes
    ----------
    synonyms
        What :func:`inv_widgets.labels.synonyms.as_synonyms` takes.
    phrases
        Keep phrases whole, as the INV paper does; else split them into words, as the thesis does.
    steps
        Steps to switch off or swap: ``{"spelling": None, "translation": my_step}``.
    embeddings
        True: by the extra's model. Or a function from labels to an array n x d. False: none, so that a result does not
        depend on what is installed.
    cut
        How alike (cosine) embeddings must be to count as one; None: as many groups as the silhouette finds.
    linkage
        ``"complete"`` or ``"average"``.
    hops, senses
        WordNet: is-a steps, and how many of a word's most usual senses count.
    context
        The tables.
    """

    synonyms: Any = None
    phrases: bool = False
    steps: Mapping[str, Step | None] = field(default_factory=dict)
    embeddings: bool | Embedder = False
    cut: float | None = 0.85
    linkage: Linkage = "complete"
    hops: int = 1
    senses: int = 1
    context: Context = field(default_factory=Context)


@dataclass(frozen=True)
class Canonical:
    """What typed texts became.

    Attributes
    ----------
    drafts
        ``{(typed, class, recorded language): (times, draft)}``; a draft's parts are its canonical labels.
    counts
        How often each canonical label was said.
    synonyms
        The table that was used.
    options
        How the labels were made.
    """

    drafts: Mapping[Typed, tuple[int, Draft]]
    counts: Mapping[str, int]
    synonyms: SynonymTable
    options: Options = field(default_factory=Options, repr=False, compare=False)

    def labels(self, typed: str, category: str = "", language: str = "") -> tuple[str, ...]:
        """Give the canonical labels of a text that was among those analysed."""
        return self.drafts[typed, category, language][1].parts

    def labels_of(self, texts: Iterable[Typed]) -> dict[str, list[str]]:
        """Give the canonical labels of several texts, each with the texts as typed that became it."""
        labels: dict[str, list[str]] = defaultdict(list)
        for each in texts:
            for name in self.labels(*each):
                labels[name].append(each[0])
        return dict(labels)


def canonical_labels(texts: Mapping[Typed, int], options: Options | None = None) -> Canonical:
    """Make canonical labels of all texts of an analysis together.

    Together, because what others typed tells what a misspelt word should be, and a group of synonyms takes the name
    that most people used. The order of `texts` does not matter.

    Parameters
    ----------
    texts
        How often each text was typed.
    options
        By default ``Options()``.
    """
    options = options or Options()
    order = sorted(texts)
    drafts = [Draft(typed, category, recorded) for typed, category, recorded in order]
    context = options.context
    for name, step in chosen_steps(options):
        if name == "spelling":
            context = dataclasses.replace(context, vocabulary=_vocabulary(drafts, texts))
        drafts = [step(draft, context) for draft in drafts]
    table = SynonymTable() if is_off("synonyms", options) else as_synonyms(options.synonyms)
    drafts = joined_labels(drafts, texts, table, options)
    counts = _counts(drafts, texts)
    by_typed = {each: (texts[each], draft) for each, draft in zip(order, drafts, strict=True)}
    return Canonical(by_typed, dict(counts), table, options)


def chosen_steps(options: Options) -> list[tuple[str, Step]]:
    """Give the steps to take, those of the caller in place of ours.

    Raises
    ------
    KeyError
        For a step that is not there.
    """
    names = list(dict.fromkeys([*(name for name, _ in STEPS), *_AFTER]))
    for name, given in options.steps.items():
        if name not in names:
            raise UnknownNameError(f"[inv-widgets] There is no step {name!r}. There are: {', '.join(names)}.")
        if given is not None and (name in _AFTER or not callable(given)):
            advice = "None to switch it off" if name in _AFTER else "a function (draft, context) -> draft, or None"
            raise TypeError(f"[inv-widgets] The step {name!r} is {kind_of(given)}: give {advice}.")
    skipped = "words" if options.phrases else "head_noun"
    steps = ((name, options.steps.get(name, step)) for name, step in STEPS if name != skipped)
    return [(name, step) for name, step in steps if step is not None]


def joined_labels(
    drafts: Iterable[Draft], texts: Mapping[Typed, int], table: SynonymTable, options: Options
) -> list[Draft]:
    """Count labels as one: by the table, by WordNet, then by embeddings (phrases without them: by head noun)."""
    drafts = [_by_table(draft, table) for draft in drafts]
    if not is_off("wordnet", options):
        words: Counter[str] = Counter()
        classes: dict[str, set[str]] = defaultdict(set)
        for draft in drafts:
            for word in set(draft.words):
                words[word] += texts[_key(draft)]
                classes[word].add(draft.category)
        said = {word: frozenset(of_word) for word, of_word in classes.items()}
        joined = wordnet_groups(words, table, classes=said, hops=options.hops, senses=options.senses)
        drafts = [_by_word(draft, joined, "WordNet") for draft in drafts]
    use = _embedder(options)
    if use is not None:
        counts = Counter({label: n for label, n in _counts(drafts, texts).items() if table.label_of(label) is None})
        labels = sorted(counts)
        joined = embedding_groups(
            {label: counts[label] for label in labels}, use(labels), cut=options.cut, linkage=options.linkage
        )
        return [_by_label(draft, joined, "embeddings") for draft in drafts]
    if options.phrases:
        return [draft.to("head noun", tuple(part.split()[-1] for part in draft.parts)) for draft in drafts]
    return drafts


def is_off(step: Literal["synonyms", "wordnet", "embeddings"], options: Options) -> bool:
    """Say whether a way of counting labels as one was switched off."""
    return step in options.steps and options.steps[step] is None


def _by_table(draft: Draft, table: SynonymTable) -> Draft:
    parts = (
        table.label_of(part) or " ".join(table.label_of(word) or word for word in part.split()) for part in draft.parts
    )
    return draft.to("synonyms", tuple(parts))


def _by_word(draft: Draft, joined: Mapping[str, str], step: str) -> Draft:
    return draft.to(step, tuple(" ".join(joined.get(word, word) for word in part.split()) for part in draft.parts))


def _by_label(draft: Draft, joined: Mapping[str, str], step: str) -> Draft:
    return draft.to(step, tuple(joined.get(part, part) for part in draft.parts))


def _key(draft: Draft) -> Typed:
    return draft.typed, draft.category, draft.recorded


def _counts(drafts: Iterable[Draft], texts: Mapping[Typed, int]) -> Counter[str]:
    counts: Counter[str] = Counter()
    for draft in drafts:
        for label in draft.parts:
            counts[label] += texts[_key(draft)]
    return counts


def _vocabulary(drafts: Iterable[Draft], texts: Mapping[Typed, int]) -> Counter[str]:
    words: Counter[str] = Counter()
    for draft in drafts:
        for word in draft.words:
            if strong(word, draft.language):
                words[word] += texts[_key(draft)]
    return words


def _embedder(options: Options) -> Embedder | None:
    if is_off("embeddings", options) or options.embeddings is False:
        return None
    if callable(options.embeddings):
        return options.embeddings
    return embedder()
