/** The rows of each view: what `inv_widgets/export/global_rows.py` makes for files, made here without the kernel. */
import { fixed } from "../core/controls";
import type { Translate } from "../core/languages";
import { drawable } from "./drawable";
import { allLayers, type Class, groupName, layerTitles, type Summary, titleIn } from "./summary";
import { GLYPHS, type Marks, markOf, markWords } from "./tcav";

export type ViewName = "labels" | "trends" | "layers";

export const VIEWS = ["labels", "trends", "layers"] as const satisfies readonly ViewName[];

/** A row of a chart; each has a label. */
export type Row = { label: string } & Record<string, unknown>;

/** The labels that are drawn: those of the highest rank, or of those that match a search. */
export interface Wanted {
  maxLabels: number;
  search: string;
}

/** An example's image by the place of its cluster map, where it is painted already. */
export type Images = ReadonlyMap<number, string>;

/** What rows are made of. */
export interface Source {
  summary: Summary;
  shown: Class;
  wanted: Wanted;
  images: Images;
  /** Names of the brushed layers; undefined: all. */
  range: readonly string[] | undefined;
  /** The group of layers that stands out; null: all. */
  group: string | null;
  marks: Marks;
  t: Translate;
}

export function rowsOf(view: ViewName, source: Source): Row[] {
  if (view === "labels") return labelRows(source);
  return view === "trends" ? trendRows(source) : layerRows(source);
}

/** A clear pixel: a mark without an address would ask for one called "null". */
export const NO_IMAGE = "data:image/gif;base64,R0lGODlhAQABAAAAACH5BAEKAAEALAAAAAABAAEAAAICTAEAOw==";

/** Whether a label is looked for; all are by an empty search. */
export function matching(search: string): (label: string) => boolean {
  const wanted = search.trim().toLocaleLowerCase();
  return wanted === "" ? () => true : (label) => label.toLocaleLowerCase().includes(wanted);
}

/** The class's labels that are wanted, by rank over all layers, and how many there are without a limit. */
export function wantedLabels(shown: Class, { maxLabels, search }: Wanted): { found: string[]; all: number } {
  const matches = shown.labels.filter(matching(search));
  return { found: matches.slice(0, maxLabels), all: matches.length };
}

/** Which rows of the class the view "labels" draws: of each group the wanted ones, by rank. */
function drawnRows({ rows, labels }: Class, { maxLabels, search }: Wanted): number[] {
  const matches = labels.map(matching(search));
  const order = rows.label
    .map((_, i) => i)
    .filter((i) => matches[rows.label[i] as number])
    .sort(
      (a, b) =>
        (rows.group[a] as number) - (rows.group[b] as number) || (rows.rank[a] as number) - (rows.rank[b] as number),
    );
  const taken = new Map<number, number>();
  return order.filter((i) => {
    const group = rows.group[i] as number;
    const before = taken.get(group) ?? 0;
    taken.set(group, before + 1);
    return before < maxLabels;
  });
}

/** Places of the cluster maps whose images stand beside the labels that are drawn. */
export function drawnExamples(shown: Class, wanted: Wanted): Set<number> {
  return new Set(drawnRows(shown, wanted).flatMap((i) => shown.rows.examples[i]?.slice(0, 1) ?? []));
}

function labelRows(source: Source): Row[] {
  const { summary, shown, images, marks, t } = source;
  const { rows, labels } = shown;
  const inRange = groupsInRange(source);
  return drawnRows(shown, source.wanted).map((i) => {
    const group = rows.group[i] as number;
    const score = rows.score[i] as number;
    const [from, to, weight] = [rows.from[i] ?? null, rows.to[i] ?? null, rows.weight[i] ?? null];
    const low = rows.low[i] === 1;
    const example = rows.examples[i]?.[0];
    const label = labels[rows.label[i] as number] as string;
    const mark = markOf(marks, shown, label);
    const name = summary.groups[group] as string;
    const text = fixed(score, 1, t);
    return {
      label: drawable(label),
      group: drawable(groupName(name)),
      group_order: group,
      rank: rows.rank[i],
      score,
      score_text: fixed(score, 2, t) + interval(t, from, to, (value) => fixed(value, 2, t)),
      weight,
      weight_text: weight === null ? "–" : `${fixed(weight, 1, t)} %`,
      from: from ?? score,
      to: to ?? score,
      end: Math.max(score, to ?? 0),
      text: low ? t("chart.few_score", { score: text }) : text,
      image: (example === undefined ? undefined : images.get(example)) ?? NO_IMAGE,
      pictures: rows.pictures[i],
      maps: rows.maps[i],
      players: rows.players[i],
      rounds: rows.rounds[i],
      ...support(t, low),
      mark: mark ? GLYPHS[mark.verdict] : "",
      verdict: mark?.verdict ?? "",
      mark_text: mark ? markWords(t, summary, mark) : "–",
      in_range: inRange.has(name),
      in_group: source.group === null || source.group === name,
    };
  });
}

