/** The store cannot be used at all: what happened, and what can be done. */
import { useContext, useEffect, useRef } from "preact/hooks";
import { GUARDED } from "../core/keyboard";
import { errorText } from "../core/languages";
import { Context } from "./context";
import type { TroubleScreen } from "./screens";
import type { GameStore } from "./store";
import { Polling } from "./waiting";

export function Trouble({ store, screen }: { store: GameStore; screen: TroubleScreen }) {
  const t = store.t.value;
  const { focus } = useContext(Context);
  const button = useRef<HTMLButtonElement>(null);
  useEffect(() => focus(button.current), [focus]);
  const detail = screen.message.replace(/^\[inv-widgets\]\s*/, "");
  const words = errorText(t, screen.code, screen.message);
  return (
    <div class="inv-page inv-trouble">
      <div class="inv-welcome-head" role="alert">
        <h3 class="inv-headline">{t("trouble.title")}</h3>
        <p class="inv-lead">{words}</p>
        <p class="inv-hint">{screen.retry ? t("trouble.by_itself") : t("trouble.tell")}</p>
      </div>
      <div class="inv-actions-row">
        <button
          ref={button}
          type="button"
          class="inv-button inv-primary inv-large"
          aria-disabled={store.busy.value.has("next") || undefined}
          onClick={() => void store.next()}
          {...GUARDED}
        >
          {t("action.retry")}
        </button>
      </div>
      {screen.retry && <Polling store={store} />}
      {store.notice.value && (
        <p class="inv-fault" role="alert">
          {store.notice.value.words}
        </p>
      )}
      {detail !== words && (
        <details class="inv-details">
          <summary {...GUARDED}>{t("trouble.detail")}</summary>
          <p dir="auto">{detail}</p>
        </details>
      )}
    </div>
  );
}
