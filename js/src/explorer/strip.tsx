/**
 * The pictures of a run as a strip of thumbnails: one stop of the Tab key, arrows choose.
 *
 * Only thumbnails in sight stand in the page, so that ten thousand pictures cost no more than fifty; each says its place
 * among all.
 */
import type { VNode } from "preact";
import { useContext, useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { Icon } from "../core/controls";
import { GUARDED } from "../core/keyboard";
import { useTranslate } from "../core/language";
import type { Translate } from "../core/languages";
import { alongRow } from "../core/roving";
import { useWidth } from "../core/width";
import { Context } from "./context";
import { carrying } from "./label_filter";
import type { Head } from "./pictures";
import { drawn, PITCH, page, scrolledTo, windowAt } from "./strip_window";

/** From here on a search field helps. */
const MANY = 20;
/** Who scrolls past something does not look at it. */
const REST_MS = 80;
/** Before the width is known. */
const WIDE = 1600;

export function Strip() {
  const { store } = useContext(Context);
  return store.heads.value.length < 2 ? null : <Pictures />;
}

function Pictures() {
  const { store } = useContext(Context);
  const [search, setSearch] = useState(store.memory.search);
  const t = useTranslate();
  const heads = store.heads.value;
  const wanted = search.trim().toLocaleLowerCase();
  const all = useMemo(() => heads.map((_, i) => i), [heads]);
  const words = useMemo(() => {
    return wanted === "" ? [] : heads.map((head, i) => searched(head, i + 1, t));
  }, [heads, t, wanted === ""]);
  const matches = useMemo(() => {
    return wanted === "" ? all : all.filter((i) => words[i]?.includes(wanted));
  }, [all, words, wanted]);
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
      <Listbox heads={heads} matches={matches} wanted={wanted} />
    </div>
  );
}

interface ListboxProps {
  heads: readonly Head[];
  /** Places in the run, from 0. */
  matches: readonly number[];
  wanted: string;
}

function Listbox({ heads, matches, wanted }: ListboxProps) {
  const { store } = useContext(Context);
  const t = useTranslate();
  const list = useRef<HTMLDivElement>(null);
  const width = useWidth(list) || WIDE;
  const [left, setLeft] = useState(store.memory.stripLeft);
  /** What takes the focus as soon as it is drawn, and what has it. */
  const focus = useRef({ next: "", held: -1 });
  const chosen = store.head.value;
  const place = matches.findIndex((i) => heads[i]?.key === chosen?.key);
  const held = matches.indexOf(focus.current.held);
  const stop = Math.max(0, place);
  const seen = windowAt(left, width, matches.length);
  const here = drawn(seen, matches.length > 0 ? [stop, held] : []);
  const thumbnail = useThumbnails();

  const scroll = (to: number) => {
    const box = list.current;
    if (!box) return;
    if (box.scrollLeft !== to) box.scrollLeft = to;
    setLeft(to);
  };
  useLayoutEffect(() => scroll(store.memory.stripLeft), [store]);
  // Another view may have chosen: keep it in sight, without moving the page. After a search, the first that was found.
  useLayoutEffect(() => {
    const box = list.current;
    if (!box) return;
    if (place >= 0) scroll(scrolledTo(place, box.scrollLeft, box.clientWidth || WIDE));
    else if (wanted !== "") scroll(0);
    if (chosen && focus.current.next === chosen.key) {
      box.querySelector<HTMLElement>("[aria-selected=true]")?.focus({ preventScroll: true });
    }
    focus.current.next = "";
  }, [chosen?.key, wanted]);
  // The width is known late, and can change.
  useLayoutEffect(() => {
    const box = list.current;
    if (box && place >= 0) scroll(scrolledTo(place, box.scrollLeft, width));
  }, [width]);
  useEffect(() => {
    const inSight = matches.slice(seen.first, seen.end).flatMap((i) => heads[i] ?? []);
    const timer = setTimeout(() => store.look(inSight), REST_MS);
    return () => clearTimeout(timer);
  }, [store, heads, matches, seen.first, seen.end]);

  const onKeyDown = (event: KeyboardEvent) => {
    const by = { PageUp: -page(width), PageDown: page(width) }[event.key];
    const next = by === undefined ? alongRow(event.key, stop, matches.length) : clamped(stop + by, matches.length);
    const head = heads[matches[next ?? -1] ?? -1];
    if (!head) return;
    event.preventDefault();
    if (head.key !== chosen?.key) focus.current.next = head.key;
    store.choose(head);
  };
  return (
    <div
      class="inv-thumbnails"
      role="listbox"
      aria-label={t("explorer.pictures", { count: heads.length })}
      aria-orientation="horizontal"
      ref={list}
      onKeyDown={onKeyDown}
      onFocusIn={(event) => {
        focus.current.held = Number((event.target as HTMLElement).dataset.number ?? 0) - 1;
      }}
      onFocusOut={() => {
        focus.current.held = -1;
      }}
      onScroll={(event) => {
        const { scrollLeft } = event.currentTarget;
        store.memory.stripLeft = scrollLeft;
        // Drawn anew every few thumbnails, not every pixel.
        const step = 4 * PITCH;
        setLeft(Math.round(scrollLeft / step) * step);
      }}
    >
      {matches.length === 0 ? (
        <span class="inv-quiet">{t("explorer.find_none")}</span>
      ) : (
        <div class="inv-track" role="presentation" style={{ width: `${PITCH * matches.length}px` }}>
          {here.flatMap((i) => {
            const number = matches[i] ?? 0;
            const head = heads[number];
            if (!head) return [];
            return thumbnail({
              ...{ head, number: number + 1, place: i, total: matches.length },
              ...{ chosen: i === place, stop: i === stop },
            });
          })}
        </div>
      )}
    </div>
  );
}

