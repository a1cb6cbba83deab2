/**
 * Vega-Lite charts, drawn by what is bundled: no CDN, and no `eval` where the page forbids it.
 *
 * Charts of Altair 5.5 name version 5 of Vega-Lite; version 6 draws them all the same, so the line that names it is rewritten.
 */
import { changeset, Error as LogError, truthy, type View } from "vega";
import embed, { type EmbedOptions, type Result } from "vega-embed";
import { expressionInterpreter } from "vega-interpreter";

export type Spec = Record<string, unknown>;

const SCHEMA = "https://vega.github.io/schema/vega-lite/v6.json";

export interface Drawn {
  readonly view: View;
  dispose(): void;
}

export interface Manner {
  /** For tooltips. */
  dark?: boolean;
  /** Of the numbers on axes: a code. */
  language?: string;
}

/** How languages write numbers; English where they are not here. */
const NUMBERS: Readonly<Record<string, object>> = {
  en: { decimal: ".", thousands: ",", grouping: [3], currency: ["$", ""] },
  it: { decimal: ",", thousands: ".", grouping: [3], currency: ["", "\u00a0€"] },
};

/** Draw a chart into `element`; `config` is what it looks like where it does not say so itself. */
export async function drawChart(
  element: HTMLElement,
  spec: Spec,
  config: Spec,
  { dark = false, language = "en" }: Manner = {},
): Promise<Drawn> {
  const options: EmbedOptions = {
    mode: "vega-lite",
    renderer: "svg",
    actions: false,
    // What Vega-Lite warns of is about our own specifications, not for the reader's console.
    logLevel: LogError,
    config: config as NonNullable<EmbedOptions["config"]>,
    formatLocale: { ...NUMBERS.en, ...NUMBERS[language] },
    tooltip: { theme: dark ? "dark" : "light" },
    ...(mayEvaluate() ? {} : { ast: true, expr: expressionInterpreter as never }),
  };
  const result: Result = await embed(element, { ...spec, $schema: SCHEMA } as never, options);
  return { view: result.view as View, dispose: () => result.finalize() };
}

/** A page's content security policy can forbid making functions of texts, as Vega does by default. */
let evaluates: boolean | undefined;

function mayEvaluate(): boolean {
  if (evaluates === undefined) {
    try {
      new Function("return 1")();
      evaluates = true;
    } catch {
      evaluates = false;
    }
  }
  return evaluates;
}

/** Exchange the rows of a named data set; what is drawn moves, nothing flickers. */
export async function replaceRows(drawn: Drawn, name: string, rows: readonly object[]): Promise<void> {
  const { view } = drawn;
  // A chart that somebody drew from other data has none of this name.
  if (!(name in (view.getState({ data: (each?: string) => each === name }).data ?? {}))) return;
  view.change(
    name,
    changeset()
      .remove(truthy)
      .insert(rows.map((row) => ({ ...row }))),
  );
  // More rows can need more room.
  await view.resize().runAsync();
}
