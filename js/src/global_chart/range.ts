/** The range of layers that is brushed, in words and as names. No DOM. */

import type { Translate } from "../core/languages";
import { brushedLayers } from "../core/layer_range";
import { layerTitles, type Summary, titleIn } from "./summary";

/** Names of the layers from one to another, whichever is deeper; none where these are all: then nothing is brushed. */
export function between({ layers }: Summary, one: string, other: string): string[] {
  const ends = [one, other].map((name) => layers.findIndex((layer) => layer.name === name));
  const found = layers.slice(Math.min(...ends), Math.max(...ends) + 1).map(({ name }) => name);
  return ends.includes(-1) || found.length === layers.length ? [] : found;
}

/** Names of the brushed layers that a summary has, from shallow to deep; undefined: all. */
export function rangeOf({ layers }: Summary, brushed: readonly string[]): readonly string[] | undefined {
  return brushedLayers(
    brushed,
    layers.map(({ name }) => name),
  );
}

/** A range in words: its ends where nothing is left out between them. */
export function rangeWords(t: Translate, summary: Summary, range: readonly string[]): string {
  const titles = layerTitles(summary).map((title) => titleIn(t, title));
  const places = range.map((name) => summary.layers.findIndex((layer) => layer.name === name));
  const [first, last] = [places[0] ?? 0, places.at(-1) ?? 0];
  if (range.length > 1 && last - first === range.length - 1) {
    return t("chart.range", { from: titles[first] ?? "", to: titles[last] ?? "" });
  }
  return t("chart.range_of", { count: range.length, names: places.map((place) => titles[place]).join("; ") });
}
