/** The picture: masked while it is guessed, whole in the result, one fading into the other. */
import { useSignalEffect } from "@preact/signals";
import { useContext, useEffect, useRef, useState } from "preact/hooks";
import { GUARDED } from "../core/keyboard";
import { HeatCanvas, type HeatMap } from "../core/painter";
import { bytes } from "../core/payload";
import { useWidth } from "../core/width";
import { Context } from "./context";
import type { ResultScreen, RoundScreen } from "./screens";

/** Behind what the network did not see. */
const PAPER = { light: "#eceef1", dark: "#26282c" } as const;

interface Layer {
  turn: number;
  url: string;
  whole: boolean;
}

export function Picture({ screen }: { screen: RoundScreen | ResultScreen }) {
  const { store } = useContext(Context);
  const t = store.t.value;
  const layers = useLayers(screen);
  const paused = screen.kind === "round" && screen.paused;
  const share = store.settings.value.shares[screen.step] ?? 0;
  const words =
    screen.kind === "result"
      ? t("game.picture_whole", { truth: screen.truth })
      : t("game.picture_masked", { share: t.percent(share / 100, 1) });
  return (
    <figure
      class="inv-picture"
      role="img"
      aria-label={paused ? t("game.paused") : words}
      style={{
        aspectRatio: `${screen.width} / ${screen.height}`,
        "--ratio": screen.width / screen.height,
      }}
    >
      {!paused &&
        layers.map(({ turn, url, whole }) => (
          <img key={turn} src={url} alt="" draggable={false} data-whole={whole} decoding="sync" />
        ))}
      {screen.kind === "result" && <Overlay screen={screen} />}
      {paused && <Paused />}
    </figure>
  );
}

/** The last two pictures: the newer fades in over the older. */
function useLayers(screen: RoundScreen | ResultScreen): readonly Layer[] {
  const layers = useRef<readonly Layer[]>([]);
  const [, redraw] = useState<unknown>(undefined);
  const { image, image_type } = screen;
  const whole = screen.kind === "result";
  useEffect(() => {
    if (!image) return;
    const url = URL.createObjectURL(new Blob([bytes(image)], { type: image_type ?? "image/webp" }));
    for (const { url: old } of layers.current.slice(0, -1)) URL.revokeObjectURL(old);
    layers.current = [...layers.current.slice(-1), { turn: screen.turn, url, whole }];
    redraw(url);
  }, [image, image_type, whole]);
  useEffect(
    () => () => {
      for (const { url } of layers.current) URL.revokeObjectURL(url);
    },
    [],
  );
  return layers.current;
}

function Paused() {
  const { store, focus } = useContext(Context);
  const t = store.t.value;
  const button = useRef<HTMLButtonElement>(null);
  useEffect(() => focus(button.current), [focus]);
  return (
    <div class="inv-paused">
      <strong>{t("game.paused")}</strong>
      <p>{t("game.paused_text")}</p>
      <button
        ref={button}
        type="button"
        class="inv-button inv-primary"
        onClick={() => void store.resume()}
        {...GUARDED}
      >
        {t("game.resume")}
      </button>
    </div>
  );
}

/** The cluster map on the whole picture. */
function Overlay({ screen }: { screen: ResultScreen }) {
  const { store, painter, theme } = useContext(Context);
  const ref = useRef<HTMLCanvasElement>(null);
  const frame = useRef<HTMLDivElement>(null);
  const drawn = useRef<{ canvas: HeatCanvas; heatMap: HeatMap } | undefined>(undefined);
  const [ready, setReady] = useState(false);
  const side = useWidth(frame);
  const scale = side / screen.width;
  const size = { width: Math.round(scale * screen.width), height: Math.round(scale * screen.height) };

  const draw = () => {
    const element = ref.current;
    const now = drawn.current;
    if (!element || !now || size.width < 8 || size.height < 8) return;
    const look = {
      mode: "overlay" as const,
      colourMap: store.shared.colour_map.value,
      opacity: store.shared.opacity.value,
      cut: 0,
      share: 100,
      paper: PAPER[theme.value],
    };
    const dense = Math.min(2, globalThis.devicePixelRatio || 1);
    painter.schedule(element, () => {
      now.canvas.draw(now.heatMap, look, Math.round(dense * size.width), Math.round(dense * size.height));
      setReady(true);
    });
  };
  const latest = useRef(draw);
  latest.current = draw;

  useEffect(() => (ref.current ? painter.watch(ref.current) : undefined), [painter]);
  useEffect(() => {
    const element = ref.current;
    if (!element) return undefined;
    let image: ImageBitmap | undefined;
    let current = true;
    createImageBitmap(new Blob([bytes(screen.image)], { type: screen.image_type })).then(
      (bitmap) => {
        if (!current) {
          bitmap.close();
          return;
        }
        image = bitmap;
        const heatMap = {
          image: bitmap,
          window: screen.window,
          map: bytes(screen.map),
          mapWidth: screen.map_width,
          mapHeight: screen.map_height,
        };
        drawn.current = { canvas: new HeatCanvas(element, painter), heatMap };
        latest.current();
      },
      () => {
        // The picture stands there without its map.
      },
    );
    return () => {
      current = false;
      drawn.current = undefined;
      image?.close();
    };
    // The bytes of a round's result stay the same; its words and its withdrawal may change.
  }, [screen.round, painter]);
  useEffect(draw, [size.width, size.height]);
  useSignalEffect(() => {
    store.shared.colour_map.value;
    store.shared.opacity.value;
    theme.value;
    latest.current();
  });

  return (
    <div ref={frame} class="inv-overlay" data-shown={ready && store.overlay.value}>
      <canvas ref={ref} style={{ width: `${size.width}px`, height: `${size.height}px` }} aria-hidden="true" />
    </div>
  );
}
