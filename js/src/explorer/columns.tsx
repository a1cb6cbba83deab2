/** The columns, a layer each, from shallow to deep; a card a cluster map, the heaviest on top. */
import { useSignal, useSignalEffect } from "@preact/signals";
import { memo } from "preact/compat";
import { useContext, useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { count, percent } from "../core/controls";
import { GUARDED } from "../core/keyboard";
import type { ClusterMap, Column, Picture } from "../core/payload";
import { overColumns, type Place } from "../core/roving";
import { Context } from "./context";
import { Heat } from "./heat";
import { Caption } from "./labels";
import { reveal } from "./strip";
import { spoken } from "./words";

export function Columns({ picture }: { picture: Picture }) {
  const { store } = useContext(Context);
  const scroller = useRef<HTMLDivElement>(null);
  const stop = useSignal<Place>({ column: 0, row: 0 });
  const columns = store.columns.value;
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
      if (box && card) reveal(box, card, 8, head);
    });
    return () => cancelAnimationFrame(frame);
  }, [opened]);

  // A label was picked elsewhere: where none of the cluster maps that carry it is in sight, the first one comes there.
  const filter = store.filter.value;
  useEffect(() => {
    const box = scroller.current;
    const cards = [...(box?.querySelectorAll<HTMLElement>("[data-id]") ?? [])];
    if (filter === null || !box || !cards[0]) return;
    const { left, right } = box.getBoundingClientRect();
    const inSight = (card: HTMLElement) => {
      const { left: from, width } = card.getBoundingClientRect();
      return from + width / 2 > left && from + width / 2 < right;
    };
    if (!cards.some(inSight)) reveal(box, cards[0], 8);
  }, [filter, picture.key]);

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
      aria-label="Cluster maps, a column a layer, from shallow to deep. Arrow keys move between them, Enter opens one."
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
      {columns.map((column, i) => (
        <section key={column.layer} class="inv-column" data-layer={column.layer} aria-label={column.title}>
          <Head column={column} />
          {column.reason && <p class="inv-reason">{column.reason}</p>}
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
            {column.rest_map >= 0 && store.filter.value === null && (
              <li>
                <Rest picture={picture} column={column} size={size} />
              </li>
            )}
          </ul>
        </section>
      ))}
      {store.filter.value !== null && lengths.every((length) => length === 0) && <Without label={store.filter.value} />}
      {columns.length === 0 && <p class="inv-reason">No column is shown. Choose some under “columns”.</p>}
    </div>
  );
}

/** No cluster map of this picture carries the label that was picked. */
function Without({ label }: { label: string }) {
  const { store } = useContext(Context);
  const other = store.carrier.value;
  return (
    <p class="inv-reason inv-without" role="status">
      <span>
        No cluster map that is shown carries the label <b dir="auto">{label}</b>.
      </span>
      {other && other !== store.picture.value && (
        <button type="button" class="inv-button" onClick={() => store.choose(other)} {...GUARDED}>
          Go to {other.name}
        </button>
      )}
    </p>
  );
}

const Head = memo(({ column }: { column: Column }) => {
  const parts = [
    ["shown", column.shown_weight],
    ["dropped", column.dropped_weight],
    ["pruned", column.pruned_weight],
  ] as const;
  const words = parts.map(([name, weight]) => `${name} ${percent(weight)}`).join(", ");
  const kept = (column.shown_weight ?? 0) + (column.dropped_weight ?? 0);
  return (
    <div class="inv-column-head">
      <h3 title={column.layer}>{column.title}</h3>
      <div
        class="inv-stack"
        role="img"
        aria-label={`Weight: ${words}`}
        title={`Weight of the layer: ${words}. Pruning kept ${percent(kept)}.`}
      >
        {parts.map(([name, weight]) => (
          <span key={name} data-part={name} style={{ width: `${Math.max(0, weight ?? 0)}%` }} />
        ))}
      </div>
      <p class="inv-number" title={`Pruning kept ${percent(kept)} of the weight; ${words}.`}>
        <span>
          <b>{percent(column.shown_weight, 0)}</b> shown
        </span>
        <span class="inv-quiet">{percent((column.dropped_weight ?? 0) + (column.pruned_weight ?? 0), 0)} rest</span>
      </p>
      <p class="inv-number inv-quiet">
        <span>{count(column.cluster_maps.length, "cluster")}</span>
        <span>{count(column.n_maps, "map")}</span>
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
  const [i, row] = place.split(",");
  return (
    <button
      type="button"
      class="inv-card"
      data-id={cluster.id}
      data-column={i}
      data-row={row}
      aria-label={spoken(cluster)}
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
  const weight = (column.pruned_weight ?? 0) + (column.dropped_weight ?? 0);
  const parts = [
    column.n_dropped > 0 ? `${column.n_dropped} in light clusters` : "",
    column.n_pruned > 0 ? `${column.n_pruned} pruned` : "",
  ].filter(Boolean);
  return (
    <div class="inv-card inv-rest" title={`What is not shown as a cluster map: ${parts.join(", ")}.`}>
      <span class="inv-figure">
        <Heat picture={picture} column={column} map={column.rest_map} width={size} maxHeight={1.5 * size} />
      </span>
      <Weight value={weight} />
      <span class="inv-card-foot inv-quiet">
        <span>rest</span>
        <span class="inv-number">{count(column.n_dropped + column.n_pruned, "map")}</span>
      </span>
    </div>
  );
}

export function Weight({ value }: { value: number | null }) {
  return (
    <span class="inv-weight">
      <span class="inv-bar">
        <span style={{ width: `${Math.min(100, Math.max(0, value ?? 0))}%` }} />
      </span>
      <span class="inv-number">{percent(value)}</span>
    </span>
  );
}
