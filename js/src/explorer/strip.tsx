/** The pictures of a run as a strip of thumbnails: one stop of the Tab key, arrows choose. */
import { useContext, useLayoutEffect, useRef, useState } from "preact/hooks";
import { Icon } from "../core/controls";
import { GUARDED } from "../core/keyboard";
import { useTranslate } from "../core/language";
import type { Translate } from "../core/languages";
import { alongRow } from "../core/roving";
import { Context } from "./context";
import { carrying } from "./label_filter";
import type { Head } from "./pictures";

/** From here on a search field helps. */
const MANY = 20;

export function Strip() {
  const { store } = useContext(Context);
  const [search, setSearch] = useState(store.memory.search);
  const list = useRef<HTMLDivElement>(null);
  const heads = store.heads.value;
  const t = useTranslate();
  const chosen = store.head.value;
  useLayoutEffect(() => {
    if (list.current) list.current.scrollLeft = store.memory.stripLeft;
  }, [store]);
  // Another view may have chosen: keep it in sight, without moving the page.
  useLayoutEffect(() => {
    const item = list.current?.querySelector<HTMLElement>("[aria-selected=true]");
    if (item && list.current) reveal(list.current, item);
  }, [chosen?.key]);
  if (heads.length < 2) return null;

  const wanted = search.trim().toLocaleLowerCase();
  const places = new Map(heads.map((head, i) => [head.key, i + 1]));
  const matches = heads.filter((head) => {
    return !wanted || describe(head, places.get(head.key), t).toLocaleLowerCase().includes(wanted);
  });
  const place = matches.findIndex(({ key }) => key === chosen?.key);
  const onKeyDown = (event: KeyboardEvent) => {
    const next = alongRow(event.key, Math.max(0, place), matches.length);
    const head = next === undefined ? undefined : matches[next];
    if (!head || next === undefined) return;
    event.preventDefault();
    store.choose(head);
    list.current?.querySelectorAll<HTMLElement>("[role=option]")[next]?.focus();
  };
  return (
    <div class="inv-strip">
      {heads.length > MANY && (
        <label class="inv-search">
          <Icon name="search" />
          <input
            type="search"
            placeholder={t("explorer.find", { count: heads.length })}
            aria-label={t("explorer.find_words")}
            value={search}
            onInput={(event) => {
              store.memory.search = event.currentTarget.value;
              setSearch(event.currentTarget.value);
            }}
            {...GUARDED}
          />
        </label>
      )}
      <div
        class="inv-thumbnails"
        role="listbox"
        aria-label={t("explorer.pictures", { count: heads.length })}
        aria-orientation="horizontal"
        ref={list}
        onKeyDown={onKeyDown}
        onScroll={(event) => {
          store.memory.stripLeft = event.currentTarget.scrollLeft;
        }}
      >
        {matches.map((head, i) => (
          <Thumbnail
            key={head.key}
            head={head}
            number={places.get(head.key) ?? 0}
            chosen={head.key === chosen?.key}
            stop={place < 0 ? i === 0 : i === place}
          />
        ))}
        {matches.length === 0 && <span class="inv-quiet">{t("explorer.find_none")}</span>}
      </div>
    </div>
  );
}

interface ThumbnailProps {
  head: Head;
  /** Its place in the run, from 1. */
  number: number;
  chosen: boolean;
  stop: boolean;
}

function Thumbnail({ head, number, chosen, stop }: ThumbnailProps) {
  const { store } = useContext(Context);
  const t = useTranslate();
  const label = store.filter.value;
  const lacks = label !== null && carrying(head, label) === false;
  const name = describe(head, number, t);
  const words = lacks ? t("explorer.lacks", { picture: name, label }) : name;
  return (
    <button
      type="button"
      role="option"
      class="inv-thumbnail"
      aria-selected={chosen}
      data-withheld={head.withheld === true}
      data-lacks={lacks}
      aria-label={words}
      title={words}
      tabIndex={stop ? 0 : -1}
      onClick={() => store.choose(head)}
      {...GUARDED}
    >
      {head.withheld ? (
        <span class="inv-number" aria-hidden="true">
          {number}
        </span>
      ) : head.thumbnail === undefined ? (
        <span aria-hidden="true">{[...head.name][0]}</span>
      ) : (
        <img src={store.thumbnail(head)} alt="" decoding="async" draggable={false} />
      )}
    </button>
  );
}

function describe(head: Head, number: number | undefined, t: Translate): string {
  return head.withheld ? t("explorer.withheld", { number: number ?? 0 }) : `${head.name}, ${head.target_name}`;
}

/** Scroll until `item` is seen: sideways, and with `head`, the height of what stays at the top, up and down too. */
export function reveal(scroller: HTMLElement, item: HTMLElement, margin = 24, head?: number): void {
  const [box, inner] = [scroller.getBoundingClientRect(), item.getBoundingClientRect()];
  if (inner.left < box.left + margin) scroller.scrollLeft += inner.left - box.left - margin;
  else if (inner.right > box.right - margin) scroller.scrollLeft += inner.right - box.right + margin;
  if (head === undefined) return;
  const top = box.top + head + margin;
  // The upper edge wins where there is room for one only.
  if (inner.top < top) scroller.scrollTop += inner.top - top;
  else if (inner.bottom > box.bottom - margin) {
    scroller.scrollTop += Math.min(inner.top - top, inner.bottom - box.bottom + margin);
  }
}
