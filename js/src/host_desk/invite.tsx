/** How players come in: a link and its QR code, as large as is wanted. */
import { useSignal } from "@preact/signals";
import { useEffect, useLayoutEffect, useMemo, useRef } from "preact/hooks";
import { Icon, IconButton } from "../core/controls";
import { keepInside } from "../core/dialogs";
import { GUARDED } from "../core/keyboard";
import { copy } from "./files";
import type { DeskStore } from "./store";

/** Empty modules around a code, without which scanners do not find it. */
const QUIET = 4;

/** A QR code; black on white in dark themes too: many scanners read no other. */
export function QrCode({ modules, label }: { modules: number[][]; label: string }) {
  const size = modules.length + 2 * QUIET;
  const path = useMemo(() => qrPath(modules), [modules]);
  return (
    <svg class="inv-qr" viewBox={`0 0 ${size} ${size}`} role="img" aria-label={label} shape-rendering="crispEdges">
      <rect width={size} height={size} fill="#fff" />
      <path d={path} fill="#000" />
    </svg>
  );
}

/** A code's dark modules, a rectangle for each run in a row. */
export function qrPath(modules: readonly (readonly number[])[]): string {
  let path = "";
  modules.forEach((row, y) => {
    for (let x = 0; x < row.length; x++) {
      if (!row[x]) continue;
      const start = x;
      while (row[x + 1]) x++;
      path += `M${start + QUIET} ${y + QUIET}h${x - start + 1}v1h-${x - start + 1}z`;
    }
  });
  return path;
}

/** The link as what it is; only what a browser opens as a page becomes clickable. */
export function PlayLink({ store, large = false }: { store: DeskStore; large?: boolean }) {
  const t = store.t.value;
  const { link } = store.desk.value;
  const button = useRef<HTMLButtonElement>(null);
  const said = useSignal<boolean | undefined>(undefined);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  if (link === null) return null;
  const onCopy = async () => {
    if (!button.current) return;
    said.value = await copy(link, button.current);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => {
      said.value = undefined;
    }, 4_000);
  };
  return (
    <div class="inv-play-link" data-large={large}>
      {/^https?:\/\//i.test(link) ? (
        <a href={link} target="_blank" rel="noopener noreferrer" {...GUARDED}>
          {link}
        </a>
      ) : (
        <span>{link}</span>
      )}
      <button ref={button} type="button" class="inv-button" onClick={() => void onCopy()} {...GUARDED}>
        <Icon name={said.value ? "check" : "copy"} />
        {said.value ? t("action.copied") : t("action.copy")}
      </button>
      <span class="inv-visually-hidden" role="status">
        {said.value === undefined ? "" : said.value ? t("action.copied") : t("host.copy_failed")}
      </span>
      {said.value === false && <span class="inv-hint">{t("host.copy_failed")}</span>}
    </div>
  );
}

/** What to show to the room while nobody is here yet; an ended game invites nobody. */
export function Invitation({ store }: { store: DeskStore }) {
  const t = store.t.value;
  const { link, qr, status } = store.desk.value;
  if (status === "ended")
    return (
      <div class="inv-invitation">
        <div class="inv-invitation-words">
          <h3>{t("host.over")}</h3>
          <p class="inv-quiet">{t("host.over_words")}</p>
        </div>
      </div>
    );
  return (
    <div class="inv-invitation">
      {qr && <QrCode modules={qr} label={t("host.qr")} />}
      <div class="inv-invitation-words">
        <h3>{link === null ? t("host.nobody") : t("host.invite")}</h3>
        <p class="inv-quiet">{link === null ? t("host.no_link") : t("host.invite_words")}</p>
        <PlayLink store={store} large />
        {link !== null && (
          <p class="inv-quiet inv-pulse" role="status">
            <span class="inv-dot" aria-hidden="true" />
            {t("host.waiting")}
          </p>
        )}
      </div>
    </div>
  );
}

/** The code beside the numbers; a click makes it large for those who come late. */
export function Invite({ store }: { store: DeskStore }) {
  const t = store.t.value;
  const { link, qr } = store.desk.value;
  const large = useSignal(false);
  const opener = useRef<HTMLButtonElement>(null);
  if (link === null) return null;
  return (
    <section class="inv-desk-card inv-invite" aria-label={t("host.join")}>
      {qr && (
        <button
          ref={opener}
          type="button"
          class="inv-qr-button"
          aria-label={t("host.qr_large")}
          title={t("host.qr_large")}
          onClick={() => {
            large.value = true;
          }}
          {...GUARDED}
        >
          <QrCode modules={qr} label={t("host.qr")} />
        </button>
      )}
      <div>
        <h3>{t("host.join")}</h3>
        <PlayLink store={store} />
      </div>
      {large.value && (
        <Large
          store={store}
          onClose={() => {
            large.value = false;
            opener.current?.focus({ preventScroll: true });
          }}
        />
      )}
    </section>
  );
}

function Large({ store, onClose }: { store: DeskStore; onClose: () => void }) {
  const t = store.t.value;
  const dialog = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => dialog.current?.querySelector("button")?.focus({ preventScroll: true }), []);
  return (
    <div
      ref={dialog}
      class="inv-large"
      role="dialog"
      aria-modal="true"
      aria-label={t("host.join")}
      onKeyDown={(event) => {
        if (event.key === "Escape") {
          event.preventDefault();
          event.stopPropagation();
          onClose();
        } else keepInside(event, dialog.current);
      }}
    >
      <IconButton icon="close" label={t("action.close")} onClick={onClose} />
      <Invitation store={store} />
    </div>
  );
}
