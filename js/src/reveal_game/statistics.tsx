/** A player's own numbers. */
import { GUARDED } from "../core/keyboard";
import { useAnswer } from "./answers";
import type { StatisticsAnswer } from "./screens";
import type { GameStore } from "./store";

export function Statistics({ store }: { store: GameStore }) {
  const t = store.t.value;
  const { value, error, ask } = useAnswer(() => store.statistics());
  const answer = value.value;
  if (error.value !== undefined) {
    return (
      <p class="inv-fault" role="alert">
        {store.words(error.value)}{" "}
        <button type="button" class="inv-button" onClick={() => void ask(() => store.statistics())} {...GUARDED}>
          {t("action.retry")}
        </button>
      </p>
    );
  }
  if (answer === undefined) return <p class="inv-hint">{t("panel.loading")}</p>;
  if (answer.rounds === 0) return <p class="inv-quiet">{t("statistics.empty")}</p>;
  return (
    <div class="inv-statistics">
      <Numbers store={store} answer={answer} />
      {answer.by_layer.length > 0 && <Layers store={store} answer={answer} />}
    </div>
  );
}

function Numbers({ store, answer }: { store: GameStore; answer: StatisticsAnswer }) {
  const t = store.t.value;
  const or = (value: number | null, words: (value: number) => string) => (value === null ? "–" : words(value));
  const one = (value: number) => t.number(value, { maximumFractionDigits: 1 });
  const tiles = [
    [t("statistics.points", { count: answer.points }), t.number(answer.points)],
    [t("statistics.rounds", { count: answer.rounds }), t.number(answer.rounds)],
    [
      t("statistics.wins"),
      t("statistics.wins_of", { wins: answer.wins, share: t.percent(answer.wins / answer.rounds) }),
    ],
    [t("statistics.steps"), or(answer.mean_step_of_wins, one)],
    [t("statistics.best_points"), or(answer.best_points, one)],
    [t("statistics.best_streak"), t.number(answer.best_streak)],
    [
      t("statistics.seconds"),
      or(answer.seconds_median, (value) => t("statistics.seconds_value", { count: Math.round(value) })),
    ],
    [t("statistics.labels", { count: answer.labels }), t.number(answer.labels)],
  ] as const;
  return (
    <dl class="inv-tiles inv-tiles-small">
      {tiles.map(([name, text]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd class="inv-number">{text}</dd>
        </div>
      ))}
    </dl>
  );
}

/** A bar a layer: how many rounds, and how many of them were won. */
function Layers({ store, answer }: { store: GameStore; answer: StatisticsAnswer }) {
  const t = store.t.value;
  const most = Math.max(1, ...answer.by_layer.map(({ rounds }) => rounds));
  return (
    <section aria-label={t("statistics.by_layer")}>
      <h4>{t("statistics.by_layer")}</h4>
      <ul class="inv-layers">
        {answer.by_layer.map(({ layer_title, rounds, wins }) => (
          <li key={layer_title}>
            <span dir="auto">{layer_title}</span>
            <span class="inv-two-bars" aria-hidden="true" style={{ width: `${(100 * rounds) / most}%` }}>
              <span style={{ width: `${(100 * wins) / Math.max(1, rounds)}%` }} />
            </span>
            <span class="inv-number inv-quiet">{t("statistics.won_of", { wins, count: rounds })}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}
