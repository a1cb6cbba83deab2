/**
 * A chart's own words in the language of the view: titles of axes, legends and tooltips, and what layers are called.
 *
 * Only titles that are ours, in whatever language, are exchanged: what somebody else wrote into a restyled chart stays.
 */
import { LANGUAGES, type Translate, translator } from "../core/languages";
import type { Spec } from "../core/vega";
import { drawable } from "./drawable";
import { groupName, layerTitles, type Summary, titleIn } from "./summary";

/** Keys of titles, without "chart.vega.". */
const TITLES = [
  "score",
  "weight",
  "weight_percent",
  "mean_score",
  "mean_score_picture",
  "slope",
  "label",
  "layer",
  "pictures",
  "maps",
  "players",
  "rounds",
  "support",
  "tcav",
] as const;

const OURS: ReadonlyMap<string, string> = new Map(
  LANGUAGES.flatMap((language) => TITLES.map((key) => [translator(language)(`chart.vega.${key}`), key] as const)),
);

/** The specification in a language; `words` is its param of this name. */
export function spoken(spec: Spec, t: Translate, words: Readonly<Record<string, string>>): Spec {
  const params = Array.isArray(spec.params) ? (spec.params as Spec[]) : [];
  return {
    ...(translated(spec, t) as Spec),
    params: params.map((param) => (param.name === "words" ? { ...param, value: words } : param)),
  };
}

/** What groups of layers, layers and directions are called where that is not their name. */
export function wordsFor(t: Translate, summary: Summary): Record<string, string> {
  const called: [string, string][] = [
    ...summary.groups.map(
      (name) =>
        [drawable(groupName(name)), name === "all" ? t("chart.all_layers") : titleIn(t, name)] as [string, string],
    ),
    ...layerTitles(summary).map((title) => [title, titleIn(t, title)] as [string, string]),
    ["rises", t("chart.vega.rises")],
    ["falls", t("chart.vega.falls")],
  ];
  return Object.fromEntries(called.filter(([name, word]) => name !== word));
}

function translated(value: unknown, t: Translate): unknown {
  if (Array.isArray(value)) return value.map((each) => translated(each, t));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, each]) => {
      // Data are nobody's title.
      if (name === "datasets" || name === "data") return [name, each];
      const key = name === "title" && typeof each === "string" ? OURS.get(each) : undefined;
      return [name, key === undefined ? translated(each, t) : t(`chart.vega.${key}`)];
    }),
  );
}
