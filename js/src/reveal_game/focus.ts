/** The focus moves along with the game, is not lost with what had it, and is never taken from elsewhere on the page. */
import { isLost, lend } from "../core/focus";

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
        const [last] = path as Element[];
        return ours && last !== undefined && !last.isConnected && isLost(document);
      };
      const removals = new MutationObserver(() => {
        if (!gone()) return;
        clearTimeout(timer);
        timer = setTimeout(() => gone() && lend(around(path, element)), LOST_MS);
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

/** The part of the game that had it: a section, or the whole. */
function around(path: readonly EventTarget[], root: HTMLElement): HTMLElement {
  const parts = path.filter((one): one is HTMLElement => one instanceof HTMLElement && one.isConnected);
  return parts.find((one) => one.matches("section") && root.contains(one)) ?? root;
}
