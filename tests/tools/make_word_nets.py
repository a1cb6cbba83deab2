"""Write the word nets that the label analysis ships: ``wordnet.tsv.gz`` and ``italian.tsv.gz``.

Sources (see ``inv_widgets/labels/data/LICENCES.md``): WordNet 3.0 as unpacked from Debian's ``wordnet-base``, and the
Italian MultiWordNet 1.5.0 and ItalWordNet in the tab files of the Open Multilingual Wordnet's data repository.

    python tests/tools/make_word_nets.py --wordnet usr/share/wordnet --multiwordnet ita.tab --italwordnet iwn.tab
"""

from __future__ import annotations

import argparse
import gzip
from collections import defaultdict
from pathlib import Path

DATA = Path(__file__).parents[2] / "inv_widgets" / "labels" / "data"
FILES = {"n": "noun", "a": "adj"}
HYPERNYM = "@"  # not @i: an instance (a city, a person) is no kind of thing


def tag_counts(folder: Path) -> dict[tuple[str, str, str], int]:
    """How often each sense was found in the tagged texts: {(lemma, kind, sense number): times}."""
    counts = {}
    for line in (folder / "cntlist.rev").read_text("ascii").splitlines():
        key, number, times = line.split()
        lemma, _, rest = key.partition("%")
        kind = {"1": "n", "3": "a", "5": "a"}.get(rest[0])
        if kind:
            counts[lemma, kind, number] = int(times)
    return counts


def synsets(folder: Path, kind: str) -> dict[str, tuple[list[str], list[str]]]:
    """{offset: (lemmas as written, offsets one is-a step up)}."""
    found = {}
    for line in (folder / f"data.{FILES[kind]}").read_text("ascii").splitlines():
        if line.startswith("  "):
            continue
        fields = line.partition(" | ")[0].split()
        n_words = int(fields[3], 16)
        lemmas = [fields[4 + 2 * i].partition("(")[0] for i in range(n_words)]
        at = 4 + 2 * n_words
        pointers = [fields[at + 1 + 4 * i : at + 5 + 4 * i] for i in range(int(fields[at]))]
        up = [offset for symbol, offset, part, _ in pointers if symbol == HYPERNYM and part == kind]
        found[fields[0]] = (lemmas, up)
    return found


def senses(folder: Path, kind: str) -> dict[str, list[str]]:
    """{lemma: offsets of its senses, most usual first}."""
    found = {}
    for line in (folder / f"index.{FILES[kind]}").read_text("ascii").splitlines():
        if not line.startswith("  "):
            fields = line.split()
            found[fields[0]] = fields[-int(fields[2]) :]
    return found


def write_wordnet(folder: Path) -> dict[tuple[str, str], list[tuple[str, int]]]:
    """Write a line a lemma: kind, lemma, senses as ``number`` or ``number^up^up``; most usual first.

    Irregular plurals follow: ``x``, plural, singular.

    Returns
    -------
    dict
        {(kind, offset): [(lemma, times the sense was found)]}, for the Italian words.
    """
    counts, lines, english = tag_counts(folder), [], defaultdict(list)
    for kind in FILES:
        nets, offsets = synsets(folder, kind), senses(folder, kind)
        proper = {lemma.lower() for lemmas, _ in nets.values() for lemma in lemmas if lemma != lemma.lower()}
        common = {lemma for lemmas, _ in nets.values() for lemma in lemmas if lemma == lemma.lower()}
        number = {offset: place for place, offset in enumerate(sorted(nets))}
        for lemma in sorted(offsets):
            if lemma in proper - common or not lemma.replace("_", "").replace("-", "").replace("'", "").isalpha():
                continue
            entry = []
            for place, offset in enumerate(offsets[lemma], start=1):
                times = counts.get((lemma, kind, str(place)), 0)
                english[kind, offset].append((lemma, times))
                if lemma in nets[offset][0]:  # not in capitals
                    entry.append("^".join([str(number[offset]), *(str(number[up]) for up in nets[offset][1])]))
            if entry:
                lines.append("\t".join([kind, lemma.replace("_", " "), " ".join(entry)]))
    for line in (folder / "noun.exc").read_text("ascii").splitlines():
        irregular, base, *_ = line.split()
        if irregular.isalpha() and base.isalpha() and irregular != base:
            lines.append(f"x\t{irregular}\t{base}")
    write(DATA / "wordnet.tsv.gz", lines)
    return english


def write_italian(english: dict[tuple[str, str], list[tuple[str, int]]], tables: list[Path]) -> None:
    """Write a line a lemma: Italian, English. The English word that most of its senses share, most usual first."""
    votes: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for table in tables:
        for line in table.read_text("utf-8").splitlines():
            fields = line.split("\t")
            if line.startswith("#") or len(fields) < 3 or not fields[1].endswith("lemma"):
                continue
            offset, _, kind = fields[0].partition("-")
            lemma = fields[2].strip().lower().replace("_", " ")
            if fields[2].strip() != lemma or not lemma.replace(" ", "").replace("'", "").isalpha() or len(lemma) < 2:
                continue
            for word, times in english.get(("a" if kind == "s" else kind, offset), ()):
                # A one-word translation before an explanation, a usual sense before a rare one.
                votes[lemma][word.replace("_", " ")] += (1 + times) * (0.2 if "_" in word else 1)
    lines = ["\t".join([lemma, max(sorted(votes[lemma]), key=votes[lemma].__getitem__)]) for lemma in sorted(votes)]
    write(DATA / "italian.tsv.gz", lines)


def write(path: Path, lines: list[str]) -> None:
    """Write lines, packed so that the same lines always give the same bytes."""
    path.write_bytes(gzip.compress(("\n".join(lines) + "\n").encode(), 9, mtime=0))
    print(f"{path.name}: {len(lines)} lines, {path.stat().st_size / 1e3:.0f} kB")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--wordnet", type=Path, required=True)
    parser.add_argument("--multiwordnet", type=Path, required=True)
    parser.add_argument("--italwordnet", type=Path, required=True)
    given = parser.parse_args()
    write_italian(write_wordnet(given.wordnet), [given.multiwordnet, given.italwordnet])
