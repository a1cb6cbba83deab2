/** How people fared with a cluster map, and what they saw of the picture. */
import { fixed, percent } from "../core/controls";
import { useTranslate } from "../core/language";
import type { ClusterMap, Column, Picture, Rounds } from "../core/payload";
import { Heat } from "./heat";

interface FaredProps {
  picture: Picture;
  column: Column;
  cluster: ClusterMap;
  width: number;
}

export function Fared({ picture, column, cluster, width }: FaredProps) {
  const t = useTranslate();
  const { rounds } = cluster;
  if (!rounds) {
    return (
      <section aria-label={t("explorer.rounds")}>
        <h4>{t("explorer.rounds")}</h4>
        <p class="inv-quiet">{t("explorer.not_played")}</p>
      </section>
    );
  }
  const { wins, losses, resigns, players, share, step } = rounds;
  const total = wins + losses + resigns;
  return (
    <section aria-label={t("explorer.rounds")}>
      <h4>
        {t("explorer.rounds")} <span class="inv-quiet">{t("explorer.rounds_by", { total, count: players })}</span>
      </h4>
      <div class="inv-fared">
        {share !== null && (
          <figure>
            <Heat
              picture={picture}
              column={column}
              map={cluster.map}
              width={width}
              maxHeight={width}
              mode="mask"
              share={ofWindow(picture, share)}
            />
          </figure>
        )}
        <div>
          <Outcomes rounds={rounds} total={total} />
          {share !== null && (
            <p>
              <b class="inv-number">{percent(share, 1, t)}</b> {t("explorer.seen")}
              {step !== null && (
                <span class="inv-quiet inv-number"> {t("explorer.step", { step: fixed(step, 1, t) })}</span>
              )}
            </p>
          )}
        </div>
      </div>
    </section>
  );
}

function Outcomes({ rounds, total }: { rounds: Rounds; total: number }) {
  const t = useTranslate();
  const parts = [
    ["won", t("explorer.won", { count: rounds.wins }), rounds.wins],
    ["lost", t("explorer.lost", { count: rounds.losses }), rounds.losses],
    ["resigned", t("explorer.resigned", { count: rounds.resigns }), rounds.resigns],
  ] as const;
  return (
    <>
      <div class="inv-outcomes" aria-hidden="true">
        {parts.map(([part, , number]) =>
          number > 0 ? <span key={part} data-part={part} style={{ flexGrow: number / total }} /> : null,
        )}
      </div>
      <ul class="inv-outcome-rows">
        {parts.map(([part, words, number]) => (
          <li key={part}>
            <span class="inv-dot" data-part={part} aria-hidden="true" />
            <b class="inv-number">{t.number(number)}</b>
            <span>{words}</span>
          </li>
        ))}
      </ul>
    </>
  );
}

/** Games count in pixels of the picture, masks here in those of the window. */
export function ofWindow({ window }: Picture, share: number): number {
  const [, , across = 1, down = 1] = window;
  const area = across * down;
  return area > 0 ? Math.min(100, share / area) : share;
}
