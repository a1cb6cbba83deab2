/** The picked label: what stands behind it, and its cluster maps, one a picture, best first. */
import { memo } from "preact/compat";
import { useContext, useEffect, useRef, useState } from "preact/hooks";
import { count, percent, Segmented } from "../core/controls";
import { GUARDED } from "../core/keyboard";
import { HeatCanvas } from "../core/painter";
import { alongRow } from "../core/roving";
import { Context } from "./context";
import { overlay } from "./pictures";
import { type Class, groupName, isMap, type MapHead, placeOf } from "./summary";

/** CSS pixels of an example's longer side. */
const SIZE = 104;

export function Examples({ shown }: { shown: Class }) {
  const { store } = useContext(Context);
  const list = useRef<HTMLUListElement>(null);
  const [stop, setStop] = useState(0);
  const summary = store.summary.value;
  const label = store.shared.label.value;
  if (label === null) return null;
  const { place, group, maps } = store.examples();
  if (place === undefined) {
    return (
      <section class="inv-examples" aria-label={`Examples of ${label}`}>
        <p class="inv-quiet">
          <b dir="auto">{label}</b> is no best label of a cluster map of this class.
        </p>
      </section>
    );
  }
  const { rows } = shown;
  const groups = summary.groups.filter((name) => placeOf(summary, shown, label, name) !== undefined);
  const low = rows.low[place] === 1;
  const { support } = summary;
  const interval = rows.from[place] == null ? "" : ` (${rows.from[place]?.toFixed(1)}–${rows.to[place]?.toFixed(1)})`;
  const facts = [
    `global score ${rows.score[place]?.toFixed(1)}${interval}`,
    rows.weight[place] == null ? "" : `mean weight ${percent(rows.weight[place])}`,
    count(rows.pictures[place] ?? 0, "picture"),
    count(rows.maps[place] ?? 0, "cluster map"),
    count(rows.players[place] ?? 0, "player"),
    count(rows.rounds[place] ?? 0, "round"),
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
    <section class="inv-examples" aria-label={`Examples of ${label}`}>
      <div class="inv-examples-head">
        <h3 dir="auto">{label}</h3>
        <p class="inv-number inv-quiet">
          {facts.join(" · ")}
          {low && (
            <span
              class="inv-chart-low"
              title={`Fewer than ${count(support.rounds, "round")}, ${count(support.players, "player")} or ${count(support.pictures, "picture")}`}
            >
              low support
            </span>
          )}
        </p>
        {groups.length > 1 && (
          <Segmented
            label="layers"
            value={groupName(group ?? "all")}
            options={groups.map(groupName)}
            onChoose={(name) => store.chooseGroup(name === "all layers" ? null : name)}
          />
        )}
      </div>
      {maps.length === 0 ? (
        <p class="inv-quiet">Its examples are not shown: play their pictures first, or they did not fit.</p>
      ) : (
        <ul
          class="inv-example-cards"
          ref={list}
          onKeyDown={onKeyDown}
          aria-label={`Cluster maps that show ${label}, one a picture, best first`}
        >
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
  const summary = store.summary.value;
  const picture = summary.pictures[map.picture]?.name ?? "";
  const layer = summary.layers[map.layer];
  const chosen = isMap(map, store.shared.cluster_map.value ?? "");
  return (
    <button
      type="button"
      class="inv-example"
      aria-label={`${picture}, ${layer?.title ?? ""}, weight ${percent(map.weight)}`}
      aria-pressed={chosen}
      title={`${picture}: ${layer?.title ?? ""} (${layer?.name ?? ""})`}
      tabIndex={stop ? 0 : -1}
      onClick={() => store.open(map)}
      {...GUARDED}
    >
      <Overlay map={map} />
      <span class="inv-example-name" dir="auto">
        {picture}
      </span>
      <span class="inv-example-foot inv-quiet">
        <span>{layer?.title}</span>
        <span class="inv-number">{percent(map.weight, 0)}</span>
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
