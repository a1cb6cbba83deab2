/** After the last round: how it went, why it ends, and what can be done. */
import { useContext, useEffect, useRef } from "preact/hooks";
import { GUARDED } from "../core/keyboard";
import { Context } from "./context";
import { Leaderboard } from "./leaderboard";
import type { EndScreen, Score } from "./screens";
import type { GameStore } from "./store";
import { Polling } from "./waiting";

export function End({ store, screen }: { store: GameStore; screen: EndScreen }) {
  const t = store.t.value;
  const { focus } = useContext(Context);
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => focus(heading.current), [focus]);
  const declined = screen.reason === "declined";
  const played = screen.n_played > 0;
  return (
    <div class="inv-page inv-end">
      <div class="inv-welcome-head">
        <h3 ref={heading} class="inv-headline" tabIndex={-1} {...GUARDED}>
          {declined ? t("end.declined") : played ? t("end.thanks") : t(`end.title_${screen.reason}`)}
        </h3>
        <p class="inv-lead">{t(`end.words_${screen.reason}`)}</p>
        {screen.skipped > 0 && screen.can_continue && !declined && (
          <p class="inv-hint">{t("end.skipped", { count: screen.skipped })}</p>
        )}
      </div>
      {!declined && played && screen.score && <Result store={store} score={screen.score} />}
      {store.notice.value && (
        <p class="inv-fault" role="alert">
          {store.notice.value.words}
        </p>
      )}
      {(screen.can_continue || declined) && (
        <div class="inv-actions-row">
          {screen.can_continue && !declined && (
            <button
              type="button"
              class="inv-button inv-primary inv-large"
              aria-disabled={store.busy.value.has("continue") || undefined}
              onClick={() => void store.continue_()}
              {...GUARDED}
            >
              {t("end.continue")}
            </button>
          )}
          {declined && (
            <button
              type="button"
              class="inv-button inv-large"
              aria-disabled={store.busy.value.has("reconsider") || undefined}
              onClick={() => void store.reconsider()}
              {...GUARDED}
            >
              {t("end.reconsider")}
            </button>
          )}
        </div>
      )}
      {!declined && store.settings.value.leaderboard && (
        <section class="inv-end-board" aria-label={t("game.leaderboard")}>
          <h4>{t("game.leaderboard")}</h4>
          <Leaderboard store={store} />
        </section>
      )}
      {/* A host can open an ended game again. */}
      {screen.reason === "ended" && <Polling store={store} />}
    </div>
  );
}

/** Points large, the rest beside them. */
export function Result({ store, score }: { store: GameStore; score: Score }) {
  const t = store.t.value;
  const tiles = [
    [t("end.points", { count: score.points }), score.points],
    [t("end.wins"), score.wins],
    [t("end.losses"), score.losses],
    [t("end.resigns"), score.resigns],
    [t("end.best_streak"), score.best_streak],
  ] as const;
  return (
    <dl class="inv-tiles">
      {tiles.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd class="inv-number">{t.number(value)}</dd>
        </div>
      ))}
    </dl>
  );
}
