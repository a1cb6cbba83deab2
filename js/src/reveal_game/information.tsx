/** The rules, what the host wrote, what was agreed to, and how to take everything back. */
import { useSignal } from "@preact/signals";
import { useLayoutEffect, useRef } from "preact/hooks";
import { GUARDED } from "../core/keyboard";
import { Paragraphs } from "./paragraphs";
import type { GameStore } from "./store";
import { Steps } from "./welcome";

export function Information({ store }: { store: GameStore }) {
  const t = store.t.value;
  const { information, consent, seconds } = store.settings.value;
  const screen = store.screen.value;
  const entered = screen.kind !== "welcome" && !(screen.kind === "end" && screen.reason === "declined");
  const rules = [
    t("information.points"),
    t("information.features"),
    ...(seconds === null ? [] : [t("information.seconds", { count: seconds })]),
    t("information.undo"),
    t("information.skip"),
  ];
  return (
    <div class="inv-information">
      <Steps store={store} />
      <section aria-label={t("information.rules")}>
        <h4>{t("information.rules")}</h4>
        <ul class="inv-bullets">
          {rules.map((rule) => (
            <li key={rule}>{rule}</li>
          ))}
        </ul>
      </section>
      {information && (
        <section aria-label={t("welcome.information")}>
          <h4>{t("welcome.information")}</h4>
          <Paragraphs text={information} />
        </section>
      )}
      {consent && (
        <section aria-label={t("welcome.consent")}>
          <h4>{t("welcome.consent")}</h4>
          <Paragraphs text={consent} />
        </section>
      )}
      {entered && <Forget store={store} />}
    </div>
  );
}

/** Deleting asks first: nothing brings it back. */
function Forget({ store }: { store: GameStore }) {
  const t = store.t.value;
  const [asking, busy] = [useSignal(false), useSignal(false)];
  const fault = useSignal<string | undefined>(undefined);
  const cancel = useRef<HTMLButtonElement>(null);
  const first = useRef<HTMLButtonElement>(null);
  const wasAsking = useRef(false);
  const shown = asking.value;
  useLayoutEffect(() => {
    if (shown) cancel.current?.focus();
    else if (wasAsking.current) first.current?.focus();
    wasAsking.current = shown;
  }, [shown]);
  const forget = async () => {
    if (busy.peek()) return;
    busy.value = true;
    fault.value = undefined;
    try {
      await store.forget();
    } catch (error) {
      fault.value = store.words(error);
    } finally {
      busy.value = false;
    }
  };
  return (
    <section class="inv-forget" aria-label={t("information.data")}>
      <h4>{t("information.data")}</h4>
      <p>{t("information.data_words")}</p>
      {shown ? (
        <div
          class="inv-confirm"
          role="group"
          aria-label={t("information.forget_sure")}
          onKeyDown={(event) => {
            if (event.key !== "Escape") return;
            event.preventDefault();
            event.stopPropagation();
            asking.value = false;
          }}
        >
          <p role="alert">{t("information.forget_sure")}</p>
          <div class="inv-actions-row">
            <button
              ref={cancel}
              type="button"
              class="inv-button"
              onClick={() => {
                asking.value = false;
              }}
              {...GUARDED}
            >
              {t("action.cancel")}
            </button>
            <button
              type="button"
              class="inv-button inv-danger"
              aria-disabled={busy.value || undefined}
              onClick={() => void forget()}
              {...GUARDED}
            >
              {t("information.forget_yes")}
            </button>
          </div>
        </div>
      ) : (
        <button
          ref={first}
          type="button"
          class="inv-button"
          onClick={() => {
            asking.value = true;
          }}
          {...GUARDED}
        >
          {t("information.forget")}
        </button>
      )}
      {fault.value !== undefined && (
        <p class="inv-fault" role="alert">
          {fault.value}
        </p>
      )}
    </section>
  );
}
