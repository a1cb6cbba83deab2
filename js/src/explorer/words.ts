/** Layers and cluster maps in words: what people call them, and what their members are called. No DOM. */
import { percent } from "../core/controls";
import type { Translate } from "../core/languages";
import type { ClusterMap, Column, Label } from "../core/payload";

const COLOURS = 8;

export const layerTitle = (t: Translate, { block, layer_in_block }: Column): string =>
  t("explorer.layer", { block, layer: layer_in_block });

export const clusterName = (t: Translate, { number }: ClusterMap): string => t("explorer.cluster", { number });

/** What `inv.summarize` calls groups of layers by itself ("blocks 2-3"); others are called as somebody named them. */
export function groupTitle(t: Translate, name: string): string {
  const found = /^blocks? (\d+)(?:-(\d+))?(?:, layers? (\d+)(?:-(\d+))?)?$/.exec(name);
  if (!found) return name;
  const [block, toBlock, layer, toLayer] = found
    .slice(1)
    .map((part) => (part === undefined ? undefined : Number(part)));
  if (block === undefined) return name;
  if (toBlock !== undefined) return layer === undefined ? t("explorer.blocks", { first: block, last: toBlock }) : name;
  if (layer === undefined) return t("explorer.block", { block });
  if (toLayer === undefined) return t("explorer.layer", { block, layer });
  return t("explorer.layers_of", { block, first: layer, last: toLayer });
}

/** The labels with the highest score: several where it is a tie. */
export function bestLabels({ labels }: ClusterMap): Label[] {
  const marked = labels.filter(({ best }) => best);
  if (marked.length > 0) return marked;
  const most = Math.max(...labels.map(({ score }) => score ?? Number.NEGATIVE_INFINITY));
  return labels.filter(({ score }) => (score ?? Number.NEGATIVE_INFINITY) === most);
}

/** A cluster map in words: its best labels, or its number where it has none. */
export function title(t: Translate, cluster: ClusterMap): string {
  return cluster.labels.length > 0
    ? bestLabels(cluster)
        .map(({ name }) => name)
        .join(", ")
    : clusterName(t, cluster);
}

/** Whether all that a cluster map is called by rests on too little. */
export function isLow(cluster: ClusterMap): boolean {
  const best = bestLabels(cluster);
  return best.length > 0 && best.every(({ low }) => low);
}

/** A card in one line, for those who hear it. */
export function spoken(t: Translate, cluster: ClusterMap): string {
  const members = cluster.members?.length ?? 0;
  return [
    clusterName(t, cluster),
    percent(cluster.weight, 1, t),
    t("explorer.maps", { count: cluster.n_maps }),
    members > 0 ? t("explorer.merged_of", { count: members }) : "",
    cluster.labels.length > 0 ? t("explorer.labelled", { labels: title(t, cluster) }) : "",
    isLow(cluster) ? t("explorer.low_support") : "",
  ]
    .filter(Boolean)
    .join(", ");
}

export const memberName = (t: Translate, place: number): string => t("explorer.member", { number: place + 1 });

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
