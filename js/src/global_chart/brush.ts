/** Dragging over the layers of a drawn chart: marks whose row names a layer say where the pointer is. */
import type { View } from "vega";

interface Brush {
  /** The layers where the drag began and where it is. */
  onDrag(from: string, to: string): void;
  onEnd(from: string, to: string): void;
  onCancel(): void;
}

interface Item {
  datum?: { layer_name?: unknown };
}

export interface Listening {
  /** Whether a drag ended just now: the click that follows means no mark. */
  dragged(): boolean;
  dispose(): void;
}

export function listenForBrush(view: View, { onDrag, onEnd, onCancel }: Brush): Listening {
  let start: string | undefined;
  let end: string | undefined;
  let justNow = false;
  const stop = () => {
    [start, end] = [undefined, undefined];
    window.removeEventListener("pointerup", onUp);
    window.removeEventListener("pointercancel", onAway);
    window.removeEventListener("keydown", onKey, true);
  };
  const onUp = () => {
    const [from, to] = [start, end];
    stop();
    if (from === undefined || to === undefined) return;
    justNow = true;
    setTimeout(() => {
      justNow = false;
    });
    onEnd(from, to);
  };
  const onAway = () => {
    const dragging = end !== undefined;
    stop();
    if (dragging) onCancel();
  };
  const onKey = (event: KeyboardEvent) => {
    if (event.key !== "Escape" || end === undefined) return;
    event.stopPropagation();
    onAway();
  };
  const onDown = (event: unknown, item: unknown) => {
    const { button, target, pointerId } = event as PointerEvent;
    const name = layerOf(item);
    if (button !== 0 || name === undefined) return;
    stop();
    start = name;
    // A finger's events go to the mark where it came down, unless that lets go.
    const element = target as Element | null;
    if (element?.hasPointerCapture?.(pointerId)) element.releasePointerCapture(pointerId);
    window.addEventListener("pointerup", onUp);
    window.addEventListener("pointercancel", onAway);
    window.addEventListener("keydown", onKey, true);
  };
  const onMove = (_: unknown, item: unknown) => {
    const name = layerOf(item);
    if (start === undefined || name === undefined || name === (end ?? start)) return;
    end = name;
    onDrag(start, name);
  };
  view.addEventListener("pointerdown", onDown);
  view.addEventListener("pointermove", onMove);
  return { dragged: () => justNow, dispose: stop };
}

function layerOf(item: unknown): string | undefined {
  const name = (item as Item | null | undefined)?.datum?.layer_name;
  return typeof name === "string" ? name : undefined;
}
