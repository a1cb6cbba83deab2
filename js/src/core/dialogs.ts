/** Tab goes round within a dialog. */

const STOPS = "a[href], button, input, select, textarea, summary, [tabindex]";

/** For a dialog's `keydown`: at its last stop Tab leads to its first, and back. */
export function keepInside(event: KeyboardEvent, dialog: HTMLElement | null): void {
  if (event.key !== "Tab" || !dialog) return;
  const stops = [...dialog.querySelectorAll<HTMLElement>(STOPS)].filter(
    (element) => element.tabIndex >= 0 && !element.matches(":disabled"),
  );
  const active = (dialog.getRootNode() as Document | ShadowRoot).activeElement;
  const [first, last] = [stops[0], stops.at(-1)];
  // The heading has the focus when a dialog is opened, and is no stop.
  const atStart = active === first || (active !== null && !stops.includes(active as HTMLElement));
  if (event.shiftKey ? !atStart : active !== last) return;
  event.preventDefault();
  (event.shiftKey ? last : first)?.focus();
}
