/** The focus moves along with the game, but is never taken from elsewhere on the page. */

export interface FocusKeeper {
  watch(root: HTMLElement): () => void;
  focus: (element: HTMLElement | null | undefined) => void;
}

export function keepFocus(): FocusKeeper {
  let root: HTMLElement | undefined;
  // A button that disappears under the finger leaves the focus on the page's body: it was ours and stays so.
  let ours = true;
  return {
    watch(element) {
      root = element;
      const document = element.ownerDocument;
      const follow = (event: Event) => {
        ours = event.composedPath().includes(element);
      };
      document.addEventListener("focusin", follow);
      document.addEventListener("pointerdown", follow);
      const active = document.activeElement;
      ours = active === null || active === document.body || element.contains(active);
      return () => {
        document.removeEventListener("focusin", follow);
        document.removeEventListener("pointerdown", follow);
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
