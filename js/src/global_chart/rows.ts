/** The rows of each view: what `inv_widgets/export/global_rows.py` makes for files, made here without the kernel. */
import { allLayers, type Class, groupName, layerTitles, type Summary } from "./summary";

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

export function rowsOf(view: ViewName, summary: Summary, shown: Class, wanted: Wanted, images: Images): Row[] {
  if (view === "labels") return labelRows(summary, shown, wanted, images);
  return view === "trends" ? trendRows(summary, shown) : layerRows(summary, shown, wanted);
}

/** A clear pixel: a mark without an address would ask for one called "null". */
export const NO_IMAGE = "data:image/gif;base64,R0lGODlhAQABAAAAACH5BAEKAAEALAAAAAABAAEAAAICTAEAOw==";

/** Whether a label is looked for; all are by an empty search. */
export function matches(label: string, search: string): boolean {
  return label.toLocaleLowerCase().includes(search.trim().toLocaleLowerCase());
}

/** The class's labels that are wanted, by rank over all layers. */
export function wantedLabels(shown: Class, { maxLabels, search }: Wanted): string[] {
  return shown.labels.filter((label) => matches(label, search)).slice(0, maxLabels);
}

function labelRows(summary: Summary, shown: Class, { maxLabels, search }: Wanted, images: Images): Row[] {
  const { rows, labels } = shown;
  const order = rows.label
    .map((_, i) => i)
    .filter((i) => matches(labels[rows.label[i] as number] as string, search))
    .sort(
      (a, b) =>
        (rows.group[a] as number) - (rows.group[b] as number) || (rows.rank[a] as number) - (rows.rank[b] as number),
    );
  const taken = new Map<number, number>();
  return order.flatMap((i) => {
    const group = rows.group[i] as number;
    const before = taken.get(group) ?? 0;
    if (before >= maxLabels) return [];
    taken.set(group, before + 1);
    const score = rows.score[i] as number;
    const [from, to, weight] = [rows.from[i] ?? null, rows.to[i] ?? null, rows.weight[i] ?? null];
    const low = rows.low[i] === 1;
    const bounds = from === null || to === null ? "" : ` (${from.toFixed(2)} to ${to.toFixed(2)})`;
    const example = rows.examples[i]?.[0];
    return {
      label: labels[rows.label[i] as number] as string,
      group: groupName(summary.groups[group] as string),
      group_order: group,
      rank: rows.rank[i],
      score,
      score_text: score.toFixed(2) + bounds,
      weight,
      weight_text: weight === null ? "–" : `${weight.toFixed(1)} %`,
      from: from ?? score,
      to: to ?? score,
      end: Math.max(score, to ?? 0),
      text: score.toFixed(1) + (low ? " (few)" : ""),
      image: (example === undefined ? undefined : images.get(example)) ?? NO_IMAGE,
      pictures: rows.pictures[i],
      maps: rows.maps[i],
      players: rows.players[i],
      rounds: rows.rounds[i],
      ...support(low),
    };
  });
}

function trendRows(summary: Summary, shown: Class): Row[] {
  const cell = cellsOf(shown);
  const titles = layerTitles(summary);
  return shown.trends.flatMap((trend, place) =>
    shown.played.map((layer, i) => {
      const at = cell(trend.label, layer);
      const depth = summary.layers[layer]?.depth ?? 0;
      const bounds = trend.from === null || trend.to === null ? "" : ` (${signed(trend.from)} to ${signed(trend.to)})`;
      return {
        label: shown.labels[trend.label] as string,
        place,
        direction: trend.rises ? "rises" : "falls",
        layer: titles[layer],
        depth,
        score: at.score,
        score_text: at.score.toFixed(2),
        line: trend.intercept + trend.slope * depth,
        slope_text: signed(trend.slope) + bounds,
        pictures: at.pictures,
        rounds: at.rounds,
        note: trend.low === 1 && i === shown.played.length - 1 ? "few" : "",
        ...support(trend.low === 1),
      };
    }),
  );
}

function layerRows(summary: Summary, shown: Class, wanted: Wanted): Row[] {
  const cell = cellsOf(shown);
  const titles = layerTitles(summary);
  const all = allLayers(summary);
  const low = new Set(shown.rows.label.filter((_, i) => shown.rows.group[i] === all && shown.rows.low[i] === 1));
  return wantedLabels(shown, wanted).flatMap((label) => {
    const number = shown.labels.indexOf(label);
    return shown.played.map((layer) => {
      const at = cell(number, layer);
      return {
        label,
        rank: number + 1,
        layer: titles[layer],
        depth: summary.layers[layer]?.depth ?? 0,
        score: at.score,
        score_text: at.score.toFixed(2),
        pictures: at.pictures,
        maps: at.maps,
        rounds: at.rounds,
        ...support(low.has(number)),
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

const support = (low: boolean) => ({ low, support: low ? "low" : "enough" });

const signed = (value: number) => (value < 0 ? "" : "+") + value.toFixed(3);
