/** The focus moves along with the game, is not lost with what had it, and is never taken from elsewhere on the page. */
import { GUARDED } from "../core/keyboard";

export interface FocusKeeper {
  watch(root: HTMLElement): () => void;
  focus: (element: HTMLElement | null | undefined) => void;
}

/** A screen that comes has its own place for the focus; only when none came is it lost, ms. */
const LOST_MS = 100;

export function keepFocus(): FocusKeeper {
  let root: HTMLElement | undefined;
  // A button that disappears under the finger leaves the focus on the page's body: it was ours and stays so.
  let ours = true;
  return {
    watch(element) {
      root = element;
      const document = element.ownerDocument;
      /** What has the focus, and all around it. */
      let path: readonly EventTarget[] = [];
      const follow = (event: Event) => {
        path = event.composedPath();
        ours = path.includes(element);
      };
      document.addEventListener("focusin", follow);
      document.addEventListener("pointerdown", follow);
      let timer: ReturnType<typeof setTimeout> | undefined;
      const gone = () => {
        const active = document.activeElement;
        return (
          ours && path.length > 0 && !(path[0] as Element).isConnected && (active === null || active === document.body)
        );
      };
      const removals = new MutationObserver(() => {
        if (!gone()) return;
        clearTimeout(timer);
        timer = setTimeout(() => gone() && lend(path, element), LOST_MS);
      });
      removals.observe(element, { childList: true, subtree: true });
      const active = document.activeElement;
      ours = active === null || active === document.body || element.contains(active);
      return () => {
        document.removeEventListener("focusin", follow);
        document.removeEventListener("pointerdown", follow);
        removals.disconnect();
        clearTimeout(timer);
      };
    },
    focus(element) {
      if (!element || !root || !ours) return;
      // On a phone the focus on a field would open the keyboard over the picture; from field to field it stays open.
      const active = (root.getRootNode() as Document | ShadowRoot).activeElement;
      const opens = element instanceof HTMLInputElement && !(active instanceof HTMLInputElement);
      if (opens && globalThis.matchMedia?.("(pointer: coarse)").matches) return;
      element.focus({ preventScroll: true });
    },
  };
}

/** Give the focus to the part of the game that had it. By itself that part takes none: it is made to while it has it. */
function lend(path: readonly EventTarget[], root: HTMLElement): void {
  const parts = path.filter((one): one is HTMLElement => one instanceof HTMLElement && one.isConnected);
  const part = parts.find((one) => one.matches("section") && root.contains(one)) ?? root;
  const marks = Object.keys(GUARDED);
  part.setAttribute("tabindex", "-1");
  for (const mark of marks) part.setAttribute(mark, "true");
  const back = () => {
    for (const mark of ["tabindex", ...marks]) part.removeAttribute(mark);
  };
  part.addEventListener("blur", back, { once: true });
  part.focus({ preventScroll: true });
}
