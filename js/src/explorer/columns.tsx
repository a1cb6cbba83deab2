/** The columns, a layer each, from shallow to deep; a card a cluster map, the heaviest on top. */
import { useSignal, useSignalEffect } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useContext, useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { GUARDED } from "../core/keyboard";
import { useTranslate } from "../core/language";
import type { Picture } from "../core/payload";
import { overColumns, type Place } from "../core/roving";
import { LayerColumn } from "./cards";
import { Context } from "./context";
import { NearContext, useNearColumns } from "./near";
import { reveal } from "./strip";
import { groupTitle } from "./words";

export function Columns({ picture }: { picture: Picture }) {
  const { store } = useContext(Context);
  const scroller = useRef<HTMLDivElement>(null);
  const stop = useSignal<Place>({ column: 0, row: 0 });
  const t = useTranslate();
  const [columns, runs] = [store.columns.value, store.runs.value];
  const grouped = runs.some(({ name }) => name !== undefined);
  const size = store.cardSize.value;
  const open = store.open.value;

  useLayoutEffect(() => {
    const { scrollLeft: left, scrollTop: top } = store.memory;
    if (left > 0 || top > 0) scroller.current?.scrollTo({ left, top, behavior: "instant" });
  }, [store]);

  // Another view may have chosen a layer: bring it into sight within this box.
  useSignalEffect(() => {
    const layer = store.shared.layer.value;
    const box = scroller.current;
    const column = [...(box?.querySelectorAll<HTMLElement>("[data-layer]") ?? [])].find(
      (candidate) => candidate.dataset.layer === layer,
    );
    if (box && column) reveal(box, column, 8);
  });

  // What was opened elsewhere (by "next", by another view, from Python) comes into sight too, once the detail has its place.
  const opened = open?.cluster.id;
  useEffect(() => {
    if (opened === undefined) return undefined;
    const frame = requestAnimationFrame(() => {
      const box = scroller.current;
      const card = [...(box?.querySelectorAll<HTMLElement>("[data-id]") ?? [])].find(
        (candidate) => candidate.dataset.id === opened,
      );
      const head = card?.closest("section")?.querySelector<HTMLElement>(".inv-column-head")?.offsetHeight ?? 0;
      const band = box?.querySelector<HTMLElement>(".inv-band")?.offsetHeight ?? 0;
      if (box && card) reveal(box, card, 8, head + band);
    });
    return () => cancelAnimationFrame(frame);
  }, [opened]);

  // A label or a group was picked elsewhere: where none of the cluster maps that are meant is in sight, the first comes there.
  const [filter, group] = [store.filter.value, store.group.value];
  useEffect(() => {
    const box = scroller.current;
    if (!box || (filter === null && group === undefined)) return;
    const found = [...box.querySelectorAll<HTMLElement>('[data-layer]:not([data-cards="0"])')];
    const inGroup = found.filter((column) => column.closest<HTMLElement>("[data-group]")?.dataset.group === group);
    const meant = group !== undefined && inGroup.length > 0 ? inGroup : found;
    const { left, right } = box.getBoundingClientRect();
    const inSight = (column: HTMLElement) => {
      const { left: from, width } = column.getBoundingClientRect();
      return from + width / 2 > left && from + width / 2 < right;
    };
    if (meant[0] && !meant.some(inSight)) reveal(box, meant[0], 8);
  }, [filter, group, picture.key]);

  const lengths = columns.map(({ cluster_maps }) => cluster_maps.length);
  const at = stop.value;
  const exists = at.row < (lengths[at.column] ?? 0);
  const first = lengths.findIndex((length) => length > 0);
  const walked = useRef(false);
  useLayoutEffect(() => {
    if (!walked.current) return;
    walked.current = false;
    focusCard(scroller.current, at);
  }, [at]);
  const near = useNearColumns(
    lengths.reduce((sum, length) => sum + length, 0),
    scroller,
  );
  const onKeyDown = (event: KeyboardEvent) => {
    const card = (event.target as HTMLElement).closest<HTMLElement>("[data-column]");
    if (!card || event.altKey || event.ctrlKey || event.metaKey) return;
    const from = { column: Number(card.dataset.column), row: Number(card.dataset.row) };
    const to = overColumns(event.key, from, lengths);
    if (!to) return;
    event.preventDefault();
    stop.value = to;
    // A card far from sight is there after the next rendering only.
    walked.current = !focusCard(scroller.current, to);
  };

  return (
    <div
      class="inv-columns"
      ref={scroller}
      role="group"
      aria-label={t("explorer.keys")}
      data-grouped={grouped}
      data-size={size < 116 ? "tiny" : size < 136 ? "small" : "full"}
      style={{ "--card": `${size}px` }}
      onKeyDown={onKeyDown}
      onFocusIn={(event) => {
        const card = (event.target as HTMLElement).closest<HTMLElement>("[data-column]");
        if (card) stop.value = { column: Number(card.dataset.column), row: Number(card.dataset.row) };
      }}
      onScroll={(event) => {
        store.memory.scrollLeft = event.currentTarget.scrollLeft;
        store.memory.scrollTop = event.currentTarget.scrollTop;
      }}
    >
      <NearContext.Provider value={near}>
        {runs.map((run) => (
          <Run key={`${run.name}|${run.columns[0]?.layer}`} name={grouped ? run.name : undefined} banded={grouped}>
            {run.columns.map((column) => {
              const i = columns.indexOf(column);
              return (
                <LayerColumn
                  key={column.layer}
                  picture={picture}
                  column={column}
                  place={i}
                  size={size}
                  stop={exists ? (at.column === i ? at.row : undefined) : first === i ? 0 : undefined}
                  open={open?.column.layer === column.layer ? open.cluster.id : undefined}
                  rest={filter === null}
                />
              );
            })}
          </Run>
        ))}
      </NearContext.Provider>
      {filter !== null && lengths.every((length) => length === 0) && columns.length > 0 && (
        <Without label={filter} across={runs.length} />
      )}
      {columns.length === 0 && <p class="inv-reason">{t("explorer.no_column")}</p>}
    </div>
  );
}

