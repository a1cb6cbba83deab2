/** Light or dark, as the host says. */
import { type ReadonlySignal, signal } from "@preact/signals";

export type Theme = "light" | "dark";

/** What the host around `document` says; undefined when it says nothing. */
export function hostTheme(document: Document): Theme | undefined {
  const { body, documentElement: html } = document;
  const jupyter = body.dataset.jpThemeLight;
  if (jupyter !== undefined) return jupyter === "false" ? "dark" : "light";
  // VS Code paints outputs of widgets on white, whatever its theme.
  if ([...body.classList].some((name) => name.startsWith("vscode-"))) return "light";
  const named = html.getAttribute("theme") ?? html.dataset.theme ?? body.dataset.theme;
  if (named === "dark" || named === "light") return named;
  if (html.classList.contains("dark") || body.classList.contains("dark")) return "dark";
  return undefined;
}

/** Follow the host; `fallback` is for hosts that say nothing. */
export function watchTheme(fallback: Theme = "light"): { theme: ReadonlySignal<Theme>; dispose: () => void } {
  const theme = signal<Theme>(hostTheme(document) ?? fallback);
  const observer = new MutationObserver(() => {
    theme.value = hostTheme(document) ?? fallback;
  });
  const options = { attributes: true, attributeFilter: ["class", "theme", "data-theme", "data-jp-theme-light"] };
  observer.observe(document.body, options);
  observer.observe(document.documentElement, options);
  return { theme, dispose: () => observer.disconnect() };
}
