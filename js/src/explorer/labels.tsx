/** What people call a cluster map: on its card in a word or two, in its detail in full. */
import { useState } from "preact/hooks";
import { fixed } from "../core/controls";
import { GUARDED } from "../core/keyboard";
import { useTranslate } from "../core/language";
import type { ClusterMap, Label, Picture } from "../core/payload";
import { clusterName, contributions, isLow, memberColour, memberName, title } from "./words";

const FIRST = 8;
const MORE = 100;

/** What stands under a card's map: its best labels, and its number quietly. */
export function Caption({ cluster }: { cluster: ClusterMap }) {
  const t = useTranslate();
  const members = cluster.members?.length ?? 0;
  const low = isLow(cluster);
  const words = title(t, cluster);
  return (
    <>
      {cluster.labels.length > 0 && (
        <span
          class="inv-card-labels"
          dir="auto"
          data-low={low}
          title={low ? `${words} (${t("explorer.low_support")})` : words}
        >
          {words}
        </span>
      )}
      <span class="inv-card-foot inv-quiet">
        <span>{clusterName(t, cluster)}</span>
        <span class="inv-number">
          {members > 0 ? t("explorer.merged", { count: members }) : t("explorer.maps", { count: cluster.n_maps })}
        </span>
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
  const t = useTranslate();
  const [shown, setShown] = useState(FIRST);
  const { labels, members = [] } = cluster;
  const most = Math.max(...labels.map(({ score }) => score ?? 0), 1e-9);
  const left = labels.length - shown;
  const parts = contributions(cluster);
  return (
    <section aria-label={t("explorer.labels")}>
      <h4>
        {t("explorer.labels")} <span class="inv-quiet">{t("explorer.by_score")}</span>
      </h4>
      {members.length > 0 && (
        <ul class="inv-legend" aria-hidden="true">
          {members.map((member, i) => (
            <li key={member.id}>
              <span class="inv-dot" style={memberColour(i)} />
              {memberName(t, i)}
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
          {left > MORE
            ? t("explorer.labels_more", { number: MORE, left })
            : t("explorer.labels_all", { count: labels.length })}
        </button>
      )}
      {support && labels.some(({ low }) => low) && (
        <p class="inv-quiet inv-note">
          <span class="inv-dot" data-low="true" aria-hidden="true" />
          {t("explorer.low_words", {
            rounds: t("explorer.rounds_of", { count: support.rounds }),
            players: t("explorer.players_of", { count: support.players }),
          })}
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
  const t = useTranslate();
  const { name, score, best = false, low = false } = label;
  const whole = Math.max(0, score ?? 0);
  const heard = [
    ...parts.flatMap((part, i) => (part > 0 ? [`${memberName(t, i)} ${fixed(part, 2, t)}`] : [])),
    label.rounds === undefined
      ? ""
      : `${t("explorer.rounds_of", { count: label.rounds })}, ${t("explorer.players_of", { count: label.players ?? 0 })}`,
    low ? t("explorer.low_support") : "",
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
      <span class="inv-number">{fixed(score, 2, t)}</span>
      {heard && <span class="inv-visually-hidden">{heard}</span>}
    </li>
  );
}
