/** The Explorer: toolbar, strip of pictures, columns, detail. */
import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useContext, useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { Empty, Gone } from "../core/controls";
import { Alert } from "../core/errors";
import { useTranslate } from "../core/language";
import { useWidth } from "../core/width";
import { Columns } from "./columns";
import { Context, type ExplorerContext } from "./context";
import { Detail } from "./detail";
import { Strip } from "./strip";
import { Toolbar } from "./toolbar";

interface ExplorerProps extends ExplorerContext {
  /** Fill the page instead of keeping to the height that was asked for. */
  fill?: boolean;
  children?: ComponentChildren;
}

export function Explorer({ store, painter, theme, alive, fill = false, children }: ExplorerProps) {
  const t = useTranslate();
  const height = store.own.height.value;
  return (
    <Context.Provider value={{ store, painter, theme, alive }}>
      <div class="inv-explorer" data-fill={fill} style={{ "--height": `${height}px` }}>
        {children}
        {!alive.value && <Gone />}
        {store.error.value !== undefined && (
          <Alert
            title={t("explorer.not_drawn")}
            error={store.error.value}
            onRetry={() => store.tryAgain(alive.value)}
          />
        )}
        {store.heads.value.length === 0 ? <Nothing /> : <Run key={store.attempt.value} />}
      </div>
    </Context.Provider>
  );
}

function Nothing() {
  const t = useTranslate();
  return (
    <Empty title={t("explorer.empty")}>
      <p>{t("explorer.empty_words")}</p>
      <pre>
        <code>{"inv.Explorer(inv.explain(net, picture))"}</code>
      </pre>
    </Empty>
  );
}

function Run() {
  const { store } = useContext(Context);
  const body = useRef<HTMLDivElement>(null);
  const openedHere = useSignal(false);
  const picture = store.picture.value;
  const open = store.open.value;
  const width = useWidth(body);
  useLayoutEffect(() => {
    store.width.value = width;
  }, [store, width]);

  const close = () => {
    const id = store.open.value?.cluster.id;
    const root = body.current?.getRootNode() as Document | ShadowRoot | undefined;
    const hadFocus = body.current?.querySelector(".inv-detail")?.contains(root?.activeElement ?? null) ?? false;
    store.close();
    const card = [...(body.current?.querySelectorAll<HTMLElement>("[data-id]") ?? [])].find(
      (candidate) => candidate.dataset.id === id,
    );
    if (hadFocus) card?.focus({ preventScroll: true });
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== "Escape" || !store.open.value) return;
    event.stopPropagation();
    event.preventDefault();
    close();
  };
  return (
    <>
      <Toolbar />
      <Strip />
      <div
        class="inv-body"
        ref={body}
        data-open={open !== undefined}
        onKeyDown={onKeyDown}
        onClickCapture={() => {
          openedHere.value = true;
        }}
      >
        {picture ? <Columns picture={picture} /> : store.head.value?.withheld ? <PlayToReveal /> : <Pending />}
        {picture && open && <Detail picture={picture} open={open} onClose={close} takeFocus={openedHere.peek()} />}
      </div>
    </>
  );
}

/** A picture that this player has not yet guessed. */
function PlayToReveal() {
  const { store } = useContext(Context);
  const t = useTranslate();
  const heads = store.heads.value;
  const number = heads.findIndex(({ key }) => key === store.head.value?.key) + 1;
  return (
    <div class="inv-withheld" role="status">
      <svg viewBox="0 0 96 72" width="96" height="72" aria-hidden="true">
        <rect x="1" y="1" width="94" height="70" rx="6" />
        <path d="M14 56l18-20 13 14 9-9 28 15" />
        <circle cx="66" cy="24" r="7" />
      </svg>
      <strong>{t("explorer.play")}</strong>
      <p>{t("explorer.play_words", { number, total: heads.length })}</p>
    </div>
  );
}

/** A picture that did not come with the first ones. */
function Pending() {
  const { store } = useContext(Context);
  const t = useTranslate();
  const head = store.head.value;
  useEffect(() => {
    if (head) store.load(head);
  }, [store, head]);
  const failure = head && store.failures.value.get(head.key);
  if (head && failure) {
    return <Alert title={t("explorer.not_loaded")} error={failure} onRetry={() => store.retry(head)} />;
  }
  return <Loading words={t("explorer.loading")} />;
}

export function Opening() {
  return <Loading words={useTranslate()("explorer.opening")} />;
}

function Loading({ words }: { words: string }) {
  return (
    <div class="inv-loading" role="status">
      <span class="inv-visually-hidden">{words}</span>
      {Array.from({ length: 6 }, (_, i) => (
        <span key={i} class="inv-skeleton" aria-hidden="true" />
      ))}
    </div>
  );
}
