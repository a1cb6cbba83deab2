/** An answer on its way: saving, not saved yet, or kept here for good. */
import { useContext, useState } from "preact/hooks";
import { Icon } from "../core/controls";
import { GUARDED } from "../core/keyboard";
import { errorText, type Translate } from "../core/languages";
import { Context } from "./context";
import type { Delivery } from "./outbox";
import type { GameStore } from "./store";

/** In place of the buttons of the round that it answers. */
export function Sending({ delivery }: { delivery: Delivery | "saved" }) {
  const { store } = useContext(Context);
  const t = store.t.value;
  if (delivery === "saved") {
    return (
      <p class="inv-sending" role="status">
        <Icon name="check" />
        <span>{t("game.saved")}</span>
      </p>
    );
  }
  if (delivery.state === "saving" && !delivery.reason) {
    return (
      <p class="inv-sending" role="status">
        <span class="inv-spinner" aria-hidden="true" />
        <span>{t("game.saving")}</span>
      </p>
    );
  }
  return (
    <div class="inv-sending inv-unsaved" role="alert">
      <span>
        <b>{t("game.not_saved")}</b> {why(store, t, delivery)} {stays(store, t, delivery)}
      </span>
      <span class="inv-sending-actions">
        <button
          type="button"
          class="inv-button"
          aria-disabled={delivery.state === "saving" || undefined}
          onClick={() => delivery.state !== "saving" && store.outbox.retry()}
          {...GUARDED}
        >
          {t("game.send_now")}
        </button>
        {delivery.state === "kept" && (
          <>
            <CopyWords delivery={delivery} />
            {delivery.code === "round-unknown" ? (
              <button type="button" class="inv-button" onClick={() => void store.next()} {...GUARDED}>
                {t("game.next")}
              </button>
            ) : (
              <button type="button" class="inv-button" onClick={() => store.change()} {...GUARDED}>
                {t("game.change_answer")}
              </button>
            )}
          </>
        )}
      </span>
    </div>
  );
}

/** Where an answer waits, and whether the page may be closed meanwhile. */
export function stays(store: GameStore, t: Translate, { state, code }: Delivery): string {
  if (state === "kept") return "";
  if (!store.durable) return t("game.kept_in_page");
  // What is said of the store says it too.
  return code?.startsWith("store-") ? "" : t("game.kept_here");
}

export function why(store: GameStore, t: Translate, { code, reason }: Delivery): string {
  if (code === "not-connected") return store.alive.value ? t("game.not_connected") : t("game.gone.title");
  if (code === "other-player") return t("game.other_player");
  return errorText(t, code, reason ?? "");
}

/** The words of an answer that cannot be saved, for the clipboard. */
export function CopyWords({ delivery }: { delivery: Delivery }) {
  const { store } = useContext(Context);
  const t = store.t.value;
  const [copied, setCopied] = useState(false);
  const { guess, labels } = delivery.entry.message;
  const text = [guess ?? "", ...labels].filter(Boolean).join(", ");
  const copy = () => {
    navigator.clipboard?.writeText(text).then(
      () => setCopied(true),
      () => setCopied(false),
    );
  };
  return (
    <>
      <q class="inv-kept-words" dir="auto">
        {text}
      </q>
      <button type="button" class="inv-button" onClick={copy} {...GUARDED}>
        {t(copied ? "action.copied" : "action.copy")}
      </button>
    </>
  );
}
