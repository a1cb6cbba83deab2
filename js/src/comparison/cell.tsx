/** A cell: the map on the picture, below it what it took and how it measures; or why there is none. */
import type { ComponentChildren } from "preact";
import { useContext, useRef, useState } from "preact/hooks";
import { percent } from "../core/controls";
import { GUARDED } from "../core/keyboard";
import { useTranslate } from "../core/language";
import type { Translate } from "../core/languages";
import { Context } from "./context";
import type { CellHead, ClusterMap, MethodHead, RowHead, SaliencyMap } from "./data";
import { MapCanvas, sizeOf } from "./map_canvas";
import { isSigned, moved } from "./maps";
import { passes, seconds, titleOf, written } from "./numbers";
import { Probed } from "./probe";

interface CellProps {
  head: RowHead;
  method: MethodHead;
  /** Its place in the row, from 1. */
  place: number;
  /** Whether it is drawn. */
  seen: boolean;
}

export function Cell({ head, method, place, seen }: CellProps) {
  const { store } = useContext(Context);
  const t = useTranslate();
  const cell = head.cells.find((each) => each.method === method.key);
  const map = seen ? store.contents.of(head)?.maps.get(method.key) : undefined;
  return (
    <Framed
      head={head}
      name={method.label}
      place={place}
      map={map}
      seen={seen}
      empty={<Why cell={cell} head={head} method={method} />}
    >
      {seen && cell && !cell.error && (
        <>
          <p class="inv-cmp-cost inv-number" title={costs(t, cell)}>
            {seconds(t, cell.numbers.seconds)} · {passes(t, cell)}
          </p>
          <Measures cell={cell} />
          <Notes map={map} cell={cell} />
        </>
      )}
    </Framed>
  );
}

/** The chosen cluster map, where it is this picture's. */
export function ClusterCell({ head, cluster, place, seen }: Omit<CellProps, "method"> & { cluster: ClusterMap }) {
  const { store } = useContext(Context);
  const t = useTranslate();
  const map = seen ? store.clusterOf(store.contents.of(head), cluster.about.id) : undefined;
  const { labels, weight } = cluster.about;
  const empty = <span class="inv-quiet">{t("comparison.cluster_elsewhere")}</span>;
  return (
    <Framed
      head={head}
      name={labels || t("explorer.cluster", { number: cluster.about.number })}
      place={place}
      map={map}
      seen={seen}
      empty={empty}
    >
      {map && (
        <p class="inv-cmp-cost inv-number">{t("comparison.cluster_weight", { weight: percent(weight, 1, t) })}</p>
      )}
    </Framed>
  );
}

interface FramedProps {
  head: RowHead;
  name: string;
  place: number;
  map: SaliencyMap | undefined;
  seen: boolean;
  /** What stands where there is no map. */
  empty: ComponentChildren;
  children?: ComponentChildren;
}

/** The picture with its map, which can be probed by pointer and by keys. */
function Framed({ head, name, place, map, seen, empty, children }: FramedProps) {
  const { store } = useContext(Context);
  const t = useTranslate();
  const ref = useRef<HTMLTableCellElement>(null);
  const [byKeys, setByKeys] = useState(false);
  const content = seen ? store.contents.of(head) : undefined;
  const size = sizeOf(head, store.own.cell_size.value);
  const end = () => {
    setByKeys(false);
    if (store.probe.peek()?.key === head.key) store.probe.value = undefined;
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.target !== ref.current || event.ctrlKey || event.metaKey || event.altKey) return;
    const probe = store.probe.peek();
    if (event.key === "Enter" && map) {
      event.preventDefault();
      if (byKeys) end();
      else {
        setByKeys(true);
        store.probe.value = { key: head.key, x: head.width >> 1, y: head.height >> 1 };
      }
    } else if (event.key === "Escape" && byKeys) {
      event.preventDefault();
      event.stopPropagation();
      end();
    } else if (event.key === " ") {
      event.preventDefault();
      store.choose(head);
    } else if (byKeys && probe?.key === head.key) {
      const to = moved(event.key, probe, head, event.shiftKey);
      if (!to) return;
      event.preventDefault();
      store.probe.value = { key: head.key, ...to };
    }
  };
  return (
    <td
      ref={ref}
      class="inv-cmp-cell"
      data-place={place}
      tabIndex={-1}
      aria-label={map ? t("comparison.cell", { method: name, picture: head.name }) : undefined}
      aria-description={map ? t("comparison.cell_keys") : undefined}
      onKeyDown={onKeyDown}
      onBlur={end}
      {...GUARDED}
    >
      <div
        class="inv-cmp-picture"
        style={{ width: `${size.width}px`, height: `${size.height}px` }}
        data-map={map !== undefined}
      >
        {map && content ? (
          <>
            <MapCanvas head={head} content={content} map={map} />
            <Probed head={head} content={content} map={map} />
          </>
        ) : (
          seen && <div class="inv-cmp-no-map">{empty}</div>
        )}
      </div>
      {children}
    </td>
  );
}

