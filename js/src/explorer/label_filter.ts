/** A label that was picked in another view: which cluster maps carry it, in this picture and in the others. No DOM. */
import { type ClusterMap, type Column, isWhole, type Picture } from "../core/payload";
import type { Head } from "./pictures";
import { bestLabels } from "./words";

/** Whether a label is one of the best of a cluster map: what the global chart counts. */
export function carries(cluster: ClusterMap, label: string): boolean {
  return bestLabels(cluster).some(({ name }) => name === label);
}

/** Whether some cluster map of a picture carries it; undefined while its labels are not known here. */
export function carrying(head: Head, label: string): boolean | undefined {
  if (head.withheld) return undefined;
  if (!isWhole(head)) return head.labels?.includes(label);
  return head.columns.some(({ cluster_maps }) => cluster_maps.some((each) => carries(each, label)));
}

/** What the cluster maps of a picture are called, as a head says it. */
export function labelsOf(picture: Picture): string[] {
  const shown = picture.columns.flatMap(({ cluster_maps }) => cluster_maps);
  return [...new Set(shown.flatMap((each) => bestLabels(each).map(({ name }) => name)))].sort();
}

/** A column that may lack cluster maps; `of` is how many it has. */
export type Filtered = Column & { readonly of?: number };

/** Columns with those cluster maps only. */
export function filtered(columns: Column[], label: string): Filtered[] {
  return columns.map((column) => ({
    ...column,
    of: column.cluster_maps.length,
    cluster_maps: column.cluster_maps.filter((each) => carries(each, label)),
  }));
}

/** Whether anything here has labels at all: a run that nobody labelled has nothing to pick from. */
export function anyLabels(heads: Head[]): boolean {
  return heads.some((head) => {
    if (head.withheld) return false;
    if (!isWhole(head)) return (head.labels?.length ?? 0) > 0;
    return head.columns.some(({ cluster_maps }) => cluster_maps.some(({ labels }) => labels.length > 0));
  });
}
