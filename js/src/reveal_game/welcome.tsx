/** Before the first round: what the game is, what is asked for, who plays. Nothing is stored before it is left by "Play". */
import { useSignal } from "@preact/signals";
import { useRef } from "preact/hooks";
import { useUniqueId } from "../core/ids";
import { GUARDED } from "../core/keyboard";
import { RequestError } from "../core/requests";
import { Paragraphs } from "./paragraphs";
import type { WelcomeScreen } from "./screens";
import type { GameStore } from "./store";

const NICKNAME_LENGTH = 40;

type Fault = { place: "nickname" | "consent" | "all"; words: string };

export function Welcome({ store, screen }: { store: GameStore; screen: WelcomeScreen }) {
  const t = store.t.value;
  const { information, consent } = store.settings.value;
  const [nickname, agreed, ranked] = [useSignal(""), useSignal(false), useSignal(false)];
  const fault = useSignal<Fault | undefined>(undefined);
  const entering = useSignal(false);
  const form = useRef<HTMLFormElement>(null);
  const needs = new Set(screen.needs);
  const remembered = needs.has("nickname") ? store.remembered.value : undefined;
  const asksConsent = needs.has("consent") && consent !== null && remembered === undefined;
  const asksNickname = needs.has("nickname") && remembered === undefined;

  const fail = (place: Fault["place"], words: string) => {
    fault.value = { place, words };
    form.current?.querySelector<HTMLElement>(`[data-place="${place}"]`)?.focus();
  };
  const enter = async () => {
    if (entering.value) return;
    fault.value = undefined;
    if (asksNickname && nickname.value.trim() === "") return fail("nickname", t("welcome.nickname_missing"));
    if (asksConsent && !agreed.value) return fail("consent", t("welcome.consent_missing"));
    entering.value = true;
    try {
      await store.enter(remembered ?? (asksNickname ? nickname.value : null), {
        // Who was here before has agreed before: what is remembered is written after consent only.
        consent: asksConsent ? agreed.value : remembered !== undefined,
        on_leaderboard: remembered === undefined ? ranked.value : store.ranked(remembered),
      });
    } catch (error) {
      const code = error instanceof RequestError ? error.code : undefined;
      const taken = code === "nickname-taken";
      // Under this name somebody else plays by now: ask for another.
      if (taken && remembered !== undefined) store.leave();
      fail(asksNickname && code?.startsWith("nickname-") ? "nickname" : "all", store.words(error));
    } finally {
      entering.value = false;
    }
  };

  return (
    <div class="inv-page inv-welcome">
      <div class="inv-welcome-head">
        <h3 class="inv-headline">{t("welcome.headline")}</h3>
        <p class="inv-lead">{t("welcome.lead", { count: screen.n_maps })}</p>
      </div>
      <Steps store={store} />
      {needs.has("information") && information && (
        <section class="inv-text">
          <h4>{t("welcome.information")}</h4>
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: long texts scroll by the keyboard */}
          <div class="inv-scroll" tabIndex={0} role="region" aria-label={t("welcome.information")} {...GUARDED}>
            <Paragraphs text={information} />
          </div>
        </section>
      )}
      <form
        ref={form}
        class="inv-form"
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          void enter();
        }}
      >
        {asksConsent && consent !== null && (
          <section class="inv-text">
            <h4>{t("welcome.consent")}</h4>
            {/* biome-ignore lint/a11y/noNoninteractiveTabindex: long texts scroll by the keyboard */}
            <div class="inv-scroll" tabIndex={0} role="region" aria-label={t("welcome.consent")} {...GUARDED}>
              <Paragraphs text={consent} />
            </div>
          </section>
        )}
        {asksNickname && (
          <Nickname
            store={store}
            value={nickname.value}
            fault={fault.value?.place === "nickname" ? fault.value.words : undefined}
            onType={(value) => {
              nickname.value = value;
              if (fault.value?.place === "nickname") fault.value = undefined;
            }}
          />
        )}
        {store.settings.value.leaderboard && remembered === undefined && (
          <Check
            label={t("welcome.leaderboard")}
            checked={ranked.value}
            onCheck={(on) => {
              ranked.value = on;
            }}
          />
        )}
        {asksConsent && (
          <Check
            label={t("welcome.agree")}
            place="consent"
            checked={agreed.value}
            fault={fault.value?.place === "consent" ? fault.value.words : undefined}
            onCheck={(on) => {
              agreed.value = on;
              if (fault.value?.place === "consent") fault.value = undefined;
            }}
          />
        )}
        {screen.status === "paused" && <p class="inv-hint">{t("welcome.paused")}</p>}
        {fault.value?.place === "all" && (
          <p class="inv-fault" role="alert">
            {fault.value.words}
          </p>
        )}
        <div class="inv-actions-row">
          <button
            type="submit"
            class="inv-button inv-primary inv-large"
            aria-disabled={entering.value || undefined}
            {...GUARDED}
          >
            {remembered === undefined ? t("welcome.play") : t("welcome.play_as", { nickname: remembered })}
          </button>
          {remembered !== undefined && (
            <button type="button" class="inv-button inv-large" onClick={() => store.leave()} {...GUARDED}>
              {t("welcome.somebody_else")}
            </button>
          )}
          {asksConsent && (
            <button type="button" class="inv-button inv-large" onClick={() => void store.decline()} {...GUARDED}>
              {t("welcome.decline")}
            </button>
          )}
        </div>
        {store.notice.value && (
          <p class="inv-fault" role="alert">
            {store.notice.value.words}
          </p>
        )}
        {asksConsent && <p class="inv-hint">{t("welcome.nothing_stored")}</p>}
        {needs.has("nickname") && !store.durable && <p class="inv-hint">{t("welcome.not_durable")}</p>}
      </form>
    </div>
  );
}

