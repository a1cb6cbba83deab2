/**
 * The keyboard guard.
 *
 * JupyterLab listens for keys on the document, in the capture phase: "a" on a focused button would insert a cell. It lets keys
 * alone whose target has GUARDED, so every focusable element carries it. Hosts that listen above the widget in the bubble phase
 * are kept out by stopping the event at the widget's root. Ctrl and Cmd chords go through: saving must work from anywhere.
 */
export const GUARDED = { "data-lm-suppress-shortcuts": "true" } as const;

/** Stop keys at `root`; returns the function that takes the guard away. */
export function guardKeys(root: HTMLElement): () => void {
  const stop = (event: KeyboardEvent) => {
    if (!event.ctrlKey && !event.metaKey) event.stopPropagation();
  };
  const events = ["keydown", "keypress", "keyup"] as const;
  for (const name of events) root.addEventListener(name, stop);
  return () => {
    for (const name of events) root.removeEventListener(name, stop);
  };
}
