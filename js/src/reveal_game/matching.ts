/** Finding classes by what is typed: without regard to case and accents, the nearest first. */

interface Entry {
  readonly name: string;
  readonly folded: string;
  readonly words: readonly string[];
}

/** Kinds of matches, the best first. */
const [WHOLE, START, WORD_START, ALL_WORDS, INSIDE] = [0, 1, 2, 3, 4] as const;

export class Matcher {
  readonly #entries: readonly Entry[];

  constructor(names: readonly string[]) {
    this.#entries = names.map((name) => {
      const folded = fold(name);
      return { name, folded, words: wordsOf(folded) };
    });
  }

  /** Names that fit, the best first; among equals in the given order. Nothing typed: all. */
  match(typed: string): string[] {
    const query = fold(typed);
    if (query === "") return this.#entries.map(({ name }) => name);
    const parts = wordsOf(query);
    // "cat" in "tabby, tabby cat": at the start of a later word.
    const atWord = new RegExp(`[^\\p{L}\\p{N}]${query.replace(/[.*+?^${}()|[\]\\/]/g, "\\$&")}`, "u");
    const ranked: { name: string; rank: number }[] = [];
    for (const entry of this.#entries) {
      const rank = rankOf(entry, query, parts, atWord);
      if (rank !== undefined) ranked.push({ name: entry.name, rank });
    }
    return ranked.sort((a, b) => a.rank - b.rank).map(({ name }) => name);
  }
}

/** Case and accents taken off: "Éclair" is "eclair"; the German sharp s is "ss". */
export function fold(text: string): string {
  return text
    .normalize("NFKD")
    .replace(/\p{M}/gu, "")
    .toLowerCase()
    .replaceAll("ß", "ss")
    .replace(/[\s_-]+/g, " ")
    .trim();
}

function wordsOf(folded: string): string[] {
  return folded.split(/[^\p{L}\p{N}]+/u).filter(Boolean);
}

function rankOf({ folded, words }: Entry, query: string, parts: readonly string[], atWord: RegExp): number | undefined {
  if (folded === query) return WHOLE;
  if (folded.startsWith(query)) return START;
  if (atWord.test(folded)) return WORD_START;
  if (parts.length > 0 && parts.every((part) => words.some((word) => word.startsWith(part)))) return ALL_WORDS;
  return folded.includes(query) ? INSIDE : undefined;
}
