/** A global chart beside the page's Explorer. Its front end, Vega included, stands in the page only where a summary does. */
import { effect, type ReadonlySignal } from "@preact/signals";
import type { Translate } from "../core/languages";
import type { Model } from "../core/model";
import type { Theme } from "../core/theme";
import { type FrontEnd, openFrontEnd } from "./front_end";

/** Where the chart's own script, which runs before this one, leaves what it would export. */
interface Page {
  invWidgetsGlobalChart?: () => FrontEnd;
}

/** Draws the chart into `page`, on the Explorer's State. */
export function openChart(
  page: HTMLElement,
  values: Record<string, unknown>,
  state: Model,
  theme: ReadonlySignal<Theme>,
  t: ReadonlySignal<Translate>,
): void {
  const el = page.ownerDocument.createElement("aside");
  el.className = "inv-page-chart";
  effect(() => {
    el.ariaLabel = t.value("page.chart");
  });
  page.append(el);
  page.dataset.chart = "true";
  openFrontEnd((globalThis as Page).invWidgetsGlobalChart, "page.no_chart", el, values, state, theme, t);
}
