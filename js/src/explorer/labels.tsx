/** What people call a cluster map: on its card in a word or two, in its detail in full. */
import { useState } from "preact/hooks";
import { count } from "../core/controls";
import { GUARDED } from "../core/keyboard";
import type { ClusterMap, Label, Picture } from "../core/payload";
import { contributions, isLow, LOW, memberColour, memberName, title } from "./words";

const FIRST = 8;
const MORE = 100;

/** What stands under a card's map: its best labels, and its number quietly. */
export function Caption({ cluster }: { cluster: ClusterMap }) {
  const members = cluster.members?.length ?? 0;
  const low = isLow(cluster);
  const words = title(cluster);
  return (
    <>
      {cluster.labels.length > 0 && (
        <span class="inv-card-labels" dir="auto" data-low={low} title={low ? `${words} (${LOW})` : words}>
          {words}
        </span>
      )}
      <span class="inv-card-foot inv-quiet">
        <span>{cluster.name}</span>
        <span class="inv-number">{members > 0 ? `${members} merged` : count(cluster.n_maps, "map")}</span>
      </span>
    </>
  );
}

interface LabelsProps {
  cluster: ClusterMap;
  support: Picture["support"];
}

/** All labels by score; of a merged cluster map each bar is made of its members' parts. */
export function Labels({ cluster, support }: LabelsProps) {
  const [shown, setShown] = useState(FIRST);
  const { labels, members = [] } = cluster;
  const most = Math.max(...labels.map(({ score }) => score ?? 0), 1e-9);
  const left = labels.length - shown;
  const parts = contributions(cluster);
  return (
    <section aria-label="Labels">
      <h4>
        Labels <span class="inv-quiet">by score</span>
      </h4>
      {members.length > 0 && (
        <ul class="inv-legend" aria-hidden="true">
          {members.map((member, i) => (
            <li key={member.id}>
              <span class="inv-dot" style={memberColour(i)} />
              {memberName(i)}
            </li>
          ))}
        </ul>
      )}
      <ul class="inv-labels">
        {labels.slice(0, shown).map((label) => (
          <Bar key={label.name} label={label} parts={parts.get(label.name) ?? []} most={most} />
        ))}
      </ul>
      {left > 0 && (
        <button type="button" class="inv-button inv-more" onClick={() => setShown(shown + MORE)} {...GUARDED}>
          {left > MORE ? `${MORE} more of ${left}` : `Show all ${labels.length} labels`}
        </button>
      )}
      {support && labels.some(({ low }) => low) && (
        <p class="inv-quiet inv-note">
          <span class="inv-dot" data-low="true" aria-hidden="true" />
          {LOW}: fewer than {support.rounds} rounds or {support.players} players said it
        </p>
      )}
    </section>
  );
}

interface BarProps {
  label: Label;
  /** What each member adds to the score; empty where there are no members. */
  parts: number[];
  most: number;
}

function Bar({ label, parts, most }: BarProps) {
  const { name, score, best = false, low = false } = label;
  const whole = Math.max(0, score ?? 0);
  const heard = [
    ...parts.flatMap((part, i) => (part > 0 ? [`${memberName(i)} ${part.toFixed(2)}`] : [])),
    label.rounds === undefined ? "" : `${count(label.rounds, "round")}, ${count(label.players ?? 0, "player")}`,
    low ? LOW : "",
  ]
    .filter(Boolean)
    .join("; ");
  return (
    <li data-best={best} data-low={low} title={heard ? `${name}: ${heard}` : name}>
      <span class="inv-label-name" dir="auto">
        {name}
      </span>
      <span class="inv-label-bar" aria-hidden="true">
        {(parts.length > 0 ? parts : [whole]).map((part, i) =>
          part > 0 ? (
            <span key={i} style={{ width: `${(100 * part) / most}%`, ...(parts.length > 0 ? memberColour(i) : {}) }} />
          ) : null,
        )}
      </span>
      <span class="inv-number">{score === null ? "–" : score.toFixed(2)}</span>
      {heard && <span class="inv-visually-hidden">{heard}</span>}
    </li>
  );
}
