/** A canvas that shows a picture, a map on it in the chosen look, and the ground truth's outline. */
import { useSignalEffect } from "@preact/signals";
import { useContext, useEffect, useRef } from "preact/hooks";
import { HeatCanvas, type HeatMap } from "../core/painter";
import type { RowContent } from "./contents";
import { Context } from "./context";
import type { RowHead, SaliencyMap } from "./data";
import { isSigned, shown } from "./maps";

/** Behind pictures; masks want more contrast, else white things are lost on white. */
const PAPER = {
  light: { surface: "#eceef1", mask: "#aeb5be" },
  dark: { surface: "#26282c", mask: "#26282c" },
} as const;

/** Of height to width; a higher picture is made narrower. */
const HIGHEST = 1.5;

/** A picture's size in a cell, in CSS pixels. */
export function sizeOf({ width, height }: RowHead, cell: number): { width: number; height: number } {
  const scale = Math.min(cell / Math.max(1, width), (HIGHEST * cell) / Math.max(1, height));
  return { width: Math.max(8, Math.round(scale * width)), height: Math.max(8, Math.round(scale * height)) };
}

interface MapCanvasProps {
  head: RowHead;
  content: RowContent;
  /** None: the picture alone. */
  map: SaliencyMap | undefined;
}

export function MapCanvas({ head, content, map }: MapCanvasProps) {
  const { store, painter, theme } = useContext(Context);
  const ref = useRef<HTMLCanvasElement>(null);
  const size = sizeOf(head, store.own.cell_size.value);
  const drawn = useRef<{ canvas: HeatCanvas; image: ImageBitmap; heatMap?: HeatMap; signs?: string } | undefined>(
    undefined,
  );
  const latest = useRef(() => {});
  latest.current = () => {
    const element = ref.current;
    const entry = drawn.current;
    if (!element || !entry) return;
    const signs = store.own.signs.value;
    const mode = store.own.view.value;
    const papers = PAPER[theme.value];
    const look = {
      mode,
      colourMap: store.shared.colour_map.value,
      opacity: store.shared.opacity.value,
      cut: 0,
      share: store.own.share.value,
      paper: mode === "mask" ? papers.mask : papers.surface,
    };
    const outlined = store.own.outline.value;
    const scale = Math.min(2, globalThis.devicePixelRatio || 1);
    const [width, height] = [Math.round(size.width * scale), Math.round(size.height * scale)];
    painter.schedule(element, () => {
      if (map) {
        if (!entry.heatMap || entry.signs !== signs) {
          entry.signs = signs;
          entry.heatMap = {
            image: entry.image,
            window: content.window,
            map: shown(map, signs),
            mapWidth: map.width,
            mapHeight: map.height,
            exact: true,
            signed: signs === "both" && isSigned(map),
          };
        }
        entry.canvas.draw(entry.heatMap, look, width, height);
      } else {
        element.width = width;
        element.height = height;
        element.getContext("2d")?.drawImage(painter.scaled(entry.image, width, height), 0, 0);
      }
      if (outlined) drawOutline(element, content, scale);
    });
  };

  useEffect(() => (ref.current ? painter.watch(ref.current) : undefined), [painter]);
  useEffect(() => {
    const element = ref.current;
    if (!element) return undefined;
    let current = true;
    store
      .image(content)
      .then((image) => {
        if (!current) return;
        drawn.current = { canvas: new HeatCanvas(element, painter), image };
        latest.current();
      })
      .catch((error) => {
        if (current) store.error.value = error;
      });
    return () => {
      current = false;
    };
  }, [store, content, map]);
  useEffect(() => latest.current(), [size.width, size.height]);
  // Reads what it depends on even before the picture is there.
  useSignalEffect(() => {
    for (const signal of [
      store.own.view,
      store.own.signs,
      store.own.share,
      store.own.outline,
      store.shared.colour_map,
      store.shared.opacity,
      theme,
    ]) {
      signal.value;
    }
    latest.current();
  });

  // Preact adds no unit to numbers; without one a dense screen would show the canvas at twice its size.
  return <canvas ref={ref} style={{ width: `${size.width}px`, height: `${size.height}px` }} aria-hidden="true" />;
}

function drawOutline(canvas: HTMLCanvasElement, { outline, mask }: RowContent, scale: number): void {
  const context = canvas.getContext("2d");
  if (!context || !outline || !mask) return;
  const [across, down] = [canvas.width / mask.width, canvas.height / mask.height];
  context.beginPath();
  for (let i = 0; i < outline.length; i += 4) {
    context.moveTo((outline[i] ?? 0) * across, (outline[i + 1] ?? 0) * down);
    context.lineTo((outline[i + 2] ?? 0) * across, (outline[i + 3] ?? 0) * down);
  }
  context.lineCap = "square";
  context.strokeStyle = "rgb(0 0 0 / 70%)";
  context.lineWidth = 3.5 * scale;
  context.stroke();
  context.strokeStyle = "#fff";
  context.lineWidth = 1.5 * scale;
  context.stroke();
}
