/** The best players by their nicknames; whoever is not on it can join, who is can leave. */
import { useSignal } from "@preact/signals";
import { GUARDED } from "../core/keyboard";
import { useAnswer } from "./answers";
import type { GameStore } from "./store";
import { Check } from "./welcome";

export function Leaderboard({ store }: { store: GameStore }) {
  const t = store.t.value;
  const { value, error, busy, ask } = useAnswer(() => store.leaderboard());
  const answer = value.value;
  // What was ticked, until the answer is there: a box that is disabled meanwhile would lose the focus.
  const wanted = useSignal<boolean | undefined>(undefined);
  return (
    <div class="inv-board" aria-busy={busy.value}>
      {error.value !== undefined && (
        <p class="inv-fault" role="alert">
          {store.words(error.value)}{" "}
          <button type="button" class="inv-button" onClick={() => void ask(() => store.leaderboard())} {...GUARDED}>
            {t("action.retry")}
          </button>
        </p>
      )}
      {answer === undefined && error.value === undefined && <p class="inv-hint">{t("panel.loading")}</p>}
      {answer?.leaderboard.length === 0 && <p class="inv-quiet">{t("leaderboard.empty")}</p>}
      {answer !== undefined && answer.leaderboard.length > 0 && (
        <table class="inv-table">
          <thead>
            <tr>
              <th scope="col" class="inv-narrow">
                <span class="inv-visually-hidden">{t("leaderboard.rank")}</span>
              </th>
              <th scope="col">{t("leaderboard.player")}</th>
              <th scope="col" class="inv-amount inv-more">
                {t("leaderboard.rounds")}
              </th>
              <th scope="col" class="inv-amount">
                {t("leaderboard.wins")}
              </th>
              <th scope="col" class="inv-amount">
                {t("leaderboard.points")}
              </th>
            </tr>
          </thead>
          <tbody>
            {answer.leaderboard.map(({ nickname, points, rounds, wins, you }, i) => (
              <tr key={i} data-you={you} aria-current={you ? "true" : undefined}>
                <td class="inv-narrow inv-number inv-quiet">{t.number(i + 1)}</td>
                <th scope="row">
                  <bdi>{nickname}</bdi>
                  {you && <span class="inv-tag">{t("leaderboard.you")}</span>}
                </th>
                <td class="inv-amount inv-number inv-more">{t.number(rounds)}</td>
                <td class="inv-amount inv-number">{t.number(wins)}</td>
                <td class="inv-amount inv-number">
                  <b>{t.number(points)}</b>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {answer !== undefined && (
        <Check
          label={t("leaderboard.join")}
          checked={wanted.value ?? answer.on}
          onCheck={async (on) => {
            wanted.value = on;
            await ask(() => store.leaderboard(on));
            if (!busy.value) wanted.value = undefined;
          }}
        />
      )}
      {answer !== undefined && <p class="inv-hint">{t("leaderboard.hint")}</p>}
    </div>
  );
}
