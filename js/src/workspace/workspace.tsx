/** The Workspace: tabs over panes, one pane at a time or two side by side. */
import { useLayoutEffect, useRef } from "preact/hooks";
import { Empty, Gone, Icon, type IconName } from "../core/controls";
import { Alert } from "../core/errors";
import { useUniqueId } from "../core/ids";
import { GUARDED } from "../core/keyboard";
import type { Host } from "../core/model";
import { alongRow } from "../core/roving";
import { useWidth } from "../core/width";
import { Child, Waiting } from "./pane";
import type { PaneName, WorkspaceStore } from "./store";

const ICON: Record<PaneName, IconName> = {
  game: "play",
  explorer: "map",
  chart: "bars",
  comparison: "grid",
  synonyms: "groups",
};

interface WorkspaceProps {
  store: WorkspaceStore;
  host: Host | undefined;
}

export function Workspace({ store, host }: WorkspaceProps) {
  const t = store.t.value;
  const id = useUniqueId();
  const root = useRef<HTMLDivElement>(null);
  const width = useWidth(root);
  useLayoutEffect(() => {
    if (width > 0) store.width.value = width;
  }, [store, width]);
  const shown = store.shown.value;
  const split = store.isSplit.value;
  const panes = store.panes.value;
  return (
    <div ref={root} class="inv-workspace" data-split={split} lang={t.language}>
      <div class="inv-workspace-bar">
        {shown.map((_, side) => (
          <div key={side} class="inv-workspace-half">
            <Tabs store={store} side={side} id={id} />
            {side === shown.length - 1 && <Tools store={store} />}
          </div>
        ))}
      </div>
      <div class="inv-workspace-panes">
        {panes.map((name) => {
          const side = shown.indexOf(name);
          return (
            <section
              key={name}
              id={`${id}-${name}`}
              class="inv-workspace-pane"
              role="tabpanel"
              aria-labelledby={`${id}-${name}-tab-${Math.max(side, 0)}`}
              data-pane={name}
              data-side={side}
              hidden={side < 0}
            >
              {store.visited.value.has(name) && <Pane store={store} host={host} name={name} />}
            </section>
          );
        })}
      </div>
    </div>
  );
}

function Tabs({ store, side, id }: { store: WorkspaceStore; side: number; id: string }) {
  const t = store.t.value;
  const shown = store.shown.value;
  const panes = store.panes.value;
  const label = shown.length === 1 ? t("workspace.panes") : t(side === 0 ? "workspace.left" : "workspace.right");
  const onKeyDown = (event: KeyboardEvent & { currentTarget: HTMLElement }) => {
    const rightToLeft = getComputedStyle(event.currentTarget).direction === "rtl";
    const place = panes.indexOf(shown[side] as PaneName);
    const next = alongRow(event.key, place, panes.length, rightToLeft);
    const name = next === undefined ? undefined : panes[next];
    if (name === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    store.show(name, side);
    event.currentTarget.querySelectorAll<HTMLElement>("[role=tab]")[next as number]?.focus();
  };
  return (
    <div class="inv-tabs" role="tablist" aria-label={label} data-side={side} onKeyDown={onKeyDown}>
      {panes.map((name) => {
        const selected = shown[side] === name;
        const unsaved = name === "synonyms" && store.unsaved.value;
        return (
          <button
            key={name}
            id={`${id}-${name}-tab-${side}`}
            type="button"
            role="tab"
            class="inv-tab"
            aria-selected={selected}
            aria-controls={`${id}-${name}`}
            tabIndex={selected ? 0 : -1}
            title={unsaved ? t("workspace.unsaved") : undefined}
            onClick={() => store.show(name, side)}
            {...GUARDED}
          >
            <Icon name={ICON[name]} />
            <span>{t(`workspace.pane_${name}`)}</span>
            {unsaved && (
              <span class="inv-unsaved-dot">
                <span class="inv-visually-hidden">{t("workspace.unsaved")}</span>
              </span>
            )}
          </button>
        );
      })}
    </div>
  );
}

/** How the labels stand, and the switch between one pane and two. */
function Tools({ store }: { store: WorkspaceStore }) {
  const t = store.t.value;
  const labels = store.labels.value;
  const split = store.isSplit.value;
  const text =
    labels.state === "working"
      ? t(store.alive.value ? "workspace.working" : "view.gone")
      : labels.state === "failed"
        ? t("workspace.labels_failed")
        : `${t("workspace.rounds", { count: labels.rounds ?? 0 })} · ${t("workspace.labels", { count: labels.labels ?? 0 })}`;
  return (
    <div class="inv-workspace-tools">
      <span class="inv-workspace-status" role="status" data-state={labels.state}>
        {labels.state === "failed" ? (
          <button type="button" class="inv-button" onClick={() => store.show("chart")} {...GUARDED}>
            {text}
          </button>
        ) : (
          <span class="inv-number">{text}</span>
        )}
      </span>
      {store.isWide.value && (
        <button
          type="button"
          class="inv-icon-button"
          aria-pressed={split}
          aria-label={t("workspace.side_by_side")}
          title={t("workspace.side_by_side")}
          onClick={() => store.arrange(!split)}
          {...GUARDED}
        >
          <Icon name="columns" />
        </button>
      )}
    </div>
  );
}

function Pane({ store, host, name }: { store: WorkspaceStore; host: Host | undefined; name: PaneName }) {
  const t = store.t.value;
  const reference = store.references[name].value;
  const labels = store.labels.value;
  const failed = name === "chart" && labels.state === "failed" && (
    <Alert title={t("workspace.labels_failed")} error={labels.message} onRetry={() => store.refresh()} />
  );
  if (reference !== null && reference !== undefined) {
    return (
      <>
        {failed}
        <Child t={t} host={host} reference={reference} />
      </>
    );
  }
  if (failed) return failed;
  // What is under way comes no more. Panes that stand say so themselves.
  if (!store.alive.value) return <Gone />;
  if (name !== "chart" || labels.state === "working") return <Waiting>{t("workspace.opening")}</Waiting>;
  return (
    <div class="inv-workspace-empty">
      <Empty title={t("workspace.no_labels")}>
        <p>{t("workspace.no_labels_words")}</p>
        {!store.shown.value.includes("game") && (
          <button type="button" class="inv-button" onClick={() => store.show("game")} {...GUARDED}>
            <Icon name="play" />
            {t("workspace.play")}
          </button>
        )}
      </Empty>
    </div>
  );
}
