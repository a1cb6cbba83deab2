/** A round's end: right or wrong, what it was, points, the words, and what others said. */
import { useSignal } from "@preact/signals";
import { useContext, useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { Icon, Slider } from "../core/controls";
import { useUniqueId } from "../core/ids";
import { GUARDED } from "../core/keyboard";
import { Chips } from "./chips";
import { Context } from "./context";
import { WordsLanguage } from "./features";
import { SEPARATORS } from "./open_round";
import { Troubled } from "./round";
import type { ResultScreen } from "./screens";

/** Under the picture: the cluster map on it, and how strong. */
export function ResultBar() {
  const { store } = useContext(Context);
  const t = store.t.value;
  const shown = store.overlay.value;
  const opacity = store.shared.opacity.value;
  return (
    <div class="inv-picture-bar">
      <button
        type="button"
        class="inv-button inv-toggle"
        aria-pressed={shown}
        onClick={() => {
          store.overlay.value = !shown;
        }}
        {...GUARDED}
      >
        <Icon name="map" />
        {t("game.overlay")}
      </button>
      <Slider
        label={t("game.opacity")}
        min={0}
        max={1}
        step={0.05}
        value={opacity}
        text={t.percent(opacity)}
        disabled={!shown}
        onSlide={(value) => store.share({ opacity: value })}
      />
    </div>
  );
}

export function ResultPanel({ screen }: { screen: ResultScreen }) {
  const { store, focus } = useContext(Context);
  const t = store.t.value;
  const next = useRef<HTMLButtonElement>(null);
  useLayoutEffect(() => focus(next.current), [focus]); // with the screen: Enter can follow at once
  const streak = screen.score?.streak ?? 0;
  return (
    <section class="inv-panel" aria-label={t("game.result")}>
      <div class="inv-panel-body">
        <div class="inv-outcome" data-outcome={screen.outcome} data-withdrawn={screen.withdrawn}>
          <p class="inv-outcome-word">
            <Icon name={screen.outcome === "won" ? "check" : screen.outcome === "lost" ? "close" : "skip"} />
            {t(`game.outcome_${screen.outcome}`)}
          </p>
          <h3 dir="auto">{screen.truth}</h3>
          {screen.outcome === "lost" && screen.guess !== null && (
            <p class="inv-quiet" dir="auto">
              {t("game.you_said", { guess: screen.guess })}
            </p>
          )}
          <p class="inv-outcome-points inv-number">
            {screen.points > 0 && <b>{t("game.points_won", { count: screen.points })}</b>}
            {screen.outcome === "won" && streak > 1 && (
              <span>
                <Icon name="flame" />
                {t("game.streak", { count: streak })}
              </span>
            )}
          </p>
        </div>
        <Words screen={screen} />
        {store.settings.value.show_others && <Others screen={screen} />}
        <p class="inv-hint inv-facts">
          <span>{screen.layer_title}</span>
          {screen.weight !== null && (
            <span class="inv-number">{t("game.weight", { weight: t.percent(screen.weight / 100, 1) })}</span>
          )}
          <span dir="auto">{screen.picture}</span>
        </p>
      </div>
      <div class="inv-panel-foot">
        <button
          ref={next}
          type="button"
          class="inv-button inv-primary"
          aria-busy={store.busy.value.has("next")}
          onKeyDown={(event) => {
            // The press that gave the answer, held a little long, must not leave the result.
            if (event.key === "Enter" && event.repeat) event.preventDefault();
          }}
          onClick={() => void store.next()}
          {...GUARDED}
        >
          {t(screen.last ? "game.finish" : "game.next")}
          <kbd aria-hidden="true">⏎</kbd>
        </button>
        <button
          type="button"
          class="inv-link"
          title={t(screen.withdrawn ? "game.restore_hint" : "game.withdraw_hint")}
          aria-busy={store.busy.value.has("withdraw")}
          onClick={() => void store.withdraw(screen.round, !screen.withdrawn)}
          {...GUARDED}
        >
          {t(screen.withdrawn ? "game.restore" : "game.withdraw")}
        </button>
        <span class="inv-saved">
          <Icon name="check" />
          {t(screen.withdrawn ? "game.withdrawn" : "game.saved")}
        </span>
        <Troubled />
      </div>
    </section>
  );
}

/** The words that were given; they may be corrected, which is kept beside what was said first. */
function Words({ screen }: { screen: ResultScreen }) {
  const { store } = useContext(Context);
  const t = store.t.value;
  const editing = useSignal(false);
  const edit = useRef<HTMLButtonElement>(null);
  if (editing.value) {
    const close = () => {
      editing.value = false;
      requestAnimationFrame(() => edit.current?.focus({ preventScroll: true }));
    };
    return <Correction screen={screen} onClose={close} />;
  }
  return (
    <div class="inv-question">
      <div class="inv-question-head">
        <span>{t(screen.corrected ? "game.your_words_corrected" : "game.your_words")}</span>
        <button
          ref={edit}
          type="button"
          class="inv-link"
          onClick={() => {
            editing.value = true;
          }}
          {...GUARDED}
        >
          <Icon name="pen" />
          {t("game.correct")}
        </button>
      </div>
      {screen.labels.length > 0 ? (
        <ul class="inv-words">
          {screen.labels.map((label) => (
            <li key={label} class="inv-word" dir="auto" lang={screen.language}>
              {label}
            </li>
          ))}
        </ul>
      ) : (
        <p class="inv-hint">{t("game.no_words")}</p>
      )}
    </div>
  );
}

function Correction({ screen, onClose }: { screen: ResultScreen; onClose: () => void }) {
  const { store } = useContext(Context);
  const t = store.t.value;
  const id = useUniqueId();
  const input = useRef<HTMLInputElement>(null);
  const labels = useSignal<readonly string[]>(screen.labels);
  const text = useSignal("");
  const language = useSignal(screen.language);
  const failure = useSignal<unknown>(undefined);
  const saving = useSignal(false);
  const { max_labels, max_label_length } = store.settings.value;
  useEffect(() => input.current?.focus({ preventScroll: true }), []);
  const add = (typed: string) => {
    const parts = typed.split(SEPARATORS).map((part) => part.trim());
    labels.value = [...new Set([...labels.value, ...parts.filter(Boolean)])].slice(0, max_labels);
    text.value = "";
  };
  const save = async () => {
    if (saving.peek()) return;
    add(text.value);
    saving.value = true;
    failure.value = undefined;
    try {
      await store.correct(screen.round, labels.value, language.value);
      onClose();
    } catch (error) {
      failure.value = error;
    } finally {
      saving.value = false;
    }
  };
  return (
    <div
      class="inv-question"
      onKeyDown={(event) => {
        // What was typed stays until Cancel is pressed.
        if (event.key === "Escape") event.stopPropagation();
      }}
    >
      <div class="inv-question-head">
        <label for={id}>{t("game.correct_words")}</label>
        <WordsLanguage
          value={language.value}
          onChange={(code) => {
            language.value = code;
          }}
        />
      </div>
      <Chips
        t={t}
        id={id}
        labels={labels.value}
        text={text.value}
        language={language.value}
        limit={max_labels}
        maxLength={max_label_length}
        input={input}
        describedBy={`${id}-hint`}
        onText={(typed) => {
          text.value = typed;
        }}
        onAdd={add}
        onRemove={(label) => {
          labels.value = labels.value.filter((other) => other !== label);
        }}
        onDone={() => void save()}
      />
      <p id={`${id}-hint`} class="inv-hint">
        {t("game.correct_hint")}
      </p>
      {failure.value !== undefined && (
        <p class="inv-missing" role="alert">
          {store.words(failure.value)}
        </p>
      )}
      <div class="inv-row">
        <button
          type="button"
          class="inv-button"
          aria-disabled={saving.value || undefined}
          onClick={() => void save()}
          {...GUARDED}
        >
          {t(saving.value ? "game.saving" : "game.save_words")}
        </button>
        <button type="button" class="inv-link" onClick={onClose} {...GUARDED}>
          {t("action.cancel")}
        </button>
      </div>
    </div>
  );
}

function Others({ screen }: { screen: ResultScreen }) {
  const { store } = useContext(Context);
  const t = store.t.value;
  const most = Math.max(1, ...screen.others.map(({ players }) => players));
  return (
    <div class="inv-question inv-others">
      <div class="inv-question-head">
        <span>{t("game.others")}</span>
        {screen.n_others > 0 && (
          <span class="inv-hint inv-number">{t("game.others_rounds", { count: screen.n_others })}</span>
        )}
      </div>
      {screen.others.length > 0 ? (
        <ul>
          {screen.others.map(({ text, players }) => (
            <li key={text}>
              <span dir="auto">{text}</span>
              <span class="inv-bar" aria-hidden="true">
                <span style={{ width: `${(100 * players) / most}%` }} />
              </span>
              <span class="inv-number" title={t("game.others_players", { count: players })}>
                {t.number(players)}
              </span>
            </li>
          ))}
        </ul>
      ) : (
        <p class="inv-hint">{t(screen.n_others > 0 ? "game.others_no_words" : "game.others_none")}</p>
      )}
    </div>
  );
}
