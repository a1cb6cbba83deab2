/** What changes without the focus, told to screen readers. */
import { useSignal, useSignalEffect } from "@preact/signals";
import { useContext } from "preact/hooks";
import { Context } from "./context";

export function Said() {
  const { store } = useContext(Context);
  const words = useSignal("");
  useSignalEffect(() => {
    const t = store.t.value;
    const screen = store.screen.value;
    if (screen.kind === "round") {
      const { shares } = store.settings.value;
      const share = t.percent((shares[screen.step] ?? 0) / 100, 1);
      const round =
        screen.of === null
          ? t("game.round", { number: screen.number })
          : t("game.round_of", { number: screen.number, of: screen.of });
      words.value = screen.paused
        ? t("game.paused")
        : `${round}. ${t("game.step", { step: screen.step + 1, steps: shares.length, share })}`;
    } else if (screen.kind === "result") {
      const points = t("game.points", { count: screen.points });
      words.value = `${t(`game.outcome_${screen.outcome}`)} ${t("game.it_was", { truth: screen.truth })} ${points}. ${t("game.saved")}`;
    } else words.value = "";
  });
  return (
    <p class="inv-visually-hidden inv-said" role="status" aria-live="polite">
      {words.value}
    </p>
  );
}
