/**
 * A root for a view: style sheet, theme, keyboard guard and error boundary around it.
 *
 * The style sheet stands inside the root, so that it works in a page, in a shadow root and in Colab's frames alike.
 */
import { effect, type ReadonlySignal } from "@preact/signals";
import { type ComponentChildren, render } from "preact";
import { Alert, ErrorBoundary } from "./errors";
import { guardKeys } from "./keyboard";
import base from "./styles.css";
import type { Theme } from "./theme";

export interface Root {
  readonly element: HTMLElement;
  show(view: ComponentChildren): void;
  fail(error: unknown): void;
  dispose(): void;
}

export function createRoot(el: HTMLElement, styles: string, theme: ReadonlySignal<Theme>): Root {
  const document = el.ownerDocument;
  const element = document.createElement("div");
  element.className = "inv-root";
  element.dataset.lmSuppressShortcuts = "true";
  const style = document.createElement("style");
  style.textContent = base + styles;
  const content = document.createElement("div");
  content.className = "inv-content";
  element.append(style, content);
  el.append(element);
  const unguard = guardKeys(element);
  const unfollow = effect(() => {
    element.dataset.theme = theme.value;
  });
  return {
    element,
    show: (view) => render(<ErrorBoundary>{view}</ErrorBoundary>, content),
    fail: (error) => render(<Alert title="This view could not be opened." error={error} />, content),
    dispose() {
      render(null, content);
      unguard();
      unfollow();
      element.remove();
    },
  };
}
