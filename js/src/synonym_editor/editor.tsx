/** The editor of synonyms: a bar, what became of the file, groups as cards, then words that stand by themselves. */
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { Empty, Icon } from "../core/controls";
import { GUARDED, OWN_UNDO, undoKey } from "../core/keyboard";
import { Bar } from "./bar";
import { Context } from "./context";
import { followDrags } from "./dragging";
import { GroupCard, Single } from "./group";
import { elementOf, onListKey } from "./keys";
import { Menu } from "./menu";
import { keyOf, PAGE, type SynonymStore } from "./store";

export function SynonymEditor({ store }: { store: SynonymStore }) {
  const t = store.t.value;
  const sent = store.sent.value;
  useEffect(() => {
    const look = () => store.look();
    window.addEventListener("focus", look);
    return () => window.removeEventListener("focus", look);
  }, [store]);
  const onKeyDown = (event: KeyboardEvent) => {
    const key = undoKey(event);
    if (!key || event.target instanceof HTMLInputElement) return;
    event.preventDefault();
    event.stopPropagation();
    if (key === "undo") store.undo();
    else store.redo();
  };
  return (
    <Context.Provider value={{ store }}>
      <div
        class="inv-synonyms"
        lang={t.language}
        style={{ "--height": `${store.own.height.value}px` }}
        onKeyDown={onKeyDown}
        {...OWN_UNDO}
      >
        {!store.alive.value && (
          <p class="inv-banner" role="status">
            <Icon name="plug" />
            <span>
              <b>{t("synonyms.gone")}</b> {t("synonyms.gone_words")}
            </span>
          </p>
        )}
        <Bar />
        {sent.withheld ? (
          <Empty title={t("synonyms.withheld")}>
            <p>{t("synonyms.withheld_words")}</p>
          </Empty>
        ) : store.groups.value.length === 0 ? (
          <Empty title={t("synonyms.empty")}>
            <p>{t("synonyms.empty_words")}</p>
          </Empty>
        ) : (
          <List store={store} />
        )}
        <p class="inv-visually-hidden" role="status">
          {store.told.value}
        </p>
      </div>
    </Context.Provider>
  );
}

function List({ store }: { store: SynonymStore }) {
  const t = store.t.value;
  const list = useRef<HTMLDivElement>(null);
  const ghost = useRef<HTMLDivElement>(null);
  const [element, setElement] = useState<HTMLElement | null>(null);
  useLayoutEffect(() => {
    setElement(list.current);
    if (!list.current || !ghost.current) return undefined;
    return followDrags(list.current, ghost.current, store);
  }, [store]);
  useFocus(store, list);
  const menu = store.menu.value;
  useOutside(store, list);
  const { groups, singles } = store.limits.value;
  const [several, alone] = [store.several.value, store.singles.value];
  const held = store.held.value ?? store.dragged.value;
  const canStand = held !== undefined && store.accepts(held, { kind: "alone" });
  return (
    <div class="inv-synonyms-frame" data-carrying={held !== undefined}>
      <div
        ref={list}
        class="inv-synonyms-list"
        role="group"
        aria-label={t("synonyms.list")}
        onKeyDown={(event) => list.current && onListKey(event, list.current, store)}
      >
        {several.length > 0 && (
          <section>
            <h3>
              {t("synonyms.groups")} <span class="inv-number">{t.number(several.length)}</span>
            </h3>
            <ul class="inv-groups">
              {several.slice(0, groups).map((group) => (
                <GroupCard key={group.name} group={group} />
              ))}
            </ul>
            <More
              store={store}
              left={several.length - groups}
              onMore={() => {
                store.limits.value = { groups: groups + PAGE.groups, singles };
              }}
            />
          </section>
        )}
        <section class="inv-alone" data-drop="alone" data-over={store.over.value?.kind === "alone"} data-can={canStand}>
          <h3>
            {t("synonyms.singles")} <span class="inv-number">{t.number(alone.length)}</span>
          </h3>
          <ul class="inv-words">
            {alone.slice(0, singles).map((group) => (
              <Single key={group.name} group={group} />
            ))}
          </ul>
          <More
            store={store}
            left={alone.length - singles}
            onMore={() => {
              store.limits.value = { groups, singles: singles + PAGE.singles };
            }}
          />
        </section>
        {several.length + alone.length === 0 && <p class="inv-quiet inv-no-match">{t("synonyms.none_found")}</p>}
      </div>
      {menu && element && <Menu key={keyOf(menu)} item={menu} list={element} />}
      <p class="inv-synonyms-hint" aria-hidden="true">
        {store.held.value ? t("synonyms.hint_held") : t("synonyms.hint")}
      </p>
      <div ref={ghost} class="inv-ghost" aria-hidden="true" hidden />
    </div>
  );
}

function More({ store, left, onMore }: { store: SynonymStore; left: number; onMore: () => void }) {
  if (left <= 0) return null;
  return (
    <button type="button" class="inv-button inv-more" onClick={onMore} {...GUARDED}>
      {store.t.value("synonyms.more", { count: left })}
    </button>
  );
}

/** One of all words is a stop of the Tab key; what was moved keeps the focus where it came to stand. */
function useFocus(store: SynonymStore, list: { current: HTMLElement | null }): void {
  const groups = store.groups.value;
  const wanted = store.wanted.value;
  const renaming = store.renaming.value;
  useLayoutEffect(() => {
    const element = list.current;
    if (!element) return;
    if (!elementOf(element, store.current.peek())) {
      const first = store.several.peek()[0] ?? store.singles.peek()[0];
      store.current.value = first && store.itemOf(first.name);
    }
    if (!wanted || renaming !== undefined) return;
    const moved = elementOf(element, wanted);
    store.wanted.value = undefined;
    if (!moved) return;
    store.current.value = wanted;
    moved.focus({ preventScroll: true });
    moved.scrollIntoView({ block: "nearest" });
  }, [groups, wanted, renaming, list, store]);
}

/** A press elsewhere closes the menu. */
function useOutside(store: SynonymStore, list: { current: HTMLElement | null }): void {
  const open = store.menu.value !== undefined;
  useEffect(() => {
    if (!open) return undefined;
    const onDown = (event: Event) => {
      const path = event.composedPath();
      const inside = path.some((one) => one instanceof Element && one.matches(".inv-menu, [data-word], [data-group]"));
      if (!inside) store.menu.value = undefined;
    };
    const scrolled = () => {
      store.menu.value = undefined;
    };
    const element = list.current;
    window.addEventListener("pointerdown", onDown, true);
    element?.addEventListener("scroll", scrolled);
    return () => {
      window.removeEventListener("pointerdown", onDown, true);
      element?.removeEventListener("scroll", scrolled);
    };
  }, [open, store, list]);
}
