/** The labels as a list: what clicks on the chart do, keys and screen readers can do here. One stop of the Tab key. */
import { useContext, useLayoutEffect, useRef } from "preact/hooks";
import { fixed, IconButton } from "../core/controls";
import { GUARDED } from "../core/keyboard";
import { useTranslate } from "../core/language";
import type { Translate } from "../core/languages";
import { alongRow } from "../core/roving";
import { Context } from "./context";
import { rangeWords } from "./range";
import { wantedLabels } from "./rows";
import type { ChartStore, Picked } from "./store";
import { type Class, groupIn, placeOf, titleIn } from "./summary";
import { markOf, markWords } from "./tcav";

/** More are not drawn at once: nobody reads them, and they take seconds. */
const MOST = 200;

export function LabelList({ shown }: { shown: Class }) {
  const { store } = useContext(Context);
  const t = useTranslate();
  const list = useRef<HTMLDivElement>(null);
  const picked = store.picked.value;
  const { found, all } = wantedLabels(shown, store.wanted.value);
  // What is picked stays in reach, whatever its rank.
  const extra = picked.labels.filter((label) => shown.labels.includes(label) && !found.includes(label));
  const labels = [...found, ...extra];
  const chosen = store.shared.label.value;
  const place = Math.max(0, labels.indexOf(chosen ?? ""));
  useLayoutEffect(() => {
    const [box, item] = [list.current, list.current?.querySelector<HTMLElement>("[aria-selected=true]")];
    if (!box || !item) return;
    const [outer, inner] = [box.getBoundingClientRect(), item.getBoundingClientRect()];
    if (inner.left < outer.left) box.scrollLeft += inner.left - outer.left - 8;
    else if (inner.right > outer.right) box.scrollLeft += inner.right - outer.right + 8;
  }, [chosen]);
  const onKeyDown = (event: KeyboardEvent) => {
    const items = [...(list.current?.querySelectorAll<HTMLElement>("[role=option]") ?? [])];
    const at = items.indexOf(event.target as HTMLElement);
    const next = alongRow(event.key, Math.max(0, at), items.length);
    if (next === undefined) return;
    event.preventDefault();
    items[next]?.focus();
  };
  return (
    <div class="inv-label-row">
      <div
        class="inv-chart-labels"
        role="listbox"
        aria-label={t("chart.list", { labels: t("chart.labels", { count: labels.length }), target: shown.name })}
        aria-orientation="horizontal"
        ref={list}
        onKeyDown={onKeyDown}
      >
        {labels.map((label, i) => (
          <button
            key={label}
            type="button"
            role="option"
            class="inv-label"
            dir="auto"
            aria-selected={label === chosen}
            aria-label={describe(t, store, shown, label)}
            data-highlighted={picked.labels.includes(label)}
            tabIndex={i === place ? 0 : -1}
            onClick={() => (label === chosen ? store.letGo() : store.pick(label))}
            {...GUARDED}
          >
            {label}
          </button>
        ))}
        {labels.length === 0 && <span class="inv-quiet">{t("chart.no_match")}</span>}
      </div>
      <Best drawn={found.length} all={all} />
      <Reason picked={picked} />
      <Group />
      <Range />
    </div>
  );
}

/** That there are more labels than are drawn; the search finds the others too. */
function Best({ drawn, all }: { drawn: number; all: number }) {
  const { store } = useContext(Context);
  const t = useTranslate();
  if (drawn === all) return null;
  const most = store.own.max_labels.value;
  return (
    <p class="inv-best inv-quiet">
      {t("chart.best", { shown: t.number(drawn), count: all })}
      {most < MOST && (
        <button
          type="button"
          class="inv-button"
          onClick={() => store.set({ max_labels: Math.min(MOST, 2 * most) })}
          {...GUARDED}
        >
          {t("chart.more")}
        </button>
      )}
    </p>
  );
}

/** Why labels stand out. */
function Reason({ picked }: { picked: Picked }) {
  const { store } = useContext(Context);
  const t = useTranslate();
  if (picked.reason === "nothing") return null;
  const [count, name] = [picked.labels.length, titleIn(t, picked.of)];
  const words =
    picked.reason === "label"
      ? t("chart.picked", { label: picked.labels[0] ?? "" })
      : picked.reason === "picture"
        ? t("chart.of_picture", { count, name: picked.of })
        : t("chart.of_map", { count, name });
  return (
    <Told
      words={words}
      undo={t("chart.quieten")}
      onUndo={() => (picked.reason === "label" ? store.letGo() : store.quieten())}
    />
  );
}

/** Which group of layers stands out. */
function Group() {
  const { store } = useContext(Context);
  const t = useTranslate();
  const group = store.group.value;
  if (group === null) return null;
  return (
    <Told
      words={t("chart.group", { name: groupIn(t, group) })}
      undo={t("explorer.group_let_go")}
      onUndo={() => store.chooseGroup(null)}
    />
  );
}

/** Which layers are brushed. */
function Range() {
  const { store } = useContext(Context);
  const t = useTranslate();
  const range = store.range.value;
  if (range === undefined) return null;
  return (
    <Told
      words={rangeWords(t, store.summary.value, range)}
      undo={t("chart.range_clear")}
      onUndo={() => store.allLayers()}
    />
  );
}

function Told({ words, undo, onUndo }: { words: string; undo: string; onUndo: () => void }) {
  return (
    <p class="inv-picked" role="status">
      <span dir="auto">{words}</span>
      <IconButton icon="close" label={undo} onClick={onUndo} />
    </p>
  );
}

function describe(t: Translate, store: ChartStore, shown: Class, label: string): string {
  const { rows } = shown;
  const summary = store.summary.value;
  const i = placeOf(summary, shown, label, null);
  const mark = markOf(store.marks.value, shown, label);
  return [
    label,
    ...(i === undefined
      ? []
      : [
          t("chart.global_score", { score: fixed(rows.score[i], 1, t) }),
          t("chart.pictures", { count: rows.pictures[i] ?? 0 }),
          rows.low[i] === 1 ? t("chart.low") : "",
        ]),
    mark ? markWords(t, summary, mark) : "",
  ]
    .filter(Boolean)
    .join(", ");
}
