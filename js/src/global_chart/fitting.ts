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

/** What names of labels beside a chart may take, in pixels. */
export const labelRoom = (width: number): number => (width < 420 ? 84 : width < 720 ? 110 : 140);

/** Beside the names: the examples' images and what stands between. */
const BESIDE = 60;

/** The specification with its facets side by side, and its names and its legend as long, as far as there is room. */
export function fitted(spec: Spec, columns: number, width: number): Spec {
  const name = labelRoom(width);
  const most = {
    name,
    header: Math.max(60, Math.floor((width - 50) / columns) - 24),
    gradient: Math.max(60, width - name - BESIDE),
  };
  const shortened = shorten(spec, most) as Spec;
  return "columns" in spec ? { ...shortened, columns } : shortened;
}

/** With no name and no gradient longer than there is room for; nothing gets longer than it was made. */
function shorten(value: unknown, most: { name: number; header: number; gradient: number }, path = ""): unknown {
  if (Array.isArray(value)) return value.map((each) => shorten(each, most, path));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => {
      if (key === "data" || key === "datasets" || key === "config") return [key, each];
      const limit =
        key === "gradientLength"
          ? most.gradient
          : key === "labelLimit" && path === "header"
            ? most.header
            : key === "labelLimit" && path === "y axis"
              ? most.name
              : undefined;
      if (limit !== undefined && typeof each === "number") return [key, Math.min(limit, each)];
      return [key, shorten(each, most, key === "axis" ? `${path} axis` : key)];
    }),
  );
}

/** The width of a facet's inside, given that with `inner` the whole was `whole` wide and should be `wanted`. */
export function innerWidth(view: ViewName, inner: number, whole: number, wanted: number, columns: number): number {
  const width = Math.floor(inner + (wanted - whole) / columns);
  return Math.max(56, Math.min(NEEDS[view].most, width));
}
