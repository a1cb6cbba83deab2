/** Who plays: the leaderboard, all players, and deleting what is stored of one. */
import { useSignal } from "@preact/signals";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { GUARDED } from "../core/keyboard";
import { Confirm } from "./confirm";
import type { Player } from "./desk_data";
import type { DeskStore } from "./store";

export function Leaderboard({ store }: { store: DeskStore }) {
  const t = store.t.value;
  const { leaderboard } = store.desk.value;
  return (
    <section class="inv-desk-card" aria-label={t("host.leaderboard")}>
      <h3>{t("host.leaderboard")}</h3>
      {leaderboard.length === 0 ? (
        <p class="inv-quiet">{t("host.leaderboard_empty")}</p>
      ) : (
        <ol class="inv-ranks">
          {leaderboard.map(({ nickname, points, rounds, wins }, i) => (
            <li key={i}>
              <span class="inv-number inv-quiet" aria-hidden="true">
                {t.number(i + 1)}
              </span>
              <bdi>{nickname}</bdi>
              <span class="inv-hint inv-number">{t("host.wins_of", { wins, count: rounds })}</span>
              <b class="inv-number">{t("host.points", { count: points })}</b>
            </li>
          ))}
        </ol>
      )}
    </section>
  );
}

export function Players({ store }: { store: DeskStore }) {
  const t = store.t.value;
  const { players } = store.desk.value;
  const asked = useSignal<string | undefined>(undefined);
  const list = useRef<HTMLUListElement>(null);
  const heading = useRef<HTMLHeadingElement>(null);
  const now = useNow();
  const place = players.findIndex((player) => keyOf(player) === asked.value);
  const lastPlace = useRef(place);
  if (place >= 0) lastPlace.current = place;
  /** The question goes, and what had the focus with it: the button in its place takes it, or the next one, or the heading. */
  const close = () => {
    asked.value = undefined;
    requestAnimationFrame(() => {
      const { activeElement, body } = document;
      if (activeElement !== null && activeElement !== body) return;
      const rows = [...(list.current?.children ?? [])];
      const row = rows[lastPlace.current] ?? rows.at(-1);
      (row?.querySelector("button") ?? heading.current)?.focus({ preventScroll: true });
    });
  };
  // With the player, who may also have gone by themselves.
  useLayoutEffect(() => {
    if (asked.value !== undefined && place < 0) close();
  });
  useLayoutEffect(() => {
    const title = heading.current?.closest(".inv-desk")?.querySelector("h2");
    return () => {
      // With the last player and all rounds this list goes, too.
      if (asked.peek() !== undefined) title?.focus({ preventScroll: true });
    };
  }, [asked]);
  return (
    <section class="inv-desk-card" aria-label={t("host.players")}>
      <h3 ref={heading} tabIndex={-1} {...GUARDED}>
        {t("host.players")}
      </h3>
      {players.length === 0 && <p class="inv-quiet">{t("host.nobody")}</p>}
      <ul class="inv-people" ref={list}>
        {players.map((player) => (
          <li key={keyOf(player)}>
            <bdi>{player.nickname}</bdi>
            <span class="inv-hint inv-number">
              {[t("host.player_rounds", { count: player.rounds }), seen(store, player, now)]
                .filter(Boolean)
                .join(" · ")}
            </span>
            {asked.value === keyOf(player) ? (
              <Confirm
                store={store}
                question={t("host.forget_sure", { nickname: player.nickname })}
                yes={t("host.forget_yes")}
                busy={store.busy.value.has(`forget:${keyOf(player)}`)}
                onYes={async () => {
                  if ((await store.forget(player)) && asked.peek() === keyOf(player)) close();
                }}
                onCancel={close}
              />
            ) : (
              <button
                type="button"
                class="inv-button inv-quiet-button"
                aria-label={t("host.forget_of", { nickname: player.nickname })}
                onClick={() => {
                  asked.value = keyOf(player);
                }}
                {...GUARDED}
              >
                {t("host.forget")}
              </button>
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}

const keyOf = ({ id, nickname }: Player) => id ?? nickname;

/** "2 minutes ago"; a player of the last minute is here now. */
function seen(store: DeskStore, player: Player, now: number): string {
  const t = store.t.value;
  const seconds = (Date.parse(player.last_seen) - now) / 1000;
  if (!Number.isFinite(seconds)) return "";
  if (seconds > -60) return t("host.now");
  const words = new Intl.RelativeTimeFormat(t.language, { numeric: "always", style: "short" });
  if (seconds > -3600) return words.format(Math.ceil(seconds / 60), "minute");
  if (seconds > -86_400) return words.format(Math.ceil(seconds / 3600), "hour");
  return words.format(Math.ceil(seconds / 86_400), "day");
}

function useNow(): number {
  const now = useSignal(Date.now());
  useEffect(() => {
    const timer = setInterval(() => {
      now.value = Date.now();
    }, 15_000);
    return () => clearInterval(timer);
  }, [now]);
  return now.value;
}
