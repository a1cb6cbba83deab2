/** One cluster map in full. Not a modal: the columns stay in reach; Esc closes it and focus goes back to the card. */
import { useContext, useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { gradient } from "../core/colour_maps";
import { fixed, Icon, IconButton, percent } from "../core/controls";
import { GUARDED } from "../core/keyboard";
import { useTranslate } from "../core/language";
import type { ClusterMap, Column, Picture } from "../core/payload";
import { useWidth } from "../core/width";
import { Channels } from "./channels";
import { Context } from "./context";
import { Heat } from "./heat";
import { Labels } from "./labels";
import { Members } from "./members";
import { Fared } from "./rounds";
import { Silhouette } from "./silhouette";
import type { Open } from "./store";
import { MaskShare } from "./toolbar";
import { clusterName, isLow, layerTitle, memberColour, memberName, title } from "./words";

interface DetailProps {
  picture: Picture;
  open: Open;
  onClose: () => void;
  /** Whether to take the focus: when it was opened here, not in another view. */
  takeFocus: boolean;
}

export function Detail({ picture, open, onClose, takeFocus }: DetailProps) {
  const { store } = useContext(Context);
  const t = useTranslate();
  const { column, member } = open;
  // What is looked at: the cluster map itself, or one of those that were merged into it.
  const cluster = member ?? open.cluster;
  const body = useRef<HTMLDivElement>(null);
  const heading = useRef<HTMLHeadingElement>(null);
  const width = useWidth(body);
  const moving = useRef(false);
  const last = useRef<string | undefined>(undefined);
  useEffect(() => {
    if (takeFocus) heading.current?.focus({ preventScroll: true });
  }, [takeFocus]);
  // Into a member and back: what was clicked is gone, so the focus must be told where to go.
  const id = cluster.id;
  useLayoutEffect(() => {
    const card = [...(body.current?.querySelectorAll<HTMLElement>("[data-member]") ?? [])].find(
      (candidate) => candidate.dataset.member === last.current,
    );
    if (!card || member) body.current?.scrollTo({ top: 0, behavior: "instant" });
    if (moving.current) (card ?? heading.current)?.focus({ preventScroll: !card });
    moving.current = false;
    last.current = member?.id;
  }, [id, member]);
  const go = (to: Open) => {
    moving.current = true;
    store.show(to);
  };
  const [previous, next] = [store.neighbour(-1), store.neighbour(1)];
  const inner = Math.max(120, width - 32);
  const half = Math.floor((inner - 12) / 2);
  const members = open.cluster.members ?? [];
  const place = member ? members.indexOf(member) : -1;
  const shown = title(t, cluster);
  const name = clusterName(t, open.cluster);
  const layer = layerTitle(t, column);
  // The head stays in place, so keys pressed there scroll what is below it.
  const onKeyDown = (event: KeyboardEvent) => {
    const { clientHeight = 0, scrollHeight = 0 } = body.current ?? {};
    const page = 0.9 * clientHeight;
    const steps: Record<string, number> = {
      ArrowUp: -48,
      ArrowDown: 48,
      PageUp: -page,
      PageDown: page,
      Home: -scrollHeight,
      End: scrollHeight,
    };
    const top = steps[event.key];
    if (top === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    body.current?.scrollBy({ top });
  };
  return (
    <aside
      class="inv-detail"
      aria-label={
        member
          ? t("explorer.detail_member", { member: memberName(t, place), cluster: name, layer })
          : t("explorer.detail", { cluster: name, layer })
      }
      style={member ? memberColour(place) : {}}
    >
      <div class="inv-detail-head" onKeyDown={onKeyDown}>
        {member && (
          <nav class="inv-crumbs" aria-label={t("explorer.merged_map")}>
            <button type="button" class="inv-crumb" onClick={() => go({ column, cluster: open.cluster })} {...GUARDED}>
              <Icon name="previous" />
              <span dir="auto">{title(t, open.cluster)}</span>
            </button>
            <span class="inv-quiet">
              <span class="inv-dot" style={memberColour(place)} />
              {t("explorer.place", { name: memberName(t, place), total: members.length })}
            </span>
          </nav>
        )}
        <h3 ref={heading} tabIndex={-1} dir="auto" title={shown} {...GUARDED}>
          {shown}
        </h3>
        <span class="inv-detail-weight inv-number">{percent(cluster.weight, 1, t)}</span>
        <span class="inv-buttons">
          <IconButton
            icon="previous"
            label={t(member ? "explorer.member_previous" : "explorer.previous")}
            disabled={!previous}
            onClick={() => previous && store.show(previous)}
          />
          <IconButton
            icon="next"
            label={t(member ? "explorer.member_next" : "explorer.next")}
            disabled={!next}
            onClick={() => next && store.show(next)}
          />
          <IconButton icon="close" label={t("explorer.close")} onClick={onClose} />
        </span>
        <p class="inv-quiet" title={column.layer}>
          <span>{layer}</span>
          {shown !== name && !member && <span>{name}</span>}
          {!member && members.length > 0 && <span>{t("explorer.merged", { count: members.length })}</span>}
          <span class="inv-number">{t("explorer.maps_of", { number: cluster.n_maps, count: column.n_maps })}</span>
          {isLow(cluster) && (
            <span class="inv-low" title={t("explorer.low_title")}>
              {t("explorer.low_support")}
            </span>
          )}
        </p>
      </div>
      <div class="inv-detail-body" ref={body}>
        {width > 0 && (
          <>
            <figure>
              <Heat
                picture={picture}
                column={column}
                map={cluster.map}
                width={inner}
                maxHeight={Math.min(inner, 460)}
                mode="overlay"
              />
              <Scale />
            </figure>
            {cluster.labels.length > 0 && <Labels key={id} cluster={cluster} support={picture.support} />}
            {!member && members.length > 0 && (
              <Members picture={picture} open={open} width={inner} last={last.current} onOpen={go} />
            )}
            {(picture.support || cluster.rounds) && (
              <Fared picture={picture} column={column} cluster={cluster} width={half} />
            )}
            <div class="inv-pair">
              <figure>
                <Heat picture={picture} column={column} map={cluster.map} width={half} maxHeight={half} mode="mask" />
                <figcaption>
                  <MaskShare />
                </figcaption>
              </figure>
              <figure>
                <Heat picture={picture} column={column} map={cluster.map} width={half} maxHeight={half} mode="map" />
                <figcaption class="inv-quiet">
                  {t("explorer.map_alone", { width: column.map_width, height: column.map_height })}
                </figcaption>
              </figure>
            </div>
            <Channels picture={picture} column={column} cluster={cluster} />
            <section>
              <h4>{t("explorer.number_of_clusters")}</h4>
              <Silhouette column={column} />
              {cluster.silhouette !== null && (
                <p class="inv-quiet">
                  {t("explorer.own_silhouette")} <span class="inv-number">{fixed(cluster.silhouette, 2, t)}</span>
                </p>
              )}
            </section>
            <Identity picture={picture} column={column} cluster={cluster} apart={member !== undefined} />
          </>
        )}
      </div>
    </aside>
  );
}

/** What the colours mean. */
function Scale() {
  const { store } = useContext(Context);
  const t = useTranslate();
  return (
    <figcaption class="inv-scale inv-quiet">
      <span>{t("explorer.low")}</span>
      <span class="inv-swatch" style={{ backgroundImage: gradient(store.shared.colour_map.value) }} />
      <span>{t("explorer.high")}</span>
    </figcaption>
  );
}

interface PartProps {
  picture: Picture;
  column: Column;
  cluster: ClusterMap;
}

function Identity({ picture, column, cluster, apart }: PartProps & { apart: boolean }) {
  const t = useTranslate();
  const [copied, setCopied] = useState(false);
  const copy = () => {
    navigator.clipboard?.writeText(cluster.id).then(
      () => setCopied(true),
      () => setCopied(false),
    );
  };
  useEffect(() => setCopied(false), [cluster]);
  return (
    <section>
      <h4>{t("explorer.identity")}</h4>
      <dl class="inv-identity">
        <dt>{t("explorer.identity_name")}</dt>
        <dd dir="auto">
          {picture.name}, {picture.target_name}, {layerTitle(t, column)}, {clusterName(t, cluster)}
          {apart && ` ${t("explorer.before_merging")}`}
        </dd>
        <dt>{t("explorer.identity_layer")}</dt>
        <dd>
          <code>{column.layer}</code>
        </dd>
        <dt>{t("explorer.identity_id")}</dt>
        <dd>
          <code>{cluster.id}</code>
          <IconButton icon="copy" label={t(copied ? "action.copied" : "explorer.copy_id")} onClick={copy} />
        </dd>
      </dl>
    </section>
  );
}
