/** An exported page: the same Explorer, with its pictures in the page and no kernel; beside it a global chart, where one is. */
import { signal } from "@preact/signals";
import { IconButton } from "../core/controls";
import { LocalModel } from "../core/model";
import { createRoot } from "../core/mount";
import { Painter } from "../core/painter";
import type { PictureHead } from "../core/payload";
import type { Theme } from "../core/theme";
import { Explorer } from "../explorer/explorer";
import explorerStyles from "../explorer/explorer.css";
import { Store } from "../explorer/store";
import { openChart } from "./chart";
import styles from "./page.css";

interface Data {
  title?: string;
  pictures?: PictureHead[];
  state?: Record<string, unknown>;
  view?: Record<string, unknown>;
  chart?: Record<string, unknown>;
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
    const model = new LocalModel({ ...data.view, _pictures: data.pictures ?? [] });
    const state = new LocalModel(data.state);
    const store = new Store(model, state);
    const painter = new Painter((error) => {
      store.error.value = error;
    });
    root.show(
      <Explorer store={store} painter={painter} theme={theme} alive={signal(true)} fill>
        <PageHead title={data.title ?? ""} theme={theme} />
      </Explorer>,
    );
    if (data.chart) openChart(el, data.chart, state, theme);
  } catch (error) {
    root.fail(error);
  }
}

function PageHead({ title, theme }: { title: string; theme: { value: Theme } }) {
  const dark = theme.value === "dark";
  return (
    <div class="inv-page-head">
      <h1 dir="auto">{title}</h1>
      <IconButton
        icon={dark ? "sun" : "moon"}
        label={dark ? "Light theme" : "Dark theme"}
        onClick={() => {
          theme.value = dark ? "light" : "dark";
        }}
      />
    </div>
  );
}

const el = document.getElementById("inv-widgets-root");
if (el) open(el);
