/**
 * Dragging by mouse or pen. By finger one scrolls; what is tapped opens its menu, which moves things too.
 *
 * Pointer events, not the browser's own drag and drop: JupyterLab listens for that, and takes it for its cells.
 */
import type { Item, SynonymStore, Target } from "./store";

/** So far a press may slip and still be a click. */
const SLIP = 5;

/** Near the upper and lower end of the list it scrolls. */
const EDGE = 40;

export function itemAt(element: Element | null | undefined): Item | undefined {
  const found = element?.closest<HTMLElement>("[data-word], [data-group]");
  if (!found) return undefined;
  const { word, group } = found.dataset;
  return word !== undefined ? { kind: "word", word } : group !== undefined ? { kind: "group", group } : undefined;
}

function targetAt(element: Element | null | undefined): Target | undefined {
  const found = element?.closest<HTMLElement>("[data-drop]");
  if (!found) return undefined;
  return found.dataset.drop === "alone" ? { kind: "alone" } : { kind: "group", group: found.dataset.name ?? "" };
}

/** Follow presses in `list`; returns what ends it. */
export function followDrags(list: HTMLElement, ghost: HTMLElement, store: SynonymStore): () => void {
  let start: { x: number; y: number; item: Item; pointer: number } | undefined;
  let scrolling = 0;
  const root = list.getRootNode() as Document | ShadowRoot;
  const view = list.ownerDocument.defaultView;

  const scroll = (y: number) => {
    const { top, bottom } = list.getBoundingClientRect();
    cancelAnimationFrame(scrolling);
    const step = y < top + EDGE ? -8 : y > bottom - EDGE ? 8 : 0;
    if (step === 0) return;
    const go = () => {
      list.scrollTop += step;
      scrolling = requestAnimationFrame(go);
    };
    go();
  };
  const end = () => {
    cancelAnimationFrame(scrolling);
    start = undefined;
    store.dragged.value = undefined;
    store.over.value = undefined;
    ghost.hidden = true;
    view?.removeEventListener("pointermove", onMove, true);
    view?.removeEventListener("pointerup", onUp, true);
    view?.removeEventListener("pointercancel", end, true);
    view?.removeEventListener("keydown", onKey, true);
  };
  const onMove = (event: PointerEvent) => {
    if (!start || event.pointerId !== start.pointer) return;
    if (!store.dragged.peek()) {
      if (Math.hypot(event.clientX - start.x, event.clientY - start.y) < SLIP) return;
      store.menu.value = undefined;
      store.held.value = undefined;
      store.dragged.value = start.item;
      ghost.textContent = start.item.kind === "word" ? start.item.word : start.item.group;
      ghost.hidden = false;
    }
    event.preventDefault();
    const frame = ghost.offsetParent?.getBoundingClientRect() ?? { left: 0, top: 0 };
    ghost.style.transform = `translate(${event.clientX - frame.left + 10}px, ${event.clientY - frame.top + 8}px)`;
    const target = targetAt(root.elementFromPoint(event.clientX, event.clientY));
    store.over.value = target && store.accepts(start.item, target) ? target : undefined;
    scroll(event.clientY);
  };
  const onUp = (event: PointerEvent) => {
    if (!start || event.pointerId !== start.pointer) return;
    const { item } = start;
    const [dragged, target] = [store.dragged.peek() !== undefined, store.over.peek()];
    end();
    if (!dragged) return;
    // The click that follows belongs to the drag.
    const swallow = (click: Event) => click.stopPropagation();
    view?.addEventListener("click", swallow, { capture: true, once: true });
    setTimeout(() => view?.removeEventListener("click", swallow, true));
    if (target) store.drop(item, target);
  };
  const onKey = (event: KeyboardEvent) => {
    if (event.key !== "Escape" || !store.dragged.peek()) return;
    event.preventDefault();
    event.stopPropagation();
    end();
  };
  const onDown = (event: PointerEvent) => {
    if (event.button !== 0 || event.pointerType === "touch" || !(event.target instanceof Element)) return;
    if (event.target.closest("input")) return;
    const item = itemAt(event.target);
    if (!item) return;
    start = { x: event.clientX, y: event.clientY, item, pointer: event.pointerId };
    view?.addEventListener("pointermove", onMove, true);
    view?.addEventListener("pointerup", onUp, true);
    view?.addEventListener("pointercancel", end, true);
    view?.addEventListener("keydown", onKey, true);
  };
  list.addEventListener("pointerdown", onDown);
  return () => {
    list.removeEventListener("pointerdown", onDown);
    end();
  };
}
