/**
 * The keyboard guard.
 *
 * JupyterLab listens for keys on the document, in the capture phase: "a" on a focused button would insert a cell. It lets keys
 * alone whose target has GUARDED, so every focusable element carries it. Hosts that listen above the widget in the bubble phase
 * are kept out by stopping the event at the widget's root.
 *
 * Ctrl and Cmd chords go through: saving must work from anywhere. For them the mark is taken off before JupyterLab looks, which
 * the window sees earlier than the document, and put back afterwards. What edits text stays with a text field, and Ctrl+Enter,
 * which would run the cell and replace the view, does not leave.
 */
export const GUARDED = { "data-lm-suppress-shortcuts": "true" } as const;

const MARK = "data-lm-suppress-shortcuts";
const EDITS = new Set(["a", "c", "v", "x", "y", "z"]);

/** On an element that has an undo of its own: Ctrl+Z and what redoes stay in it, wherever the focus is. */
export const OWN_UNDO = { "data-inv-undo": "true" } as const;

const UNDOES = new Set(["y", "z"]);

/** Whether a key asks to undo or to redo. */
export function undoKey(event: KeyboardEvent): "undo" | "redo" | undefined {
  if ((!event.ctrlKey && !event.metaKey) || event.altKey) return undefined;
  const key = event.key.toLowerCase();
  if (key === "y") return "redo";
  return key === "z" ? (event.shiftKey ? "redo" : "undo") : undefined;
}

/** Stop keys at `root`; returns the function that takes the guard away. */
export function guardKeys(root: HTMLElement): () => void {
  const stop = (event: KeyboardEvent) => {
    if (!leaves(event, event.target)) event.stopPropagation();
  };
  const events = ["keydown", "keypress", "keyup"] as const;
  for (const name of events) root.addEventListener(name, stop);

  const view = root.ownerDocument.defaultView;
  const unmark = (event: KeyboardEvent) => {
    const target = event.composedPath()[0];
    if (!(target instanceof Element) || !root.contains(target) || !leaves(event, target)) return;
    const marked: Element[] = [];
    for (let element: Element | null = target; element; element = element === root ? null : element.parentElement) {
      if (element.hasAttribute(MARK)) marked.push(element);
    }
    for (const element of marked) element.removeAttribute(MARK);
    setTimeout(() => {
      for (const element of marked) element.setAttribute(MARK, "true");
    });
  };
  view?.addEventListener("keydown", unmark, true);
  return () => {
    for (const name of events) root.removeEventListener(name, stop);
    view?.removeEventListener("keydown", unmark, true);
  };
}

/** Whether a key is the host's. */
function leaves(event: KeyboardEvent, target: EventTarget | null): boolean {
  if ((!event.ctrlKey && !event.metaKey) || event.key === "Enter") return false;
  const key = event.key.toLowerCase();
  if (UNDOES.has(key) && target instanceof Element && target.closest("[data-inv-undo]")) return false;
  const isText = target instanceof HTMLInputElement && (target.type === "search" || target.type === "text");
  return !(isText && EDITS.has(key));
}
