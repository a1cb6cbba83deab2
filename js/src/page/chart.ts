/** A global chart beside the page's Explorer. Its front end, Vega included, stands in the page only where a summary does. */
import { effect, type ReadonlySignal } from "@preact/signals";
import type { Translate } from "../core/languages";
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
  t: ReadonlySignal<Translate>,
): void {
  const el = page.ownerDocument.createElement("aside");
  el.className = "inv-page-chart";
  effect(() => {
    el.ariaLabel = t.value("page.chart");
  });
  page.append(el);
  page.dataset.chart = "true";
  const fail = (error: unknown) => {
    const root = createRoot(el, "", theme);
    root.speak(t);
    root.fail(error);
  };
  const factory = (globalThis as Page).invWidgetsGlobalChart;
  if (!factory) {
    fail(new Error(t.peek()("page.no_chart")));
    return;
  }
  const model = new LocalModel({ ...values, state: "anywidget:state" });
  factory()
    .render({ model, el, host: { getModel: async () => state } })
    .catch(fail);
}
