/** The picked label: what stands behind it, and its cluster maps, one a picture, best first. */
import { memo } from "preact/compat";
import { useContext, useEffect, useRef, useState } from "preact/hooks";
import { fixed, percent, Segmented } from "../core/controls";
import { GUARDED } from "../core/keyboard";
import { useTranslate } from "../core/language";
import { HeatCanvas } from "../core/painter";
import { alongRow } from "../core/roving";
import { Context } from "./context";
import { overlay } from "./pictures";
import { type Class, groupIn, isMap, type MapHead, placeOf, titleIn } from "./summary";
import { markOf, markWords } from "./tcav";

/** CSS pixels of an example's longer side. */
const SIZE = 104;

export function Examples({ shown }: { shown: Class }) {
  const { store } = useContext(Context);
  const t = useTranslate();
  const list = useRef<HTMLUListElement>(null);
  const [stop, setStop] = useState(0);
  const summary = store.summary.value;
  const label = store.shared.label.value;
  if (label === null) return null;
  const { place, group, maps } = store.examples();
  if (place === undefined) {
    return (
      <section class="inv-examples" aria-label={t("chart.examples_of", { label })}>
        <p class="inv-quiet">
          <b dir="auto">{label}</b> {t("chart.not_best")}
        </p>
      </section>
    );
  }
  const { rows } = shown;
  const groups = summary.groups.filter((name) => placeOf(summary, shown, label, name) !== undefined);
  const low = rows.low[place] === 1;
  const { support } = summary;
  const [from, to] = [rows.from[place], rows.to[place]];
  const interval = from == null ? "" : ` (${fixed(from, 1, t)}–${fixed(to, 1, t)})`;
  const mark = markOf(store.marks.value, shown, label);
  const facts = [
    t("chart.global_score", { score: fixed(rows.score[place], 1, t) + interval }),
    rows.weight[place] == null ? "" : t("chart.mean_weight", { weight: percent(rows.weight[place], 1, t) }),
    t("chart.pictures", { count: rows.pictures[place] ?? 0 }),
    t("chart.maps", { count: rows.maps[place] ?? 0 }),
    t("chart.players", { count: rows.players[place] ?? 0 }),
    t("chart.rounds", { count: rows.rounds[place] ?? 0 }),
    mark ? `TCAV: ${markWords(t, summary, mark)}` : "",
  ].filter(Boolean);
  const onKeyDown = (event: KeyboardEvent) => {
    const items = [...(list.current?.querySelectorAll<HTMLElement>("button") ?? [])];
    const next = alongRow(event.key, items.indexOf(event.target as HTMLButtonElement), items.length);
    if (next === undefined) return;
    event.preventDefault();
    setStop(next);
    items[next]?.focus();
  };
  return (
    <section class="inv-examples" aria-label={t("chart.examples_of", { label })}>
      <div class="inv-examples-head">
        <h3 dir="auto">{label}</h3>
        <p class="inv-number inv-quiet">
          {facts.join(" · ")}
          {low && (
            <span
              class="inv-chart-low"
              title={t("chart.fewer", {
                rounds: t("chart.rounds", { count: support.rounds }),
                players: t("chart.players", { count: support.players }),
                pictures: t("chart.pictures", { count: support.pictures }),
              })}
            >
              {t("chart.low")}
            </span>
          )}
        </p>
        {groups.length > 1 && (
          <Segmented
            label={t("chart.layers")}
            value={group ?? "all"}
            options={groups}
            name={(each) => groupIn(t, each)}
            onChoose={(name) => store.chooseGroup(name === "all" ? null : name)}
          />
        )}
      </div>
      {maps.length === 0 ? (
        <p class="inv-quiet">{t("chart.examples_hidden")}</p>
      ) : (
        <ul class="inv-example-cards" ref={list} onKeyDown={onKeyDown} aria-label={t("chart.examples_list", { label })}>
          {maps.map((number, i) => {
            const map = summary.maps[number];
            return map ? (
              <li key={map.id}>
                <Example map={map} stop={i === Math.min(stop, maps.length - 1)} />
              </li>
            ) : null;
          })}
        </ul>
      )}
    </section>
  );
}

const Example = memo(({ map, stop }: { map: MapHead; stop: boolean }) => {
  const { store } = useContext(Context);
  const t = useTranslate();
  const summary = store.summary.value;
  const picture = summary.pictures[map.picture]?.name ?? "";
  const layer = summary.layers[map.layer];
  const title = titleIn(t, layer?.title ?? "");
  const chosen = isMap(map, store.shared.cluster_map.value ?? "");
  return (
    <button
      type="button"
      class="inv-example"
      aria-label={`${picture}, ${title}, ${t("chart.weight", { weight: percent(map.weight, 1, t) })}`}
      aria-pressed={chosen}
      title={`${picture}: ${title} (${layer?.name ?? ""})`}
      tabIndex={stop ? 0 : -1}
      onClick={() => store.open(map)}
      {...GUARDED}
    >
      <Overlay map={map} />
      <span class="inv-example-name" dir="auto">
        {picture}
      </span>
      <span class="inv-example-foot inv-quiet">
        <span>{title}</span>
        <span class="inv-number">{percent(map.weight, 0, t)}</span>
      </span>
    </button>
  );
});

function Overlay({ map }: { map: MapHead }) {
  const { store, painter, pictures, theme } = useContext(Context);
  const canvas = useRef<HTMLCanvasElement>(null);
  const heat = useRef<HeatCanvas | undefined>(undefined);
  const [image, setImage] = useState<ImageBitmap>();
  useEffect(() => {
    let gone = false;
    pictures.thumbnail(map)?.then(
      (decoded) => !gone && setImage(decoded),
      () => {},
    );
    return () => {
      gone = true;
    };
  }, [pictures, map]);
  useEffect(() => (canvas.current ? painter.watch(canvas.current) : undefined), [painter]);
  const [colourMap, opacity, dark] = [
    store.shared.colour_map.value,
    store.shared.opacity.value,
    theme.value === "dark",
  ];
  useEffect(() => {
    const element = canvas.current;
    const cells = store.cells(map);
    if (!element || !image || !cells) return;
    const scale = (SIZE * Math.min(2, window.devicePixelRatio || 1)) / Math.max(image.width, image.height);
    const [width, height] = [image.width, image.height].map((side) => Math.max(1, Math.round(side * scale)));
    const drawn = { image, window: map.window, map: cells, mapWidth: map.width, mapHeight: map.height };
    heat.current ??= new HeatCanvas(element, painter);
    const canvasOf = heat.current;
    painter.schedule(element, () =>
      canvasOf.draw(drawn, overlay(colourMap, opacity, dark), width as number, height as number),
    );
  }, [store, painter, map, image, colourMap, opacity, dark]);
  return <canvas ref={canvas} width={SIZE} height={SIZE} style={{ maxWidth: `${SIZE}px` }} aria-hidden="true" />;
}
