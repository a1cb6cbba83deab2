/** The GlobalChart: toolbar, labels, chart, examples of the picked label. */
import type { ReadonlySignal } from "@preact/signals";
import { useContext } from "preact/hooks";
import { count, Empty, Gone } from "../core/controls";
import { Alert } from "../core/errors";
import { Chart } from "./chart";
import { type ChartContext, Context } from "./context";
import { Examples } from "./examples";
import { LabelList } from "./label_list";
import type { Class } from "./summary";
import { Toolbar } from "./toolbar";

interface Props extends ChartContext {
  alive: ReadonlySignal<boolean>;
}

export function GlobalChart({ alive, ...context }: Props) {
  const { store } = context;
  const shown = store.shown.value;
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== "Escape" || store.shared.label.value === null) return;
    event.stopPropagation();
    event.preventDefault();
    store.letGo();
  };
  return (
    <Context.Provider value={context}>
      <div class="inv-global" style={{ "--height": `${store.own.height.value}px` }} onKeyDown={onKeyDown}>
        {!alive.value && <Gone />}
        {store.error.value !== undefined && (
          <Alert
            title="The chart could not be drawn."
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
            <Empty title="No trends">
              <p>A label rises or falls over at least two layers that were played, and none does.</p>
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

/** What pale bars mean. */
function Foot({ shown }: { shown: Class }) {
  const { store } = useContext(Context);
  const { support } = store.summary.value;
  if (!shown.rows.low.includes(1)) return null;
  return (
    <p class="inv-foot inv-quiet">
      Pale, dashed, “few”: low support, fewer than {count(support.rounds, "round")}, {count(support.players, "player")}{" "}
      or {count(support.pictures, "picture")}. Thin lines: intervals over pictures (bootstrap).
    </p>
  );
}

function Nothing() {
  return (
    <Empty title="No labels yet">
      <p>Play the reveal game, then label what was seen and sum it up:</p>
      <pre>
        <code>{"labelled = inv.label(run, store)\ninv.GlobalChart(inv.summarize(labelled))"}</code>
      </pre>
    </Empty>
  );
}
