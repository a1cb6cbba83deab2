/** How people fared with a cluster map, and what they saw of the picture. */
import { count, percent } from "../core/controls";
import type { ClusterMap, Column, Picture, Rounds } from "../core/payload";
import { Heat } from "./heat";

interface FaredProps {
  picture: Picture;
  column: Column;
  cluster: ClusterMap;
  width: number;
}

export function Fared({ picture, column, cluster, width }: FaredProps) {
  const { rounds } = cluster;
  if (!rounds) {
    return (
      <section aria-label="Rounds">
        <h4>Rounds</h4>
        <p class="inv-quiet">Nobody has played this cluster map yet.</p>
      </section>
    );
  }
  const { wins, losses, resigns, players, share, step } = rounds;
  const total = wins + losses + resigns;
  return (
    <section aria-label="Rounds">
      <h4>
        Rounds{" "}
        <span class="inv-quiet">
          {total} by {count(players, "player")}
        </span>
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
              <b class="inv-number">{percent(share)}</b> of the picture was shown when they answered, on average
              {step !== null && (
                <span class="inv-quiet">
                  {" "}
                  (step <span class="inv-number">{step.toFixed(1)}</span>)
                </span>
              )}
            </p>
          )}
        </div>
      </div>
    </section>
  );
}

function Outcomes({ rounds, total }: { rounds: Rounds; total: number }) {
  const parts = [
    ["won", "won", rounds.wins],
    ["lost", "lost", rounds.losses],
    ["resigned", "resigned", rounds.resigns],
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
            <b class="inv-number">{number}</b>
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
