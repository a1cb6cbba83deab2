/** The grid: heads that stay, a row of means, a row a picture. Only rows in sight are drawn. */
import { useSignal } from "@preact/signals";
import { useContext, useEffect, useLayoutEffect, useMemo, useRef } from "preact/hooks";
import { IconButton } from "../core/controls";
import { useTranslate } from "../core/language";
import { clusterName, layerTitle } from "../explorer/words";
import { Context } from "./context";
import type { ClusterMap, MethodHead } from "./data";
import { GridContext } from "./grid_context";
import { Means } from "./means";
import { Announced } from "./probe";
import { PictureRow } from "./row";

/** Up to so many rows all are drawn. */
const FEW = 6;

/** What a table is whose cells take keys. */
const GRID = { role: "grid" } as Record<string, string>;

export function Grid() {
  const { store } = useContext(Context);
  const t = useTranslate();
  const scroller = useRef<HTMLDivElement>(null);
  const near = useSignal<ReadonlySet<string>>(new Set());
  const rows = store.rows.value;
  const columns = store.columns.value;
  const cluster = store.cluster.value;
  const observer = useMemo(() => new RowObserver(near), []);
  useLayoutEffect(() => {
    const element = scroller.current;
    if (!element) return undefined;
    element.scrollTo?.(store.memory.scrollLeft, store.memory.scrollTop);
    observer.start(element);
    return () => observer.stop();
  }, [store, observer]);

  // Another view may have chosen: keep its row in sight, without moving the page.
  const chosen = store.chosen.value;
  useEffect(() => {
    const element = scroller.current;
    if (!element || !chosen) return undefined;
    return revealSteadily(element, chosen.key);
  }, [chosen?.key]);

  const onKeyDown = (event: KeyboardEvent) => {
    const cell = (event.target as HTMLElement).closest<HTMLElement>("[data-place]");
    if (event.target !== cell || event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    const next = cell && neighbour(cell, event.key);
    if (!next) return;
    event.preventDefault();
    next.focus();
  };
  return (
    <GridContext.Provider value={{ near, observer, all: rows.length <= FEW }}>
      <div
        class="inv-cmp-scroller"
        ref={scroller}
        onScroll={({ currentTarget }) => {
          store.memory.scrollLeft = currentTarget.scrollLeft;
          store.memory.scrollTop = currentTarget.scrollTop;
        }}
        onKeyDown={onKeyDown}
      >
        <table
          {...GRID}
          aria-label={t("comparison.grid")}
          aria-rowcount={rows.length + 2}
          aria-colcount={columns.length + 1 + Number(cluster !== undefined)}
        >
          <thead>
            <tr>
              <th class="inv-cmp-corner" scope="col">
                <span class="inv-quiet">{t("comparison.picture")}</span>
              </th>
              {columns.map((method) => (
                <MethodHeading key={method.key} method={method} />
              ))}
              {cluster && <ClusterHeading cluster={cluster} />}
            </tr>
          </thead>
          <tbody>
            <Means />
            {rows.map((head, place) => (
              <PictureRow key={head.key} head={head} place={place} />
            ))}
          </tbody>
        </table>
        {columns.length === 0 && <p class="inv-cmp-none">{t("comparison.no_methods")}</p>}
      </div>
      <Announced />
    </GridContext.Provider>
  );
}

function MethodHeading({ method }: { method: MethodHead }) {
  const { store } = useContext(Context);
  const t = useTranslate();
  const by = store.own.sort_methods.value;
  const about = [method.paper, method.parameters].filter(Boolean).join("\n");
  return (
    <th class="inv-cmp-method" scope="col" aria-sort={by === null ? undefined : "other"}>
      <span class="inv-cmp-method-name" title={about} dir="auto">
        {method.label}
      </span>
      <span class="inv-quiet">{family(t, method.family)}</span>
      <IconButton
        icon="close"
        label={t("comparison.hide", { method: method.label })}
        onClick={() => store.hide(method.key)}
      />
    </th>
  );
}

const FAMILIES = new Set(["activation", "gradient", "perturbation", "attention", "concept"]);
const family = (t: (key: string) => string, name: string) =>
  FAMILIES.has(name) ? t(`comparison.family_${name}`) : name;

function ClusterHeading({ cluster }: { cluster: ClusterMap }) {
  const { store } = useContext(Context);
  const t = useTranslate();
  const { labels, number, block, layer_in_block } = cluster.about;
  const name = labels || clusterName(t, { number } as Parameters<typeof clusterName>[1]);
  const layer = layerTitle(t, { block, layer_in_block } as Parameters<typeof layerTitle>[1]);
  return (
    <th class="inv-cmp-method inv-cmp-method-cluster" scope="col">
      <span class="inv-cmp-method-name" dir="auto">
        {t("comparison.cluster", { name })}
      </span>
      <span class="inv-quiet" title={cluster.about.layer}>
        {layer}
      </span>
      <IconButton
        icon="close"
        label={t("comparison.cluster_clear")}
        onClick={() => store.share({ cluster_map: null })}
      />
    </th>
  );
}

/** Tells which rows are near what is in sight. */
export class RowObserver {
  readonly #near: { value: ReadonlySet<string> };
  readonly #waiting = new Set<HTMLElement>();
  #observer: IntersectionObserver | undefined;

  constructor(near: { value: ReadonlySet<string> }) {
    this.#near = near;
  }

  start(root: HTMLElement): void {
    this.#observer = new IntersectionObserver(this.#onSeen, { root, rootMargin: "400px 0px" });
    for (const row of this.#waiting) this.#observer.observe(row);
  }

  stop(): void {
    this.#observer?.disconnect();
    this.#observer = undefined;
  }

  watch(row: HTMLElement): () => void {
    this.#waiting.add(row);
    this.#observer?.observe(row);
    return () => {
      this.#waiting.delete(row);
      this.#observer?.unobserve(row);
    };
  }

  readonly #onSeen = (entries: IntersectionObserverEntry[]) => {
    const near = new Set(this.#near.value);
    for (const { target, isIntersecting } of entries) {
      const key = (target as HTMLElement).dataset.key ?? "";
      if (isIntersecting) near.add(key);
      else near.delete(key);
    }
    this.#near.value = near;
  };
}

/** The cell that an arrow key leads to. */
function neighbour(cell: HTMLElement, key: string): HTMLElement | undefined {
  const row = cell.closest("tr");
  const cells = [...(row?.querySelectorAll<HTMLElement>("[data-place]") ?? [])];
  const place = cells.indexOf(cell);
  const beside = (sibling: Element | null | undefined) => {
    const others = [...(sibling?.querySelectorAll<HTMLElement>("[data-place]") ?? [])];
    return others[Math.min(place, others.length - 1)];
  };
  switch (key) {
    case "ArrowLeft":
      return cells[place - 1];
    case "ArrowRight":
      return cells[place + 1];
    case "Home":
      return cells[0];
    case "End":
      return cells.at(-1);
    case "ArrowUp":
      return beside(row?.previousElementSibling);
    case "ArrowDown":
      return beside(row?.nextElementSibling);
    default:
      return undefined;
  }
}

/** Reveal a row, and again while rows that come near take their height; until somebody scrolls by hand. */
function revealSteadily(scroller: HTMLElement, key: string): () => void {
  const rows = () => [...scroller.querySelectorAll<HTMLElement>("tr[data-key]")];
  const step = () => {
    const row = rows().find((each) => each.dataset.key === key);
    if (row) reveal(scroller, row);
  };
  step();
  const timers = [60, 200, 450, 900].map((delay) => setTimeout(step, delay));
  const stop = () => {
    for (const timer of timers) clearTimeout(timer);
    for (const name of HANDS) scroller.removeEventListener(name, stop);
  };
  for (const name of HANDS) scroller.addEventListener(name, stop, { passive: true });
  return stop;
}

const HANDS = ["wheel", "pointerdown", "keydown", "touchstart"] as const;

/** Scroll up or down until a row is seen below the heads. */
function reveal(scroller: HTMLElement, row: HTMLElement): void {
  const head = scroller.querySelector("thead")?.getBoundingClientRect().height ?? 0;
  const [box, inner] = [scroller.getBoundingClientRect(), row.getBoundingClientRect()];
  const top = box.top + head + 8;
  if (inner.top < top) scroller.scrollTop += inner.top - top;
  else if (inner.bottom > box.bottom) scroller.scrollTop += Math.min(inner.top - top, inner.bottom - box.bottom + 8);
}
