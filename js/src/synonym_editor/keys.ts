/** Keys in the list: arrows go from word to word, Space picks up and puts down, Enter opens the menu. */
import { itemAt } from "./dragging";
import { type Item, keyOf, type SynonymStore, sameTarget, type Target } from "./store";

const STOPS = "[data-word], [data-group]";

export function onListKey(event: KeyboardEvent, list: HTMLElement, store: SynonymStore): void {
  if (event.ctrlKey || event.metaKey || event.altKey || !(event.target instanceof HTMLElement)) return;
  if (!event.target.matches(STOPS)) return;
  const held = store.held.peek();
  if (held) carry(event, held, list, store);
  else walk(event, event.target, list, store);
}

export function elementOf(list: HTMLElement, item: Item | undefined): HTMLElement | undefined {
  const key = keyOf(item);
  return [...list.querySelectorAll<HTMLElement>(STOPS)].find((element) => keyOf(itemAt(element)) === key);
}

function walk(event: KeyboardEvent, at: HTMLElement, list: HTMLElement, store: SynonymStore): void {
  const item = itemAt(at);
  if (event.key === " " && item) {
    event.preventDefault();
    pickUp(item, store);
    return;
  }
  const all = [...list.querySelectorAll<HTMLElement>(STOPS)];
  const next = neighbour(event.key, all, all.indexOf(at), getComputedStyle(list).direction === "rtl");
  if (!next) return;
  event.preventDefault();
  store.current.value = itemAt(next);
  next.focus({ preventScroll: true });
  next.scrollIntoView({ block: "nearest" });
}

function pickUp(item: Item, store: SynonymStore): void {
  const t = store.t.peek();
  store.menu.value = undefined;
  store.held.value = item;
  store.over.value = undefined;
  store.told.value = t("synonyms.picked_up", { word: item.kind === "word" ? item.word : item.group });
}

function carry(event: KeyboardEvent, held: Item, list: HTMLElement, store: SynonymStore): void {
  const t = store.t.peek();
  const letGo = () => {
    store.held.value = undefined;
    store.over.value = undefined;
  };
  if (event.key === "Escape") {
    event.preventDefault();
    event.stopPropagation();
    letGo();
    store.told.value = t("synonyms.put_back");
    return;
  }
  if (event.key === "Tab") {
    letGo();
    return;
  }
  const targets = store.targets(held);
  const place = targets.findIndex((target) => sameTarget(target, store.over.peek()));
  if (event.key === " " || event.key === "Enter") {
    event.preventDefault();
    const target = targets[place];
    letGo();
    if (target) store.drop(held, target);
    else store.told.value = t("synonyms.put_back");
    return;
  }
  const next = along(event.key, place, targets);
  if (next === undefined) return;
  event.preventDefault();
  const target = targets[next];
  store.over.value = target;
  if (!target) return;
  const where = target.kind === "alone" ? t("synonyms.alone") : target.group;
  store.told.value = t("synonyms.over", { group: where, place: next + 1, total: targets.length });
  const drops = [...list.querySelectorAll<HTMLElement>("[data-drop]")];
  const drop = drops.find(({ dataset }) =>
    target.kind === "alone" ? dataset.drop === "alone" : dataset.drop === "group" && dataset.name === target.group,
  );
  drop?.scrollIntoView({ block: "nearest" });
}

/** Arrows go round; a letter leads to the next group that begins with it. */
function along(key: string, place: number, targets: readonly Target[]): number | undefined {
  const total = targets.length;
  if (total === 0) return undefined;
  if (key === "ArrowRight" || key === "ArrowDown") return (place + 1) % total;
  if (key === "ArrowLeft" || key === "ArrowUp") return (Math.max(place, 0) + total - 1) % total;
  if (key === "Home") return 0;
  if (key === "End") return total - 1;
  if (key.length !== 1) return undefined;
  for (let step = 1; step <= total; step++) {
    const target = targets[(place + step) % total];
    if (target?.kind === "group" && target.group.startsWith(key.toLowerCase())) return (place + step) % total;
  }
  return undefined;
}

/** By order sideways, by sight up and down. */
function neighbour(key: string, all: readonly HTMLElement[], place: number, rightToLeft: boolean) {
  const [back, forth] = rightToLeft ? ["ArrowRight", "ArrowLeft"] : ["ArrowLeft", "ArrowRight"];
  if (key === back) return all[Math.max(0, place - 1)];
  if (key === forth) return all[Math.min(all.length - 1, place + 1)];
  if (key === "Home") return all[0];
  if (key === "End") return all.at(-1);
  const from = all[place]?.getBoundingClientRect();
  if (!from || (key !== "ArrowUp" && key !== "ArrowDown")) return undefined;
  const down = key === "ArrowDown";
  const middle = (from.left + from.right) / 2;
  let best: { element: HTMLElement; rows: number; aside: number } | undefined;
  for (const element of all) {
    const box = element.getBoundingClientRect();
    const rows = down ? box.top - from.bottom : from.top - box.bottom;
    if (rows < -4 || element === all[place]) continue;
    const aside = Math.abs((box.left + box.right) / 2 - middle);
    // What stands in the next line or the one after counts by how far it is aside.
    if (!best || rows + aside < best.rows + best.aside) best = { element, rows, aside };
  }
  return best?.element;
}
