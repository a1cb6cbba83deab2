/** The host's desk: the game's state and its switches, how players come in, how far they are, and the way out for the data. */
import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { Icon } from "../core/controls";
import { Alert } from "../core/errors";
import { GUARDED } from "../core/keyboard";
import { LanguageSelect } from "../core/language_select";
import { Confirm } from "./confirm";
import { Coverage } from "./coverage";
import { FORMATS } from "./desk_data";
import { Invitation, Invite } from "./invite";
import { Agreement, Numbers } from "./numbers";
import { Leaderboard, Players } from "./people";
import type { DeskStore } from "./store";

/** The kernel counts on request, and is asked only while somebody looks. */
const REFRESH_MS = 3_000;

export function HostDesk({ store }: { store: DeskStore }) {
  const t = store.t.value;
  const desk = store.desk.value;
  const root = useRef<HTMLDivElement>(null);
  useRefreshing(store, root);
  const nobody = desk.n_players === 0 && desk.n_rounds === 0;
  return (
    <div
      ref={root}
      class="inv-desk"
      lang={store.language.value}
      data-status={desk.status}
      style={{ "--height": `${store.own.height.value}px` }}
    >
      {!store.alive.value && (
        <p class="inv-banner" role="status">
          <Icon name="plug" />
          <span>
            <b>{t("host.gone")}</b> {t("host.gone_words")}
          </span>
        </p>
      )}
      <Head store={store} />
      {desk.trouble && <Alert title={t("host.trouble")} error={store.words(desk.trouble.code, desk.trouble.message)} />}
      {store.fault.value !== undefined && <Alert title={t("host.failed")} error={store.fault.value} />}
      {desk.turn === 0 && !desk.title ? (
        <p class="inv-desk-loading" role="status">
          {t("host.loading")}
        </p>
      ) : nobody ? (
        <Invitation store={store} />
      ) : (
        <div class="inv-desk-body">
          <Numbers store={store} />
          <Invite store={store} />
          <Coverage store={store} />
          <div class="inv-desk-side">
            <Leaderboard store={store} />
            <Agreement store={store} />
            <Players store={store} />
          </div>
          <Exports store={store} />
        </div>
      )}
      <p class="inv-visually-hidden" role="status">
        {store.done.value ?? ""}
      </p>
    </div>
  );
}

/** While the kernel is at it, buttons are disabled in words only: they keep the focus, and the store does nothing twice. */
function Head({ store }: { store: DeskStore }) {
  const t = store.t.value;
  const { title, status } = store.desk.value;
  const asking = useSignal(false);
  const [go, end] = [useRef<HTMLButtonElement>(null), useRef<HTMLButtonElement>(null)];
  const running = status === "running";
  const busy = store.busy.value.has("status");
  return (
    <header class="inv-desk-head">
      <div class="inv-desk-title">
        <h2 dir="auto" tabIndex={-1} {...GUARDED}>
          {title || t("host.title")}
        </h2>
        <span class="inv-status" data-status={status} role="status">
          <span class="inv-dot" aria-hidden="true" />
          {t(`host.status_${status}`)}
        </span>
      </div>
      <div class="inv-row">
        {/* One button whatever it does: the focus stays on it. */}
        <button
          ref={go}
          type="button"
          class={running ? "inv-button" : "inv-button inv-primary"}
          aria-disabled={busy || undefined}
          onClick={() => void store.setStatus(running ? "paused" : "running")}
          {...GUARDED}
        >
          <Icon name={running ? "pause" : "play"} />
          {t(running ? "host.pause" : status === "paused" ? "host.resume" : "host.reopen")}
        </button>
        {status !== "ended" && (
          <button
            ref={end}
            type="button"
            class="inv-button"
            aria-expanded={asking.value}
            aria-disabled={busy || undefined}
            onClick={() => {
              if (!busy) asking.value = !asking.value;
            }}
            {...GUARDED}
          >
            {t("host.end")}
          </button>
        )}
        <LanguageSelect language={store.language.value} t={t} onSelect={(language) => store.setLanguage(language)} />
      </div>
      {asking.value && status !== "ended" && (
        <Confirm
          store={store}
          question={t("host.end_sure")}
          yes={t("host.end_yes")}
          busy={busy}
          onYes={async () => {
            if (!(await store.setStatus("ended"))) return;
            asking.value = false;
            go.current?.focus({ preventScroll: true });
          }}
          onCancel={() => {
            asking.value = false;
            end.current?.focus({ preventScroll: true });
          }}
        />
      )}
    </header>
  );
}

function Exports({ store }: { store: DeskStore }) {
  const t = store.t.value;
  return (
    <section class="inv-desk-card inv-exports" aria-label={t("host.export")}>
      <div>
        <h3>{t("host.export")}</h3>
        <p class="inv-hint">{t("host.export_words")}</p>
      </div>
      <div class="inv-row">
        {FORMATS.map((format) => (
          <button
            key={format}
            type="button"
            class="inv-button"
            aria-disabled={store.busy.value.has(`export:${format}`) || undefined}
            onClick={() => void store.export(format)}
            {...GUARDED}
          >
            {t(`host.format_${format}`)}
          </button>
        ))}
      </div>
      {store.done.value !== undefined && <p class="inv-hint">{store.done.value}</p>}
    </section>
  );
}

function useRefreshing(store: DeskStore, root: { current: HTMLElement | null }): void {
  useEffect(() => {
    let seen = true;
    const look = () => {
      if (seen && !document.hidden) void store.refresh();
    };
    const observer = new IntersectionObserver((entries) => {
      const before = seen;
      seen = entries.at(-1)?.isIntersecting ?? seen;
      if (seen && !before) look();
    });
    if (root.current) observer.observe(root.current);
    look();
    const timer = setInterval(look, REFRESH_MS);
    document.addEventListener("visibilitychange", look);
    return () => {
      clearInterval(timer);
      observer.disconnect();
      document.removeEventListener("visibilitychange", look);
    };
  }, [store, root]);
}
