/** An exported page with no kernel: an Explorer, a global chart beside it where there is one; a chart or a comparison alone. */
import { effect, signal } from "@preact/signals";
import { IconButton } from "../core/controls";
import { followLanguage, useTranslate } from "../core/language";
import { LocalModel } from "../core/model";
import { createRoot } from "../core/mount";
import { Painter } from "../core/painter";
import type { PictureHead } from "../core/payload";
import type { Theme } from "../core/theme";
import { Explorer } from "../explorer/explorer";
import explorerStyles from "../explorer/explorer.css";
import { Store } from "../explorer/store";
import { openChart } from "./chart";
import { openComparison } from "./comparison";
import styles from "./page.css";

interface Data {
  title?: string;
  pictures?: PictureHead[];
  state?: Record<string, unknown>;
  view?: Record<string, unknown>;
  chart?: Record<string, unknown>;
  comparison?: Record<string, unknown>;
  /** Where it is not the reader's. */
  theme?: Theme;
}

function open(el: HTMLElement): void {
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const theme = signal<Theme>(dark.matches ? "dark" : "light");
  dark.addEventListener("change", () => {
    theme.value = dark.matches ? "dark" : "light";
  });
  const root = createRoot(el, explorerStyles + styles, theme);
  theme.subscribe((value) => {
    document.documentElement.dataset.invTheme = value;
    // Where the chart looks for it.
    document.documentElement.dataset.theme = value;
    document.documentElement.style.colorScheme = value;
  });
  try {
    const data = JSON.parse(document.getElementById("inv-widgets-data")?.textContent ?? "{}") as Data;
    if (data.theme) theme.value = data.theme;
    const state = new LocalModel(data.state);
    const { t } = followLanguage(state);
    root.speak(t);
    effect(() => {
      document.documentElement.lang = t.value.language;
    });
    const head = <PageHead title={data.title ?? ""} theme={theme} />;
    if (data.comparison) {
      el.dataset.alone = "true";
      root.show(head);
      openComparison(el, data.comparison, state, theme, t);
    } else if (data.pictures || !data.chart) {
      const store = new Store(new LocalModel({ ...data.view, _pictures: data.pictures ?? [] }), state);
      const painter = new Painter((error) => {
        store.error.value = error;
      });
      root.show(
        <Explorer store={store} painter={painter} theme={theme} alive={signal(true)} fill>
          {head}
        </Explorer>,
      );
    } else {
      el.dataset.alone = "true";
      root.show(head);
    }
    if (data.chart) openChart(el, data.chart, state, theme, t);
  } catch (error) {
    root.fail(error);
  }
}

function PageHead({ title, theme }: { title: string; theme: { value: Theme } }) {
  const t = useTranslate();
  const dark = theme.value === "dark";
  return (
    <div class="inv-page-head">
      <h1 dir="auto">{title}</h1>
      <IconButton
        icon={dark ? "sun" : "moon"}
        label={t(dark ? "page.theme_light" : "page.theme_dark")}
        onClick={() => {
          theme.value = dark ? "light" : "dark";
        }}
      />
    </div>
  );
}

const el = document.getElementById("inv-widgets-root");
if (el) open(el);