function trendRows(source: Source): Row[] {
  const { shown, t } = source;
  const cell = cellsOf(shown);
  const at = placesOf(source);
  return shown.trends.flatMap((trend, place) =>
    shown.played.map((layer, i) => {
      const found = cell(trend.label, layer);
      const where = at(layer);
      const signed = (value: number) => (value < 0 ? "" : "+") + fixed(value, 3, t);
      return {
        label: drawable(shown.labels[trend.label] as string),
        place,
        direction: trend.rises ? "rises" : "falls",
        ...where,
        score: found.score,
        score_text: fixed(found.score, 2, t),
        line: trend.intercept + trend.slope * where.depth,
        slope_text: signed(trend.slope) + interval(t, trend.from, trend.to, signed),
        pictures: found.pictures,
        rounds: found.rounds,
        note: trend.low === 1 && i === shown.played.length - 1 ? t("chart.vega.few") : "",
        ...support(t, trend.low === 1),
      };
    }),
  );
}

function layerRows(source: Source): Row[] {
  const { summary, shown, wanted, t } = source;
  const cell = cellsOf(shown);
  const at = placesOf(source);
  const all = allLayers(summary);
  const low = new Set(shown.rows.label.filter((_, i) => shown.rows.group[i] === all && shown.rows.low[i] === 1));
  return wantedLabels(shown, wanted).found.flatMap((label) => {
    const number = shown.labels.indexOf(label);
    return shown.played.map((layer) => {
      const found = cell(number, layer);
      return {
        label: drawable(label),
        rank: number + 1,
        ...at(layer),
        score: found.score,
        score_text: fixed(found.score, 2, t),
        pictures: found.pictures,
        maps: found.maps,
        rounds: found.rounds,
        ...support(t, low.has(number)),
      };
    });
  });
}

interface Cell {
  score: number;
  maps: number;
  pictures: number;
  rounds: number;
}

const NOTHING: Cell = { score: 0, maps: 0, pictures: 0, rounds: 0 };

function cellsOf({ cells, played }: Class): (label: number, layer: number) => Cell {
  const stride = Math.max(0, ...played) + 1;
  const found = new Map(cells.label.map((label, i) => [label * stride + (cells.layer[i] as number), i]));
  return (label, layer) => {
    const i = found.get(label * stride + layer);
    if (i === undefined) return NOTHING;
    const { score, maps, pictures, rounds } = cells;
    return { score: score[i] ?? 0, maps: maps[i] ?? 0, pictures: pictures[i] ?? 0, rounds: rounds[i] ?? 0 };
  };
}

/** What rows say of a layer, by its place. */
function placesOf({ summary, range, group, t }: Source) {
  const titles = layerTitles(summary);
  return (place: number) => {
    const [title, name] = [titles[place] ?? "", summary.layers[place]?.name ?? ""];
    return {
      layer: title,
      layer_text: titleIn(t, title),
      layer_name: name,
      depth: summary.layers[place]?.depth ?? 0,
      in_range: range === undefined || range.includes(name),
      in_group: group === null || summary.layers[place]?.group === group,
      brushed: range !== undefined,
    };
  };
}

/** Groups with a layer that is brushed; all layers together always. */
function groupsInRange({ summary, range }: Source): ReadonlySet<string> {
  if (range === undefined) return new Set(summary.groups);
  const found = summary.layers.filter(({ name }) => range.includes(name)).map(({ group }) => group);
  return new Set([...found, "all"]);
}

function interval(t: Translate, from: number | null, to: number | null, text: (value: number) => string): string {
  return from === null || to === null ? "" : ` (${t("chart.interval", { from: text(from), to: text(to) })})`;
}

const support = (t: Translate, low: boolean) => ({ low, support: t(low ? "chart.vega.low" : "chart.vega.enough") });
