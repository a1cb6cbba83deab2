/** What can be done to a word or a group, where it stands: all that dragging does, and more. */
import { useSignal } from "@preact/signals";
import { useContext, useLayoutEffect, useRef } from "preact/hooks";
import { keepInside } from "../core/dialogs";
import { GUARDED } from "../core/keyboard";
import { Context } from "./context";
import { reason } from "./group";
import { found, groupOf, isSingle } from "./groups";
import { elementOf } from "./keys";
import type { Item, SynonymStore } from "./store";

/** Groups to choose from at once; the others are found by typing. */
const LISTED = 40;

interface MenuProps {
  item: Item;
  list: HTMLElement;
}

export function Menu({ item, list }: MenuProps) {
  const { store } = useContext(Context);
  const t = store.t.value;
  const dialog = useRef<HTMLDivElement>(null);
  const choosing = useSignal(false);
  usePlace(dialog, item, list);
  const word = item.kind === "word" ? item.word : undefined;
  const group = item.kind === "word" ? groupOf(store.groups.value, item.word) : named(store, item.group);
  if (!group) return null;
  const member = group.members.find((one) => one.word === word);
  const close = (focus: boolean) => {
    store.menu.value = undefined;
    if (focus) elementOf(list, item)?.focus({ preventScroll: true });
  };
  const act = (action: () => void) => () => {
    close(false);
    action();
  };
  const single = isSingle(group);
  return (
    <div
      ref={dialog}
      class="inv-menu"
      role="dialog"
      aria-label={word ?? group.name}
      tabIndex={-1}
      onKeyDown={(event) => {
        keepInside(event, dialog.current);
        if (event.key !== "Escape") return;
        event.preventDefault();
        event.stopPropagation();
        close(true);
      }}
      {...GUARDED}
    >
      <p class="inv-menu-about">
        <b>
          <bdi>{word ?? group.name}</bdi>
        </b>
        <span class="inv-quiet">
          {[t("synonyms.times", { count: member?.count ?? group.count }), member ? reason(store, member) : ""]
            .filter(Boolean)
            .join(", ")}
        </span>
      </p>
      {choosing.value ? (
        <Choice
          label={word === undefined || single ? t("synonyms.unite_with") : t("synonyms.move_to")}
          without={group.name}
          onChoose={(to) => act(() => store.drop(item, { kind: "group", group: to }))()}
        />
      ) : (
        <div class="inv-menu-items">
          <button
            type="button"
            onClick={() => {
              choosing.value = true;
            }}
            {...GUARDED}
          >
            {word === undefined || single ? t("synonyms.unite_with") : t("synonyms.move_to")}
          </button>
          {word !== undefined && !single && (
            <button type="button" onClick={act(() => store.split(word))} {...GUARDED}>
              {t("synonyms.split")}
            </button>
          )}
          {word !== undefined && word !== group.name && (
            <button type="button" onClick={act(() => store.rename(group.name, word))} {...GUARDED}>
              {t("synonyms.make_name")}
            </button>
          )}
          {(word === undefined || single) && (
            <button
              type="button"
              onClick={act(() => {
                store.renaming.value = group.name;
              })}
              {...GUARDED}
            >
              {t("synonyms.rename")}
            </button>
          )}
        </div>
      )}
    </div>
  );
}

interface ChoiceProps {
  label: string;
  without: string;
  onChoose: (group: string) => void;
}

function Choice({ label, without, onChoose }: ChoiceProps) {
  const { store } = useContext(Context);
  const t = store.t.value;
  const typed = useSignal("");
  const field = useRef<HTMLInputElement>(null);
  const list = useRef<HTMLUListElement>(null);
  useLayoutEffect(() => field.current?.focus({ preventScroll: true }), []);
  const groups = found(store.groups.value, typed.value).filter(({ name }) => name !== without);
  const shown = groups.slice(0, LISTED);
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "Enter" && event.target === field.current) {
      event.preventDefault();
      if (shown[0]) onChoose(shown[0].name);
      return;
    }
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
    event.preventDefault();
    const stops = [field.current, ...(list.current?.querySelectorAll<HTMLElement>("button") ?? [])];
    const place = stops.indexOf(event.target as HTMLElement & HTMLInputElement);
    stops[Math.min(stops.length - 1, Math.max(0, place + (event.key === "ArrowDown" ? 1 : -1)))]?.focus();
  };
  return (
    <div class="inv-menu-choice" onKeyDown={onKeyDown}>
      <input
        ref={field}
        type="search"
        aria-label={label}
        placeholder={label}
        value={typed.value}
        onInput={(event) => {
          typed.value = event.currentTarget.value;
        }}
        {...GUARDED}
      />
      <ul ref={list}>
        {shown.map(({ name, count }) => (
          <li key={name}>
            <button type="button" onClick={() => onChoose(name)} {...GUARDED}>
              <bdi>{name}</bdi>
              <span class="inv-number inv-quiet">{t.number(count)}</span>
            </button>
          </li>
        ))}
      </ul>
      {groups.length === 0 && <p class="inv-quiet">{t("synonyms.none_found")}</p>}
      {groups.length > LISTED && <p class="inv-quiet">{t("synonyms.type_on", { count: groups.length - LISTED })}</p>}
    </div>
  );
}

function named(store: SynonymStore, name: string) {
  return store.groups.value.find((group) => group.name === name);
}

/** Under what it belongs to, or over it where there is no room; inside the list. */
function usePlace(dialog: { current: HTMLElement | null }, item: Item, list: HTMLElement): void {
  useLayoutEffect(() => {
    const element = dialog.current;
    const at = elementOf(list, item);
    const frame = element?.offsetParent?.getBoundingClientRect();
    if (!element || !at || !frame) return;
    const box = at.getBoundingClientRect();
    const left = Math.max(8, Math.min(box.left - frame.left, frame.width - element.offsetWidth - 8));
    const below = box.bottom - frame.top + 4;
    const above = box.top - frame.top - element.offsetHeight - 4;
    element.style.left = `${left}px`;
    element.style.top = `${below + 240 > frame.height && above > 0 ? above : below}px`;
    element.focus({ preventScroll: true });
  }, [dialog, item, list]);
}
