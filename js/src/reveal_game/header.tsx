/** Above the game: how far, how well, how long, and what else there is. */
import { useComputed, useSignal, useSignalEffect } from "@preact/signals";
import { useContext } from "preact/hooks";
import { Icon, IconButton } from "../core/controls";
import { LanguageSelect } from "../core/language_select";
import { Context } from "./context";
import type { Panel } from "./store";

export function Header() {
  const { store } = useContext(Context);
  const t = store.t.value;
  const screen = store.screen.value;
  const settings = store.settings.value;
  const playing = screen.kind === "round" || screen.kind === "result";
  const entered = playing || screen.kind === "waiting" || (screen.kind === "end" && screen.reason !== "declined");
  const open = (panel: Panel) => {
    store.panel.value = store.panel.value === panel ? undefined : panel;
  };
  return (
    <header class="inv-game-header">
      {playing ? <Progress number={screen.number} of={screen.of} /> : <h2 dir="auto">{settings.title}</h2>}
      {entered && <ScoreLine />}
      <div class="inv-game-tools">
        {screen.kind === "round" && <TimeLeft />}
        {screen.kind === "round" && !screen.paused && (
          <IconButton
            icon="pause"
            label={t("game.pause")}
            disabled={store.delivery.value !== undefined}
            onClick={() => void store.pause()}
          />
        )}
        {entered && settings.leaderboard && (
          <IconButton
            icon="podium"
            label={t("game.leaderboard")}
            expanded={store.panel.value === "leaderboard"}
            onClick={() => open("leaderboard")}
          />
        )}
        {entered && (
          <IconButton
            icon="bars"
            label={t("game.statistics")}
            expanded={store.panel.value === "statistics"}
            onClick={() => open("statistics")}
          />
        )}
        {screen.kind !== "welcome" && screen.kind !== "opening" && (
          <IconButton
            icon="information"
            label={t("game.information")}
            expanded={store.panel.value === "information"}
            onClick={() => open("information")}
          />
        )}
        <LanguageSelect language={store.language.value} t={t} onSelect={(language) => store.setLanguage(language)} />
      </div>
      {screen.kind === "round" && <TimeBar />}
    </header>
  );
}

function Progress({ number, of }: { number: number; of: number | null }) {
  const { store } = useContext(Context);
  const t = store.t.value;
  return (
    <div class="inv-game-progress">
      <h2 class="inv-number">{of === null ? t("game.round", { number }) : t("game.round_of", { number, of })}</h2>
      {of !== null && (
        <span class="inv-bar" aria-hidden="true">
          <span style={{ width: `${(100 * Math.min(number, of)) / Math.max(1, of)}%` }} />
        </span>
      )}
    </div>
  );
}

function ScoreLine() {
  const { store } = useContext(Context);
  const t = store.t.value;
  const score = store.score.value;
  if (!score) return null;
  return (
    <p class="inv-game-score">
      <span class="inv-number">
        <Icon name="star" />
        <span class="inv-words-wide">{t("game.points", { count: score.points })}</span>
        <span class="inv-words-narrow" aria-hidden="true">
          {t.number(score.points)}
        </span>
      </span>
      {score.streak > 1 && (
        <span class="inv-number inv-game-streak" key={score.streak}>
          <Icon name="flame" />
          <span class="inv-words-wide">{t("game.streak", { count: score.streak })}</span>
          <span class="inv-words-narrow" aria-hidden="true">
            {t.number(score.streak)}
          </span>
        </span>
      )}
    </p>
  );
}

/** Seconds that are left, whole; undefined: not timed, or paused. */
function useSecondsLeft() {
  const { store } = useContext(Context);
  const left = useSignal<number | undefined>(undefined);
  useSignalEffect(() => {
    const deadline = store.delivery.value === undefined ? store.round.value?.deadline.value : undefined;
    const tick = () => {
      left.value = deadline === undefined ? undefined : Math.max(0, Math.ceil((deadline - performance.now()) / 1000));
    };
    tick();
    if (deadline === undefined) return undefined;
    const timer = setInterval(tick, 250);
    return () => clearInterval(timer);
  });
  return left;
}

function TimeLeft() {
  const { store } = useContext(Context);
  const t = store.t.value;
  const left = useSecondsLeft().value;
  if (left === undefined) return null;
  const text = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
  return (
    <span
      class="inv-game-time inv-number"
      role="timer"
      aria-label={t("game.time_left", { count: left })}
      data-short={left <= 10}
    >
      <Icon name="clock" />
      {text}
    </span>
  );
}

/** The time left as a line under the header; it moves by itself, without a frame of ours. */
function TimeBar() {
  const { store } = useContext(Context);
  const seconds = store.settings.value.seconds;
  const deadline = useComputed(() =>
    store.delivery.value === undefined ? store.round.value?.deadline.value : undefined,
  ).value;
  if (seconds === null || deadline === undefined) return null;
  const left = Math.max(0, deadline - performance.now());
  return (
    <span class="inv-game-timebar" aria-hidden="true">
      <span key={deadline} style={{ "--from": Math.min(1, left / (1000 * seconds)), animationDuration: `${left}ms` }} />
    </span>
  );
}