/** The game in three lines. */
export function Steps({ store }: { store: GameStore }) {
  const t = store.t.value;
  const steps = [
    { title: t("welcome.look"), words: t("welcome.look_words"), key: t("welcome.look_key") },
    { title: t("welcome.guess"), words: t("welcome.guess_words"), key: t("welcome.guess_key") },
    { title: t("welcome.name"), words: t("welcome.name_words"), key: t("welcome.guess_key") },
  ];
  return (
    <ol class="inv-steps" aria-label={t("welcome.how")}>
      {steps.map(({ title, words, key }, i) => (
        <li key={title}>
          <span class="inv-step-number inv-number" aria-hidden="true">
            {i + 1}
          </span>
          <strong>{title}</strong>
          <span class="inv-quiet">
            {words} <kbd>{key}</kbd>
          </span>
        </li>
      ))}
    </ol>
  );
}

interface NicknameProps {
  store: GameStore;
  value: string;
  fault: string | undefined;
  onType: (value: string) => void;
}

function Nickname({ store, value, fault, onType }: NicknameProps) {
  const t = store.t.value;
  const id = useUniqueId();
  return (
    <div class="inv-named-field">
      <label for={id}>{t("welcome.nickname")}</label>
      <input
        id={id}
        class="inv-text-field"
        type="text"
        dir="auto"
        data-place="nickname"
        data-1p-ignore="true"
        autocomplete="off"
        autocapitalize="none"
        spellcheck={false}
        maxLength={NICKNAME_LENGTH}
        value={value}
        aria-invalid={fault !== undefined}
        aria-describedby={`${id}-hint ${id}-fault`}
        onInput={(event) => onType(event.currentTarget.value)}
        {...GUARDED}
      />
      <p id={`${id}-fault`} class="inv-fault" role="alert">
        {fault ?? ""}
      </p>
      <p id={`${id}-hint`} class="inv-hint">
        {t("welcome.nickname_hint")}
      </p>
    </div>
  );
}

interface CheckProps {
  label: string;
  checked: boolean;
  place?: string;
  fault?: string | undefined;
  onCheck: (checked: boolean) => void;
}

export function Check({ label, checked, place, fault, onCheck }: CheckProps) {
  const id = useUniqueId();
  return (
    <div class="inv-check">
      <label>
        <input
          type="checkbox"
          data-place={place}
          checked={checked}
          aria-invalid={fault !== undefined}
          aria-describedby={fault === undefined ? undefined : id}
          onChange={(event) => onCheck(event.currentTarget.checked)}
          {...GUARDED}
        />
        <span>{label}</span>
      </label>
      {fault !== undefined && (
        <p id={id} class="inv-fault" role="alert">
          {fault}
        </p>
      )}
    </div>
  );
}
