/** Answers to other rounds that are not saved yet: from before a reload, or refused by the store. */
import { useContext } from "preact/hooks";
import { GUARDED } from "../core/keyboard";
import { Context } from "./context";
import { CopyWords, stays, why } from "./sending";

export function Letters() {
  const { store } = useContext(Context);
  const t = store.t.value;
  const token = store.round.value?.token;
  const others = store.outbox.pending.value.filter(({ entry }) => entry.message.round !== token);
  const waiting = others.filter(({ state }) => state !== "kept");
  const kept = others.filter(({ state, code }) => state === "kept" && code !== "other-player");
  const first = waiting[0];
  return (
    <>
      {first && (
        <div class="inv-letter" role="status">
          <span>
            {t("game.waiting_answers", { count: waiting.length })} {why(store, t, first)} {stays(store, t, first)}
          </span>
          <button type="button" class="inv-button" onClick={() => store.outbox.retry()} {...GUARDED}>
            {t("game.send_now")}
          </button>
        </div>
      )}
      {kept.map((delivery) => (
        <div key={delivery.entry.message.round} class="inv-letter" role="status">
          <span>
            {t("game.kept_answer")} {why(store, t, delivery)}
          </span>
          <CopyWords delivery={delivery} />
          <button
            type="button"
            class="inv-button"
            onClick={() => store.outbox.dismiss(delivery.entry.message.round)}
            {...GUARDED}
          >
            {t("game.throw_away")}
          </button>
        </div>
      ))}
    </>
  );
}
