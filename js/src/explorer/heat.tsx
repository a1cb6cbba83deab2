/** A canvas that shows one map of one picture in the chosen look. */
import { useSignalEffect } from "@preact/signals";
import { useContext, useEffect, useRef } from "preact/hooks";
import { HeatCanvas, type HeatMap, type Mode } from "../core/painter";
import type { Column, Picture } from "../core/payload";
import { Context } from "./context";

/** Behind pictures; masks want more contrast, else white things are lost on white. */
const PAPER = {
  light: { surface: "#eceef1", mask: "#aeb5be" },
  dark: { surface: "#26282c", mask: "#26282c" },
} as const;

interface HeatProps {
  picture: Picture;
  column: Column;
  /** Offset of the map. */
  map: number;
  /** The box it must fit in, in CSS pixels. */
  width: number;
  maxHeight: number;
  /** Other than the chosen ones. */
  mode?: Mode;
  share?: number;
}

/** The size at which a picture fits a box. */
export function fitted(picture: { width: number; height: number }, width: number, maxHeight: number) {
  const scale = Math.min(width / picture.width, maxHeight / picture.height);
  return {
    width: Math.max(8, Math.round(scale * picture.width)),
    height: Math.max(8, Math.round(scale * picture.height)),
  };
}

export function Heat({ picture, column, map, width, maxHeight, mode, share }: HeatProps) {
  const { store, painter, theme } = useContext(Context);
  const ref = useRef<HTMLCanvasElement>(null);
  const size = fitted(picture, width, maxHeight);
  const drawn = useRef<{ canvas: HeatCanvas; heatMap: HeatMap | undefined; draw: () => void } | undefined>(undefined);

  const draw = () => {
    const element = ref.current;
    const { heatMap, canvas } = drawn.current ?? {};
    if (!element || !heatMap || !canvas) return;
    const shown = mode ?? store.own.view.value;
    const papers = PAPER[theme.value];
    const look = {
      mode: shown,
      colourMap: store.shared.colour_map.value,
      opacity: store.shared.opacity.value,
      cut: mode === "map" ? 0 : store.own.cut.value,
      share: share ?? store.own.share.value,
      paper: shown === "mask" ? papers.mask : papers.surface,
    };
    const scale = Math.min(2, globalThis.devicePixelRatio || 1);
    painter.schedule(element, () =>
      canvas.draw(heatMap, look, Math.round(size.width * scale), Math.round(size.height * scale)),
    );
  };

  useEffect(() => (ref.current ? painter.watch(ref.current) : undefined), [painter]);

  useEffect(() => {
    const element = ref.current;
    if (!element) return undefined;
    let current = true;
    const entry = { canvas: new HeatCanvas(element, painter), heatMap: undefined as HeatMap | undefined, draw };
    drawn.current = entry;
    Promise.all([store.image(picture), store.arrays(picture)])
      .then(([image, arrays]) => {
        if (!current) return;
        entry.heatMap = {
          image,
          window: picture.window,
          map: arrays.map(column, map),
          mapWidth: column.map_width,
          mapHeight: column.map_height,
        };
        entry.draw();
      })
      .catch((error) => {
        if (current) store.error.value = error;
      });
    return () => {
      current = false;
    };
  }, [store, picture, column, map]);

  // The latest draw knows the latest size.
  if (drawn.current) drawn.current.draw = draw;
  useEffect(draw, [size.width, size.height, mode, share]);
  // Reads what it depends on even before the picture is there.
  useSignalEffect(() => {
    store.own.view.value;
    store.shared.colour_map.value;
    store.shared.opacity.value;
    store.own.cut.value;
    store.own.share.value;
    theme.value;
    drawn.current?.draw();
  });

  // Preact adds no unit to numbers; without one a dense screen would show the canvas at twice its size.
  const style = { width: `${size.width}px`, height: `${size.height}px` };
  return <canvas ref={ref} class="inv-heat" style={style} aria-hidden="true" />;
}
