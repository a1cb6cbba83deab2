/** A widget's own front end in a page: a script that ran before the page's left it there. */
import type { ReadonlySignal } from "@preact/signals";
import type { Translate } from "../core/languages";
import { LocalModel, type Model, type RenderProps } from "../core/model";
import { createRoot } from "../core/mount";
import type { Theme } from "../core/theme";

export interface FrontEnd {
  render(props: RenderProps): Promise<unknown>;
}

/** Draws it into `el`, on the page's State; where it is missing, `missing` is the key of what is said. */
export function openFrontEnd(
  factory: (() => FrontEnd) | undefined,
  missing: string,
  el: HTMLElement,
  values: Record<string, unknown>,
  state: Model,
  theme: ReadonlySignal<Theme>,
  t: ReadonlySignal<Translate>,
): void {
  const fail = (error: unknown) => {
    const root = createRoot(el, "", theme);
    root.speak(t);
    root.fail(error);
  };
  if (!factory) {
    fail(new Error(t.peek()(missing)));
    return;
  }
  const model = new LocalModel({ ...values, state: "anywidget:state" });
  factory()
    .render({ model, el, host: { getModel: async () => state } })
    .catch(fail);
}
