/** A global chart beside the page's Explorer. Its front end, Vega included, stands in the page only where a summary does. */
import type { ReadonlySignal } from "@preact/signals";
import { LocalModel, type Model, type RenderProps } from "../core/model";
import { createRoot } from "../core/mount";
import type { Theme } from "../core/theme";

interface FrontEnd {
  render(props: RenderProps): Promise<unknown>;
}

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
): void {
  const el = page.ownerDocument.createElement("aside");
  el.className = "inv-page-chart";
  el.ariaLabel = "Global chart";
  page.append(el);
  page.dataset.chart = "true";
  const fail = (error: unknown) => createRoot(el, "", theme).fail(error);
  const factory = (globalThis as Page).invWidgetsGlobalChart;
  if (!factory) {
    fail(new Error("The script of the chart did not run. The Explorer works without it."));
    return;
  }
  const model = new LocalModel({ ...values, state: "anywidget:state" });
  factory()
    .render({ model, el, host: { getModel: async () => state } })
    .catch(fail);
}
