/** The GlobalChart: toolbar, labels, chart, examples of the picked label. */
import type { ReadonlySignal } from "@preact/signals";
import { useContext } from "preact/hooks";
import { Empty, fixed, Gone } from "../core/controls";
import { Alert } from "../core/errors";
import { useTranslate } from "../core/language";
import { Chart } from "./chart";
import { type ChartContext, Context } from "./context";
import { Examples } from "./examples";
import { LabelList } from "./label_list";
import type { Class } from "./summary";
import { GLYPHS, SIGNIFICANT, VERDICTS } from "./tcav";
import { Toolbar } from "./toolbar";

interface Props extends ChartContext {
  alive: ReadonlySignal<boolean>;
}

export function GlobalChart({ alive, ...context }: Props) {
  const { store } = context;
  const t = useTranslate();
  const shown = store.shown.value;
  // One thing at a time, as it was done.
  const onKeyDown = (event: KeyboardEvent) => {
    const chosen = store.shared.label.value !== null || store.group.value !== null;
    if (event.key !== "Escape" || (!chosen && store.range.value === undefined)) return;
    event.stopPropagation();
    event.preventDefault();
    if (chosen) store.letGo();
    else store.allLayers();
  };
  return (
    <Context.Provider value={context}>
      <div class="inv-global" style={{ "--height": `${store.own.height.value}px` }} onKeyDown={onKeyDown}>
        {!alive.value && <Gone />}
        {store.error.value !== undefined && (
          <Alert
            title={t("chart.not_drawn")}
            error={store.error.value}
            onRetry={() => {
              store.error.value = undefined;
            }}
          />
        )}
        {shown ? <Shown shown={shown} /> : <Nothing />}
      </div>
    </Context.Provider>
  );
}

function Shown({ shown }: { shown: Class }) {
  const { store } = useContext(Context);
  const t = useTranslate();
  const failed = store.error.value !== undefined;
  const view = store.own.view.value;
  return (
    <>
      <Toolbar shown={shown} />
      {shown.labels.length === 0 ? (
        <Nothing />
      ) : (
        <>
          <LabelList shown={shown} />
          {view === "trends" && shown.trends.length === 0 ? (
            <Empty title={t("chart.no_trends")}>
              <p>{t("chart.no_trends_words")}</p>
            </Empty>
          ) : (
            !failed && <Chart shown={shown} />
          )}
          <Examples shown={shown} />
          <Foot shown={shown} />
        </>
      )}
    </>
  );
}

/** What pale bars and the marks before numbers mean, of what there is in this view. */
function Foot({ shown }: { shown: Class }) {
  const { store } = useContext(Context);
  const t = useTranslate();
  const { support, layers, groups } = store.summary.value;
  const view = store.own.view.value;
  const { rows } = shown;
  const few = {
    labels: rows.low.includes(1),
    trends: shown.trends.some(({ low }) => low === 1),
    layers: rows.low.some((low, i) => low === 1 && groups[rows.group[i] as number] === "all"),
  }[view];
  // Over one layer, and where nothing is drawn, nobody can drag.
  const drawn = layers.length > 1 && (view !== "trends" || shown.trends.length > 0);
  const tested = view === "labels" && Object.hasOwn(store.marks.value, shown.name);
  const earlier = tested && Object.values(store.marks.value[shown.name] ?? {}).some((mark) => mark.earlier);
  return (
    <>
      {tested && (
        <p class="inv-foot inv-tested">
          {t("chart.tcav.legend", { p: fixed(SIGNIFICANT, 2, t) })}
          {VERDICTS.map((verdict) => (
            <span key={verdict}>
              <b data-verdict={verdict} aria-hidden="true">
                {GLYPHS[verdict]}
              </b>{" "}
              {t(`chart.tcav.${verdict}_short`)}
            </span>
          ))}
        </p>
      )}
      {earlier && <p class="inv-foot inv-tested inv-quiet">{t("chart.tcav.earlier")}</p>}
      {drawn && view !== "labels" && store.range.value === undefined && (
        <p class="inv-foot inv-tested inv-quiet">{t("chart.drag")}</p>
      )}
      {few && (
        <p class="inv-foot inv-quiet">
          {t(`chart.foot_${view}`, {
            rounds: t("chart.rounds", { count: support.rounds }),
            players: t("chart.players", { count: support.players }),
            pictures: t("chart.pictures", { count: support.pictures }),
          })}
        </p>
      )}
    </>
  );
}

function Nothing() {
  const t = useTranslate();
  return (
    <Empty title={t("chart.nothing")}>
      <p>{t("chart.nothing_words")}</p>
      <pre>
        <code>{"labelled = inv.label(run, store)\ninv.GlobalChart(inv.summarize(labelled))"}</code>
      </pre>
    </Empty>
  );
}
