/** The labels as a list: what clicks on the chart do, keys and screen readers can do here. One stop of the Tab key. */
import { useContext, useLayoutEffect, useRef } from "preact/hooks";
import { count, IconButton } from "../core/controls";
import { GUARDED } from "../core/keyboard";
import { alongRow } from "../core/roving";
import { Context } from "./context";
import { wantedLabels } from "./rows";
import type { Picked } from "./store";
import { allLayers, type Class } from "./summary";

export function LabelList({ shown }: { shown: Class }) {
  const { store } = useContext(Context);
  const list = useRef<HTMLDivElement>(null);
  const picked = store.picked.value;
  const found = wantedLabels(shown, store.wanted.value);
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
        aria-label={`${count(labels.length, "label")} of ${shown.name}. Arrow keys move, Enter picks one, Escape lets it go.`}
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
            aria-label={describe(shown, label, allLayers(store.summary.value))}
            data-highlighted={picked.labels.includes(label)}
            tabIndex={i === place ? 0 : -1}
            onClick={() => (label === chosen ? store.letGo() : store.pick(label))}
            {...GUARDED}
          >
            {label}
          </button>
        ))}
        {labels.length === 0 && <span class="inv-quiet">No label is called so.</span>}
      </div>
      <Reason picked={picked} />
    </div>
  );
}

/** Why labels stand out. */
function Reason({ picked }: { picked: Picked }) {
  const { store } = useContext(Context);
  if (picked.reason === "nothing") return null;
  const [words, undo] =
    picked.reason === "label"
      ? [`label: ${picked.labels[0]}`, () => store.letGo()]
      : [`${count(picked.labels.length, "label")} of this ${picked.reason}: ${picked.of}`, () => store.quieten()];
  return (
    <p class="inv-picked" role="status">
      <span dir="auto">{words}</span>
      <IconButton icon="close" label="Let nothing stand out" onClick={undo} />
    </p>
  );
}

function describe(shown: Class, label: string, all: number): string {
  const { rows } = shown;
  const number = shown.labels.indexOf(label);
  const i = rows.label.findIndex((each, at) => each === number && rows.group[at] === all);
  if (i < 0) return label;
  const low = rows.low[i] === 1 ? ", low support" : "";
  const [score, pictures] = [rows.score[i] as number, rows.pictures[i] as number];
  return `${label}, global score ${score.toFixed(1)}, ${count(pictures, "picture")}${low}`;
}
