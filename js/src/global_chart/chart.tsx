/** The chart itself: drawn by Vega, its data exchanged in place, clicks read from its marks. */
import { effect, useComputed, useSignal, useSignalEffect } from "@preact/signals";
import { useContext, useEffect, useMemo, useRef } from "preact/hooks";
import { GUARDED } from "../core/keyboard";
import { useTranslate } from "../core/language";
import type { Translate } from "../core/languages";
import { type Drawn, drawChart, replaceRows, type Spec } from "../core/vega";
import { useWidth } from "../core/width";
import { type Listening, listenForBrush } from "./brush";
import { Context } from "./context";
import { drawable, meant } from "./drawable";
import { columnsFor, fitted, innerWidth } from "./fitting";
import { configFor } from "./look";
import { overlay } from "./pictures";
import { drawnExamples, type Row, rowsOf, type ViewName } from "./rows";
import { spoken, wordsFor } from "./speech";
import type { ChartStore } from "./store";
import { type Class, groupName, layerTitles } from "./summary";

/** Widths are followed when they rest: drawing anew takes a few frames. */
const REST_MS = 120;

interface Task {
  view: ViewName;
  spec: Spec;
  fits: boolean;
  width: number;
  facets: number;
  theme: string;
  t: Translate;
}

/** What changes in a chart that stands. */
interface Now {
  rows: Row[];
  picked: readonly string[];
  words: Readonly<Record<string, string>>;
}

/** Room for the names of labels, which grow bold when they are picked; as in the style sheet. */
const GUTTER = 10;

export function Chart({ shown }: { shown: Class }) {
  const { store, pictures, theme } = useContext(Context);
  const t = useTranslate();
  const box = useRef<HTMLDivElement>(null);
  const measured = Math.max(0, useWidth(box) - GUTTER);
  const width = useSignal(0);
  const busy = useSignal(true);
  useEffect(() => {
    if (width.value === 0) {
      width.value = measured;
      return undefined;
    }
    const timer = setTimeout(() => {
      width.value = measured;
    }, REST_MS);
    return () => clearTimeout(timer);
  }, [width, measured]);

  const view = store.own.view.value;
  const images = pictures.images;
  const [summary, wanted, range] = [store.summary.value, store.wanted.value, store.range.value];
  const [group, marks] = [store.group.value, store.marks.value];
  const rows = useMemo(
    () => rowsOf(view, { summary, shown, wanted, images: images.value, range, group, marks, t }),
    [view, summary, shown, wanted, images.value, range, group, marks, t],
  );
  const words = useMemo(() => wordsFor(t, summary), [t, summary]);
  const latest = useRef({ rows, words });
  latest.current = { rows, words };
  const now = (): Now => ({ ...latest.current, picked: store.picked.peek().labels.map(drawable) });
  const drawn = useRef<{ task: Task; made: Drawn; brush: Listening } | undefined>(undefined);
  const facets = view === "layers" ? 1 : new Set(rows.map((row) => (view === "labels" ? row.group : row.label))).size;
  const chart = store.charts.value[view];
  const anew = useComputed(() => width.value);

  useExampleImages(shown, view);

  // A new specification, size or theme: draw beside the old chart, then put it in its place.
  useEffect(() => {
    const element = box.current;
    if (!element || !chart || anew.value === 0) return undefined;
    const task: Task = { view, ...chart, width: anew.value, facets, theme: theme.value, t };
    let stale = false;
    const place = document.createElement("div");
    place.className = "inv-vega";
    place.dataset.state = "drawing";
    element.append(place);
    draw(place, task, now()).then(
      (made) => {
        if (stale) {
          made.dispose();
          place.remove();
          return;
        }
        for (const other of [...element.children]) if (other !== place) other.remove();
        drop(drawn.current);
        const brush = listenForBrush(made.view, {
          onDrag: (from, to) => store.brushing(from, to),
          onEnd: (from, to) => store.brush(from, to),
          onCancel: () => store.stopBrushing(),
        });
        drawn.current = { task, made, brush };
        place.dataset.state = "drawn";
        busy.value = false;
        listen(made, (name, group) => {
          if (!brush.dragged()) choose(store, name, group);
        });
        // What changed while it was drawn.
        refresh(made, view, now(), (error) => {
          store.error.value = error;
        });
      },
      (error: unknown) => {
        place.remove();
        if (!stale) store.error.value = error;
      },
    );
    return () => {
      stale = true;
    };
  }, [store, view, chart, anew.value, facets, theme.value, t]);

  useEffect(() => {
    const standing = drawn.current;
    if (standing?.task.view !== view) return;
    refresh(standing.made, view, now(), (error) => {
      store.error.value = error;
    });
  }, [store, view, rows, words]);

  useSignalEffect(() => {
    const { labels } = store.picked.value;
    drawn.current?.made.view
      .signal("picked", labels.map(drawable))
      .runAsync()
      .catch(() => {});
  });

  useEffect(() => () => drop(drawn.current), []);

  return (
    <div
      class="inv-chart"
      ref={box}
      role="group"
      aria-label={t(`chart.title_${view}`, { target: shown.name })}
      aria-busy={busy.value}
      data-view={view}
      // Keys after a click or a drag are for this view.
      tabIndex={-1}
      {...GUARDED}
    />
  );
}