function focusCard(box: HTMLElement | null, { column, row }: Place): boolean {
  const card = box?.querySelector<HTMLElement>(`[data-column="${column}"][data-row="${row}"]`);
  card?.focus();
  return card != null;
}

interface RunProps {
  name: string | undefined;
  /** Whether groups are named here at all; then columns of none keep the room of a name. */
  banded: boolean;
  children: ComponentChildren;
}

/** Columns of one group of layers under its name, which lets it stand out here and in the other views. */
function Run({ name, banded, children }: RunProps) {
  const { store } = useContext(Context);
  const t = useTranslate();
  const chosen = name !== undefined && store.group.value === name;
  const words = name && groupTitle(t, name);
  return (
    <div
      class="inv-run"
      {...(words ? { role: "group" as const, "aria-label": words } : {})}
      data-group={name}
      data-chosen={chosen}
    >
      {banded && (
        <div class="inv-band">
          {name !== undefined && (
            <button
              type="button"
              aria-pressed={chosen}
              title={t(chosen ? "explorer.group_let_go" : "explorer.group_choose")}
              onClick={() => store.chooseGroup(name)}
              {...GUARDED}
            >
              <bdi>{words}</bdi>
            </button>
          )}
        </div>
      )}
      <div class="inv-run-columns">{children}</div>
    </div>
  );
}

/** No cluster map of this picture carries the label that was picked. */
function Without({ label, across }: { label: string; across: number }) {
  const { store } = useContext(Context);
  const t = useTranslate();
  const other = store.carrier.value;
  return (
    <p class="inv-reason inv-without" role="status" style={{ gridColumn: `1 / span ${across}` }}>
      <span dir="auto">{t("explorer.without", { label })}</span>
      {other && other !== store.picture.value && (
        <button type="button" class="inv-button" onClick={() => store.choose(other)} {...GUARDED}>
          {t("explorer.go_to", { picture: other.name })}
        </button>
      )}
    </p>
  );
}
