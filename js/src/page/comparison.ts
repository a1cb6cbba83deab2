/** A comparison alone on a page. */
import type { ReadonlySignal } from "@preact/signals";
import type { Translate } from "../core/languages";
import type { Model } from "../core/model";
import type { Theme } from "../core/theme";
import { type FrontEnd, openFrontEnd } from "./front_end";

/** Where the comparison's own script, which runs before this one, leaves what it would export. */
interface Page {
  invWidgetsComparison?: () => FrontEnd;
}

/** Draws it into `page`, on the page's State. */
export function openComparison(
  page: HTMLElement,
  values: Record<string, unknown>,
  state: Model,
  theme: ReadonlySignal<Theme>,
  t: ReadonlySignal<Translate>,
): void {
  const el = page.ownerDocument.createElement("main");
  page.append(el);
  const factory = (globalThis as Page).invWidgetsComparison;
  openFrontEnd(factory, "comparison.no_front_end", el, { ...values, page: true }, state, theme, t);
}