function drop(drawn: { made: Drawn; brush: Listening } | undefined): void {
  drawn?.brush.dispose();
  drawn?.made.dispose();
}

/** What a click means: a label is picked, the name of a layer beside the table is brushed alone. */
function choose(store: ChartStore, name: string, group: string | null): void {
  const place = store.shown.peek()?.labels.includes(name) ? -1 : layerTitles(store.summary.peek()).indexOf(name);
  const layer = store.summary.peek().layers[place];
  if (layer) store.brush(layer.name, layer.name);
  else store.pick(name, group);
}

async function draw(place: HTMLElement, task: Task, now: Now): Promise<Drawn> {
  const columns = columnsFor(task.view, task.width, task.facets);
  const spec = task.fits ? fitted(task.spec, columns, task.width) : task.spec;
  const made = await drawChart(
    place,
    withRows(spoken(spec, task.t, now.words), task.view, now),
    configFor(place, task.width),
    { dark: task.theme === "dark", language: task.t.language },
  );
  if (task.fits) await widen(place, made, task, columns);
  return made;
}

/** Make the chart as wide as there is room: what stands around its insides is known once it is drawn. */
async function widen(place: HTMLElement, made: Drawn, task: Task, columns: number): Promise<void> {
  const name = task.view === "layers" ? "width" : "child_width";
  for (let turn = 0; turn < 3; turn++) {
    const whole = Number(place.querySelector("svg")?.getAttribute("width"));
    const inner = Number(made.view.signal(name));
    const wanted = innerWidth(task.view, inner, whole, task.width, columns);
    if (!Number.isFinite(wanted) || Math.abs(wanted - inner) < 2) return;
    await made.view.signal(name, wanted).resize().runAsync();
  }
}

function withRows(spec: Spec, view: ViewName, { rows, picked }: Now): Spec {
  const params = Array.isArray(spec.params) ? spec.params : [];
  return {
    ...spec,
    datasets: { ...(spec.datasets as object | undefined), [view]: rows },
    params: params.map((param) => (param.name === "picked" ? { ...param, value: [...picked] } : param)),
  };
}

function refresh(made: Drawn, view: ViewName, { rows, picked, words }: Now, onError: (error: unknown) => void): void {
  made.view.signal("picked", [...picked]);
  // A chart of somebody's own can lack it.
  if ("words" in (made.view.getState({ signals: (name?: string) => name === "words" }).signals ?? {})) {
    made.view.signal("words", words);
  }
  replaceRows(made, view, rows).catch(onError);
}

interface Clicked {
  datum?: { label?: unknown; value?: unknown; group?: unknown };
  mark?: { group?: Clicked };
}

/** A click on a mark, or on the name of a label beside it. */
function listen(made: Drawn, onPick: (label: string, group: string | null) => void): void {
  made.view.addEventListener("click", (_, item) => {
    const clicked = item as Clicked | null | undefined;
    const label = clicked?.datum?.label ?? clicked?.datum?.value;
    if (typeof label === "string") onPick(meant(label), groupOf(clicked));
  });
}

/** The group of layers of what was clicked: its own, or that of the facet around it; null for all layers together. */
function groupOf(clicked: Clicked | null | undefined): string | null {
  for (let item = clicked; item; item = item.mark?.group) {
    const group = item.datum?.group;
    if (typeof group === "string") return group === groupName("all") ? null : meant(group);
  }
  return null;
}

/** Images of the best examples, painted when the first chart stands. */
function useExampleImages(shown: Class, view: ViewName): void {
  const { store, pictures, theme } = useContext(Context);
  useEffect(
    () =>
      effect(() => {
        if (view !== "labels") return;
        const { colour_map, opacity } = store.shared;
        const look = overlay(colour_map.value, opacity.value, theme.value === "dark");
        const places = drawnExamples(shown, store.wanted.value);
        void store.summary.value;
        const timer = setTimeout(() => void pictures.paint(places, look).catch(() => {}), 30);
        return () => clearTimeout(timer);
      }),
    [store, pictures, theme, shown, view],
  );
}
