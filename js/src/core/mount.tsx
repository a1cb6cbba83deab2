/**
 * A root for a view: style sheet, theme, keyboard guard and error boundary around it.
 *
 * The style sheet stands inside the root, so that it works in a page, in a shadow root and in Colab's frames alike.
 */
import { computed, effect, type ReadonlySignal, signal } from "@preact/signals";
import { type ComponentChildren, render } from "preact";
import { Alert, ErrorBoundary } from "./errors";
import { guardKeys } from "./keyboard";
import { Language } from "./language";
import { type Translate, translator } from "./languages";
import base from "./styles.css";
import type { Theme } from "./theme";

export interface Root {
  readonly element: HTMLElement;
  show(view: ComponentChildren): void;
  fail(error: unknown): void;
  /** Speak the language that a signal says; English until then. */
  speak(t: ReadonlySignal<Translate>): void;
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
  const spoken = signal<ReadonlySignal<Translate>>(signal(translator("en")));
  const t = computed(() => spoken.value.value);
  const unfollow = effect(() => {
    element.dataset.theme = theme.value;
    content.lang = t.value.language;
  });
  const draw = (view: ComponentChildren) => render(<Language.Provider value={t}>{view}</Language.Provider>, content);
  return {
    element,
    show: (view) => draw(<ErrorBoundary>{view}</ErrorBoundary>),
    fail: (error) => draw(<Alert title={t.value("view.not_opened")} error={error} />),
    speak(words) {
      spoken.value = words;
    },
    dispose() {
      render(null, content);
      unguard();
      unfollow();
      element.remove();
    },
  };
}
