/** Cluster maps in words: what people call them, and what their members are called. No DOM. */
import { count, percent } from "../core/controls";
import type { ClusterMap, Label } from "../core/payload";

/** Too few rounds or players stand behind it. */
export const LOW = "low support";

const COLOURS = 8;

/** The labels with the highest score: several where it is a tie. */
export function bestLabels({ labels }: ClusterMap): Label[] {
  const marked = labels.filter(({ best }) => best);
  if (marked.length > 0) return marked;
  const most = Math.max(...labels.map(({ score }) => score ?? Number.NEGATIVE_INFINITY));
  return labels.filter(({ score }) => (score ?? Number.NEGATIVE_INFINITY) === most);
}

/** A cluster map in words: its best labels, or its number where it has none. */
export function title(cluster: ClusterMap): string {
  return cluster.labels.length > 0
    ? bestLabels(cluster)
        .map(({ name }) => name)
        .join(", ")
    : cluster.name;
}

/** Whether all that a cluster map is called by rests on too little. */
export function isLow(cluster: ClusterMap): boolean {
  const best = bestLabels(cluster);
  return best.length > 0 && best.every(({ low }) => low);
}

/** A card in one line, for those who hear it. */
export function spoken(cluster: ClusterMap): string {
  const members = cluster.members?.length ?? 0;
  return [
    cluster.name,
    percent(cluster.weight),
    count(cluster.n_maps, "map"),
    members > 0 ? `merged of ${members}` : "",
    cluster.labels.length > 0 ? `labels: ${title(cluster)}` : "",
    isLow(cluster) ? LOW : "",
  ]
    .filter(Boolean)
    .join(", ");
}

export const memberName = (place: number): string => `member ${place + 1}`;

/** A member's colour, which the style sheet knows for both themes. */
export const memberColour = (place: number): Record<string, string> => ({
  "--member": `var(--inv-member-${(place % COLOURS) + 1})`,
});

/** How much of each label's score comes from each member: its own score there, by its share of the weight. */
export function contributions({ labels, members = [] }: ClusterMap): Map<string, number[]> {
  const total = members.reduce((sum, { weight }) => sum + (weight ?? 0), 0);
  const parts = new Map<string, number[]>();
  if (members.length === 0) return parts;
  const known = members.map((member) => new Map(member.labels.map(({ name, score }) => [name, score ?? 0])));
  for (const { name } of labels) {
    const share = (i: number) => (total > 0 ? (members[i]?.weight ?? 0) / total : 1 / members.length);
    parts.set(
      name,
      known.map((scores, i) => Math.max(0, share(i) * (scores.get(name) ?? 0))),
    );
  }
  return parts;
}
