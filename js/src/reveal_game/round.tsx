/** An open round: how much is shown, the guess, the words, and what to do with them. */
import { useSignal } from "@preact/signals";
import { useContext, useEffect, useMemo, useRef } from "preact/hooks";
import { GUARDED, undoKey } from "../core/keyboard";
import { Context } from "./context";
import { Features } from "./features";
import { Guess } from "./guess";
import type { Round } from "./open_round";
import type { RoundScreen } from "./screens";
import { Sending } from "./sending";

/** Under the picture: which step this is, and the next. */
export function StepBar({ screen }: { screen: RoundScreen }) {
  const { store } = useContext(Context);
  const t = store.t.value;
  const { shares } = store.settings.value;
  const next = shares[screen.step + 1];
  const share = (value: number) => t.percent(value / 100, 1);
  return (
    <div class="inv-picture-bar">
      <button
        type="button"
        class="inv-button inv-show-more"
        aria-disabled={!store.canShowMore() || screen.paused || undefined}
        aria-busy={store.busy.value.has("show")}
        aria-keyshortcuts="PageDown Alt+ArrowRight"
        onClick={() => void store.showMore()}
        {...GUARDED}
      >
        {next === undefined ? t("game.all_shown") : t("game.show_more", { share: share(next) })}
        {next !== undefined && <kbd aria-hidden="true">{t("game.key_page_down")}</kbd>}
      </button>
      <span
        class="inv-dots"
        role="img"
        aria-label={t("game.step", {
          step: screen.step + 1,
          steps: shares.length,
          share: share(shares[screen.step] ?? 0),
        })}
        title={shares.map(share).join(", ")}
      >
        {shares.map((value, i) => (
          <span key={value} data-done={i <= screen.step} />
        ))}
        <span class="inv-number">{share(shares[screen.step] ?? 0)}</span>
      </span>
    </div>
  );
}

interface RoundPanelProps {
  screen: RoundScreen;
  round: Round;
}

export function RoundPanel({ screen, round }: RoundPanelProps) {
  const { store, focus } = useContext(Context);
  const t = store.t.value;
  const guessInput = useRef<HTMLInputElement>(null);
  const wordsInput = useRef<HTMLInputElement>(null);
  /** Whether an answer was tried: what is missing is said only then. */
  const tried = useSignal(false);
  const categories = store.settings.value.categories;
  const names = useMemo(() => screen.choices ?? categories, [screen.choices, categories]);
  const { resigned } = round.choice.value;
  const delivery = store.delivery.value;
  const disabled = delivery !== undefined || screen.paused;
  const missing = tried.value ? round.missing.value : undefined;

  // The round opens, or goes on, at the first thing that is not done.
  useEffect(() => {
    if (!screen.paused) focus(round.choice.peek().guess === null ? guessInput.current : wordsInput.current);
  }, [focus, round, screen.paused]);

  const answer = () => {
    if (disabled) return;
    const lacks = round.missing.peek();
    tried.value = lacks !== undefined;
    if (lacks === "guess") guessInput.current?.focus({ preventScroll: true });
    else if (lacks === "labels") wordsInput.current?.focus({ preventScroll: true });
    else store.answer();
  };
  const travel = (kind: "undo" | "redo") => {
    round[kind]();
    round.type({ guess: "" });
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (disabled || event.isComposing) return;
    const undo = undoKey(event);
    const field = event.target instanceof HTMLInputElement ? event.target : undefined;
    // What is being typed has the browser's own undo.
    const typing = field === guessInput.current ? round.guessText.peek() !== "" : (field?.value ?? "") !== "";
    if (undo && !(field && typing)) {
      event.preventDefault();
      travel(undo);
      return;
    }
    const atEnd = !field || field.selectionStart === field.value.length || round.choice.peek().guess === field.value;
    const more = event.key === "PageDown" || (event.altKey && event.key === "ArrowRight" && atEnd);
    if (!more || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    if (!event.repeat) void store.showMore();
  };
  const giveUp = () => {
    if (disabled) return;
    round.resign();
    tried.value = false;
    wordsInput.current?.focus({ preventScroll: true });
  };

  return (
    <section class="inv-panel" aria-label={t("game.your_answer")} onKeyDown={onKeyDown}>
      <div class="inv-panel-body">
        {resigned ? (
          <div class="inv-resigned" role="status">
            <strong>{t("game.giving_up")}</strong>
            <p>{t("game.giving_up_text")}</p>
          </div>
        ) : (
          <Guess
            round={round}
            names={names}
            disabled={disabled}
            invalid={missing === "guess"}
            input={guessInput}
            onChosen={() => focus(wordsInput.current)}
          />
        )}
        <Features
          round={round}
          disabled={disabled}
          invalid={missing === "labels"}
          input={wordsInput}
          onDone={answer}
          onTravel={travel}
        />
        <p class="inv-missing" role="alert">
          {missing ? t(`game.missing_${missing}`) : ""}
        </p>
      </div>
      <div class="inv-panel-foot">
        {delivery === undefined ? (
          <>
            <button
              type="button"
              class="inv-button inv-primary"
              aria-disabled={disabled || undefined}
              onClick={answer}
              {...GUARDED}
            >
              {resigned ? t("game.show_answer") : t("game.answer")}
              <kbd aria-hidden="true">⏎</kbd>
            </button>
            {resigned ? (
              <button
                type="button"
                class="inv-button"
                aria-disabled={disabled || undefined}
                onClick={() => !disabled && round.unresign()}
                {...GUARDED}
              >
                {t("game.go_on_guessing")}
              </button>
            ) : (
              <button
                type="button"
                class="inv-button"
                aria-disabled={disabled || undefined}
                onClick={giveUp}
                {...GUARDED}
              >
                {t("game.give_up")}
              </button>
            )}
            {!resigned && (
              <button
                type="button"
                class="inv-link inv-skip"
                aria-disabled={disabled || store.busy.value.has("skip") || undefined}
                title={t("game.skip_hint")}
                onClick={() => !disabled && void store.skip()}
                {...GUARDED}
              >
                {t("game.skip")}
              </button>
            )}
          </>
        ) : (
          <Sending delivery={delivery} />
        )}
        <Troubled />
      </div>
    </section>
  );
}

/** What went wrong with the last question to the kernel. */
export function Troubled() {
  const { store } = useContext(Context);
  const t = store.t.value;
  const notice = store.notice.value;
  if (!notice) return null;
  return (
    <div class="inv-notice" role="alert">
      <span>{notice.words}</span>
      {notice.retry && (
        <button type="button" class="inv-button" onClick={notice.retry} {...GUARDED}>
          {t("action.retry")}
        </button>
      )}
    </div>
  );
}
