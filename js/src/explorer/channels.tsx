/** The channels of a cluster map: the heaviest as small maps, the others as numbers. */
import { useSignal, useSignalEffect } from "@preact/signals";
import { useContext, useEffect, useMemo, useRef, useState } from "preact/hooks";
import { percent } from "../core/controls";
import { message } from "../core/errors";
import { GUARDED } from "../core/keyboard";
import { useTranslate } from "../core/language";
import { drawSmall } from "../core/painter";
import type { Arrays, ClusterMap, Column, Picture } from "../core/payload";
import { RequestError } from "../core/requests";
import { Context } from "./context";

interface ChannelsProps {
  picture: Picture;
  column: Column;
  cluster: ClusterMap;
}

export function Channels({ picture, column, cluster }: ChannelsProps) {
  const { store } = useContext(Context);
  const t = useTranslate();
  const arrays = useArrays(picture);
  const channels = useMemo(() => arrays?.channels(cluster) ?? [], [arrays, cluster]);
  useEffect(() => store.wantChannels(picture), [store, picture]);
  const { maps } = store.channels(picture);
  const drawn = channels.slice(0, cluster.n_thumbnails);
  const others = channels.slice(cluster.n_thumbnails);
  return (
    <section>
      <h4>
        {t("explorer.channels")} <span class="inv-quiet">{t("explorer.channels_words")}</span>
      </h4>
      {drawn.length > 0 && <Missing picture={picture} />}
      {drawn.length > 0 && (
        <ul class="inv-channels">
          {drawn.map(({ channel, weight, owner, place }) => (
            <li key={channel}>
              <ChannelThumbnail
                map={maps?.thumbnail(column, owner, place)}
                width={column.thumbnail_width}
                height={column.thumbnail_height}
              />
              <span class="inv-number">#{channel}</span>
              <span class="inv-number inv-quiet">{percent(weight, 2, t)}</span>
            </li>
          ))}
        </ul>
      )}
      {others.length > 0 && (
        <ul class="inv-channels-plain">
          {others.map(({ channel, weight }) => (
            <li key={channel}>
              <span class="inv-number">#{channel}</span>
              <span class="inv-number inv-quiet">{percent(weight, 2, t)}</span>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

/** Undefined while they are unpacked. */
function useArrays(picture: Picture): Arrays | undefined {
  const { store } = useContext(Context);
  const [found, setFound] = useState<{ picture: Picture; arrays: Arrays }>();
  useEffect(() => {
    let current = true;
    store.arrays(picture).then(
      (arrays) => current && setFound({ picture, arrays }),
      (error) => {
        if (current) store.error.value = error;
      },
    );
    return () => {
      current = false;
    };
  }, [store, picture]);
  return found?.picture === picture ? found.arrays : undefined;
}

/** Words where the small maps did not come. Everything else in the detail is here. */
function Missing({ picture }: { picture: Picture }) {
  const { store, alive } = useContext(Context);
  const t = useTranslate();
  const { maps, error } = store.channels(picture);
  if (maps || (!error && (alive.value || picture.thumbnails !== undefined))) return null;
  const refused = error && !(error instanceof RequestError && error.code !== undefined);
  return (
    <p class="inv-channels-missing inv-quiet" role="status">
      <span>{refused ? message(error) : t("explorer.channels_missing")}</span>
      <button type="button" class="inv-button" onClick={() => store.retryChannels(picture)} {...GUARDED}>
        {t("action.retry")}
      </button>
    </p>
  );
}

interface ChannelThumbnailProps {
  map: Uint8Array | undefined;
  width: number;
  height: number;
}

function ChannelThumbnail({ map, width, height }: ChannelThumbnailProps) {
  const { store } = useContext(Context);
  const ref = useRef<HTMLCanvasElement>(null);
  const latest = useSignal({ map, width, height });
  latest.value = latest.peek().map === map ? latest.peek() : { map, width, height };
  useSignalEffect(() => {
    const { map: cells, width: across, height: down } = latest.value;
    const name = store.shared.colour_map.value;
    if (ref.current && cells) drawSmall(ref.current, cells, across, down, name);
  });
  const shape = { aspectRatio: `${width} / ${height}` };
  return <canvas ref={ref} class="inv-channel" data-here={map !== undefined} style={shape} aria-hidden="true" />;
}
