/** How wide a chart is made: as many facets beside each other as are readable, and as wide as there is room. */
import type { Spec } from "../core/vega";
import type { ViewName } from "./rows";

/** What a facet needs to be read, and how wide its inside gets at most. */
const NEEDS = {
  labels: { least: 330, most: 420 },
  trends: { least: 150, most: 230 },
  layers: { least: 0, most: 1100 },
};

export function columnsFor(view: ViewName, width: number, facets: number): number {
  const { least } = NEEDS[view];
  if (least === 0 || facets < 2) return 1;
  const most = Math.max(1, Math.min(facets, Math.floor(width / least)));
  // No row is left half empty where one column less does as well.
  return Math.ceil(facets / Math.ceil(facets / most));
}

/** The specification with its facets side by side as far as there is room. */
export function fitted(spec: Spec, columns: number): Spec {
  return "columns" in spec ? { ...spec, columns } : spec;
}

/** The width of a facet's inside, given that with `inner` the whole was `whole` wide and should be `wanted`. */
export function innerWidth(view: ViewName, inner: number, whole: number, wanted: number, columns: number): number {
  const width = Math.floor(inner + (wanted - whole) / columns);
  return Math.max(56, Math.min(NEEDS[view].most, width));
}
