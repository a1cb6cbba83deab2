/** What a TCAV test says of labels (`inv_widgets/export/tcav_marks.py`): does the class's score depend on them? No DOM. */
import { fixed } from "../core/controls";
import type { Translate } from "../core/languages";
import { type Class, layerTitles, type Summary, titleIn } from "./summary";

export type Verdict = "rises" | "falls" | "none" | "untestable";

export interface Mark {
  verdict: Verdict;
  /** 0..1; null where it is untestable, as is the p-value after Holm's correction. */
  score: number | null;
  p: number | null;
  layer: string;
  reason: string;
  /** Other cluster maps carry the label now than when it was tested. */
  earlier: boolean;
}

/** By class and label. */
export type Marks = Readonly<Record<string, Readonly<Record<string, Mark>>>>;

export const SIGNIFICANT = 0.05;

export const GLYPHS: Readonly<Record<Verdict, string>> = { rises: "▲", falls: "▼", none: "○", untestable: "?" };

export const VERDICTS = Object.keys(GLYPHS) as Verdict[];

export function markOf(marks: Marks, shown: Class, label: string): Mark | undefined {
  const own = (record: object | undefined, name: string) => record !== undefined && Object.hasOwn(record, name);
  const found = own(marks, shown.name) ? marks[shown.name] : undefined;
  return own(found, label) ? found?.[label] : undefined;
}

/** A verdict with what it rests on. */
export function markWords(t: Translate, summary: Summary, mark: Mark): string {
  if (mark.score === null || mark.p === null) return t("chart.tcav.untestable");
  const titles = layerTitles(summary);
  const place = summary.layers.findIndex(({ name }) => name === mark.layer);
  return t(mark.earlier ? "chart.tcav.text_earlier" : "chart.tcav.text", {
    words: t(`chart.tcav.${mark.verdict}`),
    score: fixed(mark.score, 2, t),
    p: mark.p < 0.001 ? `< ${fixed(0.001, 3, t)}` : `= ${fixed(mark.p, 3, t)}`,
    layer: titleIn(t, titles[place] ?? mark.layer),
  });
}
