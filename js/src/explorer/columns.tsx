/** The columns, a layer each, from shallow to deep; a card a cluster map, the heaviest on top. */
import { useSignal, useSignalEffect } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { memo } from "preact/compat";
import { useContext, useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { percent } from "../core/controls";
import { GUARDED } from "../core/keyboard";
import { useTranslate } from "../core/language";
import type { ClusterMap, Column, Picture } from "../core/payload";
import { overColumns, type Place } from "../core/roving";
import { Context } from "./context";
import { Heat } from "./heat";
import { Caption } from "./labels";
import { reveal } from "./strip";
import { groupTitle, layerTitle, spoken } from "./words";

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
    scroller.current?.scrollTo({ left: store.memory.scrollLeft, top: store.memory.scrollTop, behavior: "instant" });
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
    const cards = [...box.querySelectorAll<HTMLElement>("[data-id]")];
    const inGroup = cards.filter((card) => card.closest<HTMLElement>("[data-group]")?.dataset.group === group);
    const meant = group !== undefined && inGroup.length > 0 ? inGroup : cards;
    const { left, right } = box.getBoundingClientRect();
    const inSight = (card: HTMLElement) => {
      const { left: from, width } = card.getBoundingClientRect();
      return from + width / 2 > left && from + width / 2 < right;
    };
    if (meant[0] && !meant.some(inSight)) reveal(box, meant[0], 8);
  }, [filter, group, picture.key]);

  const lengths = columns.map(({ cluster_maps }) => cluster_maps.length);
  const at = stop.value;
  const exists = at.row < (lengths[at.column] ?? 0);
  const first = lengths.findIndex((length) => length > 0);
  const onKeyDown = (event: KeyboardEvent) => {
    const card = (event.target as HTMLElement).closest<HTMLElement>("[data-column]");
    if (!card || event.altKey || event.ctrlKey || event.metaKey) return;
    const from = { column: Number(card.dataset.column), row: Number(card.dataset.row) };
    const to = overColumns(event.key, from, lengths);
    if (!to) return;
    event.preventDefault();
    stop.value = to;
    const next = scroller.current?.querySelector<HTMLElement>(`[data-column="${to.column}"][data-row="${to.row}"]`);
    next?.focus();
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
      {runs.map((run) => (
        <Run key={`${run.name}|${run.columns[0]?.layer}`} name={grouped ? run.name : undefined} banded={grouped}>
          {run.columns.map((column) => {
            const i = columns.indexOf(column);
            return (
              <section
                key={column.layer}
                class="inv-column"
                data-layer={column.layer}
                aria-label={layerTitle(t, column)}
              >
                <Head column={column} />
                {column.reason && (
                  <p class="inv-reason" lang="en">
                    {column.reason}
                  </p>
                )}
                <ul class="inv-cards">
                  {column.cluster_maps.map((cluster, row) => (
                    <li key={cluster.id}>
                      <Card
                        picture={picture}
                        column={column}
                        cluster={cluster}
                        size={size}
                        place={`${i},${row}`}
                        stop={exists ? at.column === i && at.row === row : first === i && row === 0}
                        chosen={open?.cluster === cluster}
                      />
                    </li>
                  ))}
                  {column.rest_map >= 0 && filter === null && (
                    <li>
                      <Rest picture={picture} column={column} size={size} />
                    </li>
                  )}
                </ul>
              </section>
            );
          })}
        </Run>
      ))}
      {filter !== null && lengths.every((length) => length === 0) && columns.length > 0 && (
        <Without label={filter} across={runs.length} />
      )}
      {columns.length === 0 && <p class="inv-reason">{t("explorer.no_column")}</p>}
    </div>
  );
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

const Head = memo(({ column }: { column: Column }) => {
  const t = useTranslate();
  const parts = [
    ["shown", column.shown_weight],
    ["dropped", column.dropped_weight],
    ["pruned", column.pruned_weight],
  ] as const;
  const weights = parts
    .map(([name, weight]) => t(`explorer.weight_${name}`, { share: percent(weight, 1, t) }))
    .join(", ");
  const kept = percent((column.shown_weight ?? 0) + (column.dropped_weight ?? 0), 1, t);
  const title = t("explorer.weights_title", { weights, kept });
  return (
    <div class="inv-column-head">
      <h3 title={column.layer}>{layerTitle(t, column)}</h3>
      <div class="inv-stack" role="img" aria-label={t("explorer.weights", { weights })} title={title}>
        {parts.map(([name, weight]) => (
          <span key={name} data-part={name} style={{ width: `${Math.max(0, weight ?? 0)}%` }} />
        ))}
      </div>
      <p class="inv-number" title={title}>
        <span>
          <b>{percent(column.shown_weight, 0, t)}</b> {t("explorer.shown")}
        </span>
        <span class="inv-quiet">
          {percent((column.dropped_weight ?? 0) + (column.pruned_weight ?? 0), 0, t)} {t("explorer.rest")}
        </span>
      </p>
      <p class="inv-number inv-quiet">
        <span>{t("explorer.clusters", { count: column.cluster_maps.length })}</span>
        <span>{t("explorer.maps", { count: column.n_maps })}</span>
      </p>
    </div>
  );
});

interface CardProps {
  picture: Picture;
  column: Column;
  cluster: ClusterMap;
  size: number;
  place: string;
  stop: boolean;
  chosen: boolean;
}

const Card = memo(({ picture, column, cluster, size, place, stop, chosen }: CardProps) => {
  const { store } = useContext(Context);
  const t = useTranslate();
  const [i, row] = place.split(",");
  return (
    <button
      type="button"
      class="inv-card"
      data-id={cluster.id}
      data-column={i}
      data-row={row}
      aria-label={spoken(t, cluster)}
      aria-expanded={chosen}
      tabIndex={stop ? 0 : -1}
      onClick={() => (chosen ? store.close() : store.show({ column, cluster }))}
      {...GUARDED}
    >
      <span class="inv-figure">
        <Heat picture={picture} column={column} map={cluster.map} width={size} maxHeight={1.5 * size} />
      </span>
      <Weight value={cluster.weight} />
      <Caption cluster={cluster} />
    </button>
  );
});

function Rest({ picture, column, size }: { picture: Picture; column: Column; size: number }) {
  const t = useTranslate();
  const weight = (column.pruned_weight ?? 0) + (column.dropped_weight ?? 0);
  const parts = [
    column.n_dropped > 0 ? t("explorer.in_light", { count: column.n_dropped }) : "",
    column.n_pruned > 0 ? t("explorer.pruned", { count: column.n_pruned }) : "",
  ].filter(Boolean);
  return (
    <div class="inv-card inv-rest" title={t("explorer.rest_title", { parts: parts.join(", ") })}>
      <span class="inv-figure">
        <Heat picture={picture} column={column} map={column.rest_map} width={size} maxHeight={1.5 * size} />
      </span>
      <Weight value={weight} />
      <span class="inv-card-foot inv-quiet">
        <span>{t("explorer.rest")}</span>
        <span class="inv-number">{t("explorer.maps", { count: column.n_dropped + column.n_pruned })}</span>
      </span>
    </div>
  );
}

export function Weight({ value }: { value: number | null }) {
  const t = useTranslate();
  return (
    <span class="inv-weight">
      <span class="inv-bar">
        <span style={{ width: `${Math.min(100, Math.max(0, value ?? 0))}%` }} />
      </span>
      <span class="inv-number">{percent(value, 1, t)}</span>
    </span>
  );
}