interface ThumbnailProps {
  head: Head;
  /** Its place in the run, from 1. */
  number: number;
  /** Its place in the strip, from 0, and how many stand there. */
  place: number;
  total: number;
  chosen: boolean;
  stop: boolean;
}

function Thumbnail({ head, number, place, total, chosen, stop }: ThumbnailProps) {
  const { store } = useContext(Context);
  const t = useTranslate();
  const label = store.filter.value;
  const lacks = label !== null && carrying(head, label) === false;
  const name = describe(head, number, t);
  const words = lacks ? t("explorer.lacks", { picture: name, label }) : name;
  const url = store.thumbnail(head);
  return (
    <button
      type="button"
      role="option"
      class="inv-thumbnail"
      style={{ left: `${PITCH * place}px` }}
      aria-selected={chosen}
      aria-posinset={place + 1}
      aria-setsize={total}
      data-number={number}
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
      ) : url === undefined ? (
        <span aria-hidden="true">{[...head.name][0]}</span>
      ) : (
        <img src={url} alt="" decoding="async" draggable={false} />
      )}
    </button>
  );
}

/** Thumbnails that stay as they were are not drawn anew: scrolling draws those that come into sight. */
function useThumbnails(): (props: ThumbnailProps) => VNode {
  const kept = useRef(new Map<string, { props: ThumbnailProps; drawn: VNode }>());
  const [before, now] = [kept.current, new Map<string, { props: ThumbnailProps; drawn: VNode }>()];
  kept.current = now;
  return (props) => {
    const { key } = props.head;
    const old = before.get(key);
    const names = Object.keys(props) as (keyof ThumbnailProps)[];
    const same = old && names.every((name) => old.props[name] === props[name]);
    const entry = same ? old : { props, drawn: <Thumbnail key={key} {...props} /> };
    now.set(key, entry);
    return entry.drawn;
  };
}

function clamped(place: number, length: number): number {
  return Math.max(0, Math.min(length - 1, place));
}

function describe(head: Head, number: number, t: Translate): string {
  return head.withheld ? t("explorer.withheld", { number }) : `${head.name}, ${head.target_name}`;
}

/** What a search looks in. */
function searched(head: Head, number: number, t: Translate): string {
  // A number in words may be grouped: "Picture 2,002".
  return `${describe(head, number, t)}${head.withheld ? ` ${number}` : ""}`.toLocaleLowerCase();
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
