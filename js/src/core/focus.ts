/** What had the focus went away: a part of the view takes it instead, so that keys and Tab go on from there. */
import { GUARDED } from "./keyboard";

/** Whether nothing has the focus: what had it was taken from the page. */
export function isLost(document: Document): boolean {
  const { activeElement, body } = document;
  return activeElement === null || activeElement === body;
}

/** Give `part` the focus. By itself it takes none, by no click: it is made to while it has it. */
export function lend(part: HTMLElement): void {
  const marks = { ...GUARDED, tabindex: "-1", "data-lent": "true" };
  for (const [name, value] of Object.entries(marks)) part.setAttribute(name, value);
  const back = () => {
    for (const name of Object.keys(marks)) part.removeAttribute(name);
  };
  part.addEventListener("blur", back, { once: true });
  part.focus({ preventScroll: true });
}
