/** One column: a layer's head and its cards, a cluster map each, the heaviest on top. */
import { memo } from "preact/compat";
import { useContext, useRef } from "preact/hooks";
import { percent } from "../core/controls";
import { GUARDED } from "../core/keyboard";
import { useTranslate } from "../core/language";
import type { ClusterMap, Column, Picture } from "../core/payload";
import { Context } from "./context";
import { fitted, Heat } from "./heat";
import type { Filtered } from "./label_filter";
import { Caption } from "./labels";
import { useNear } from "./near";
import { layerTitle, spoken } from "./words";

/** What stands under a card's figure, with the gap to the next card; where cards are left out, their room stays. */
const UNDER = 66;

interface LayerColumnProps {
  picture: Picture;
  column: Column;
  /** From 0. */
  place: number;
  /** Of the cards, in CSS pixels. */
  size: number;
  /** The row that the Tab key goes to, where it is in this column. */
  stop: number | undefined;
  /** The id of the cluster map whose detail is open, where it is in this column. */
  open: string | undefined;
  /** Whether what was left out has a card too. */
  rest: boolean;
}

export const LayerColumn = memo(({ picture, column, place, size, stop, open, rest }: LayerColumnProps) => {
  const t = useTranslate();
  const section = useRef<HTMLElement>(null);
  const near = useNear(section, place);
  // What has the focus and what is open stays, wherever it was scrolled to.
  const there = near.value || stop !== undefined || open !== undefined;
  const cards = column.cluster_maps.length + (rest && column.rest_map >= 0 ? 1 : 0);
  return (
    <section
      ref={section}
      class="inv-column"
      data-layer={column.layer}
      data-cards={column.cluster_maps.length}
      data-far={!there}
      aria-label={layerTitle(t, column)}
    >
      <Head column={column} />
      {column.reason && (
        <p class="inv-reason" lang="en">
          {column.reason}
        </p>
      )}
      {there ? (
        <ul class="inv-cards">
          {column.cluster_maps.map((cluster, row) => (
            <li key={cluster.id}>
              <Card
                picture={picture}
                column={column}
                cluster={cluster}
                size={size}
                place={`${place},${row}`}
                stop={stop === row}
                chosen={open === cluster.id}
              />
            </li>
          ))}
          {rest && column.rest_map >= 0 && (
            <li>
              <Rest picture={picture} column={column} size={size} />
            </li>
          )}
        </ul>
      ) : (
        <div style={{ height: `${cards * (fitted(picture, size, 1.5 * size).height + UNDER)}px` }} />
      )}
    </section>
  );
});

const Head = memo(({ column }: { column: Filtered }) => {
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
        <span>
          {column.of === undefined
            ? t("explorer.clusters", { count: column.cluster_maps.length })
            : t("explorer.clusters_of", { number: column.cluster_maps.length, count: column.of })}
        </span>
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