/** Why there is no map: it failed, it is still to come, it was not asked for. */
function Why({ cell, head, method }: { cell: CellHead | undefined; head: RowHead; method: MethodHead }) {
  const t = useTranslate();
  if (cell?.error) {
    return (
      <p class="inv-cmp-failed" title={cell.error}>
        <b>{t("comparison.failed")}</b> <span dir="auto">{cell.error}</span>
      </p>
    );
  }
  if (cell) return <span class="inv-quiet">{t(cell.has_map ? "comparison.loading" : "comparison.not_kept")}</span>;
  const status = head.status;
  if (!status?.methods.includes(method.key)) return <span class="inv-quiet">{t("comparison.not_asked")}</span>;
  if (status.state === "working" && status.method === method.key) {
    const [done, all] = status.steps;
    return (
      <span class="inv-cmp-working">
        {all > 0 ? t("comparison.steps", { done, all }) : t("comparison.at_work")}
        <span class="inv-bar">
          <span style={{ width: `${all > 0 ? (100 * done) / all : 8}%` }} />
        </span>
      </span>
    );
  }
  return (
    <span class="inv-quiet">
      {t(status.state === "working" || status.state === "waiting" ? "comparison.to_come" : "comparison.not_made")}
    </span>
  );
}

function Measures({ cell }: { cell: CellHead }) {
  const { store } = useContext(Context);
  const t = useTranslate();
  return (
    <dl class="inv-cmp-measures">
      {store.measures.value.map((measure) => {
        const value = cell.numbers[measure.name];
        const known = typeof value === "number";
        const reason = known ? undefined : (cell.reasons?.[measure.name] ?? t("comparison.not_measured"));
        return (
          <div key={measure.name} title={reason}>
            <dt>{titleOf(t, measure)}</dt>
            <dd class="inv-number">
              {written(t, measure, value)}
              {reason && <span class="inv-visually-hidden">{reason}</span>}
            </dd>
          </div>
        );
      })}
    </dl>
  );
}

function Notes({ map, cell }: { map: SaliencyMap | undefined; cell: CellHead }) {
  const { store } = useContext(Context);
  const t = useTranslate();
  const notes = [
    map && isSigned(map) && store.own.signs.value === "positive" && store.own.view.value !== "mask"
      ? t("comparison.positive_part")
      : "",
    map && map.low === map.high ? t("comparison.constant") : "",
    map && map.undefinedCells > 0 ? t("comparison.undefined_cells", { count: map.undefinedCells }) : "",
    cell.notes?.interrupted ? t("comparison.interrupted", { part: cell.notes.interrupted }) : "",
  ].filter(Boolean);
  return notes.length > 0 ? <p class="inv-cmp-cost">{notes.join(" · ")}</p> : null;
}

/** All that is known of what a map took, in a tooltip. */
function costs(t: Translate, { numbers, notes }: CellHead): string {
  const told = [
    `${t("comparison.cost_forwards")}: ${written(t, { name: "forwards", unit: "passes" }, numbers.forwards)}`,
    `${t("comparison.cost_backwards")}: ${written(t, { name: "backwards", unit: "passes" }, numbers.backwards)}`,
  ];
  if (typeof numbers.peak_memory === "number") {
    told.push(
      `${t("comparison.cost_peak_memory")}: ${written(t, { name: "peak_memory", unit: "bytes" }, numbers.peak_memory)}`,
    );
  }
  return [
    ...told,
    ...Object.entries(notes ?? {}).map(([name, value]) => `${name.replaceAll("_", " ")}: ${value}`),
  ].join("\n");
}
