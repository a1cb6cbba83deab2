/** The host has paused the game: nothing to do, and the game goes on by itself. */
import { useContext, useEffect, useRef } from "preact/hooks";
import { GUARDED } from "../core/keyboard";
import { Context } from "./context";
import { Result } from "./end";
import type { WaitingScreen } from "./screens";
import type { GameStore } from "./store";

const POLL_MS = 5_000;

export function Waiting({ store, screen }: { store: GameStore; screen: WaitingScreen }) {
  const t = store.t.value;
  const { focus } = useContext(Context);
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => focus(heading.current), [focus]);
  return (
    <div class="inv-page inv-waiting">
      <div class="inv-welcome-head" role="status">
        <span class="inv-breaths" aria-hidden="true">
          <span />
          <span />
          <span />
        </span>
        <h3 ref={heading} class="inv-headline" tabIndex={-1} {...GUARDED}>
          {t("waiting.title")}
        </h3>
        <p class="inv-lead">{t("waiting.words")}</p>
      </div>
      {screen.score && <Result store={store} score={screen.score} />}
      <Polling store={store} />
    </div>
  );
}

/** Asks every few seconds whether something changed, while somebody looks; one question at a time. */
export function Polling({ store }: { store: GameStore }) {
  useEffect(() => {
    let asking = false;
    const timer = setInterval(async () => {
      if (asking || document.hidden || !store.alive.peek()) return;
      asking = true;
      await store.poll();
      asking = false;
    }, POLL_MS);
    return () => clearInterval(timer);
  }, [store]);
  return null;
}
