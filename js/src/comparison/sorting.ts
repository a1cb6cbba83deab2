/** In which order rows and columns stand. What is undefined comes last, either way round. No DOM. */
import type { About, CellHead, Head, Measure, MethodHead, RowHead } from "./data";

export const PICTURE_KEYS = ["name", "probability"] as const;

/** Columns by a measure's mean over the pictures, best first; "-measure": worst first; null: as they were given. */
export function sortedMethods(about: About, by: string | null): MethodHead[] {
  if (by === null) return about.methods;
  const name = by.replace(/^-/, "");
  const value = ({ key }: MethodHead) => about.summary[key]?.[name]?.[0] ?? undefined;
  return ranked(about.methods, value, descends(about.measures, by));
}

/** Rows of the result, sorted; what was added stands below the row that it was made of, or on top. */
export function sortedRows(
  heads: readonly Head[],
  about: About,
  by: string | null,
  methods: readonly string[],
): Head[] {
  const given = heads.filter((head) => !head.added);
  const sorted = by === null ? given : sortedBy(given, about, by, methods);
  const below = new Map<string | null, Head[]>();
  for (const head of heads.filter(({ added }) => added)) {
    const after = head.after ?? null;
    below.set(after, [...(below.get(after) ?? []), head]);
  }
  const withBelow = (head: Head): Head[] => [head, ...(below.get(head.key) ?? []).flatMap(withBelow)];
  return [...(below.get(null) ?? []), ...sorted].flatMap(withBelow);
}

/** A row's mean over methods; undefined where none of them has a number. */
export function meanOf(head: RowHead, measure: string, methods: readonly string[]): number | undefined {
  const wanted = new Set(methods);
  const values = head.cells
    .filter(({ method }) => wanted.has(method))
    .map(({ numbers }: CellHead) => numbers[measure])
    .filter((value): value is number => typeof value === "number");
  return values.length > 0 ? values.reduce((sum, value) => sum + value, 0) / values.length : undefined;
}

function sortedBy(heads: readonly Head[], about: About, by: string, methods: readonly string[]): Head[] {
  const name = by.replace(/^-/, "");
  if (name === "name") {
    const collator = new Intl.Collator(undefined, { numeric: true });
    const called = (head: Head) => (head.withheld ? undefined : head.name);
    return stable(heads, (one, two) => lastWithout(called(one), called(two), collator.compare, by !== name));
  }
  if (name === "probability") {
    return ranked(heads, (head) => (head.withheld ? undefined : (head.probability ?? undefined)), by === name);
  }
  const value = (head: Head) => (head.withheld ? undefined : meanOf(head, name, methods));
  return ranked(heads, value, descends(about.measures, by));
}

/** Whether high values come first. */
function descends(measures: readonly Measure[], by: string): boolean {
  const name = by.replace(/^-/, "");
  const lower = measures.find((measure) => measure.name === name)?.better === "lower";
  return lower === by.startsWith("-");
}

function ranked<T>(items: readonly T[], value: (item: T) => number | undefined, descending: boolean): T[] {
  return stable(items, (one, two) => lastWithout(value(one), value(two), (a, b) => a - b, descending));
}

function lastWithout<V>(one: V | undefined, two: V | undefined, compare: (a: V, b: V) => number, turned: boolean) {
  if (one === undefined || two === undefined) return Number(one === undefined) - Number(two === undefined);
  return turned ? compare(two, one) : compare(one, two);
}

const stable = <T>(items: readonly T[], compare: (one: T, two: T) => number): T[] => [...items].sort(compare);
