/** Columns by groups of layers, and the range of layers that another view brushed. No DOM. */
import { brushedLayers } from "../core/layer_range";
import type { Column } from "../core/payload";

/** Names of groups, as the global chart has them, with the names of their layers. */
export type Groups = Readonly<Record<string, readonly string[]>>;

/** Columns side by side of one group; without a name they are of none. */
export interface Run {
  name: string | undefined;
  columns: Column[];
}

/** The name of a block as a group: what `inv.summarize` calls a group that is one block. */
const blockName = ({ block }: Column): string => `block ${block}`;

/** The group of each layer: as they are named; else by block, where that says more than the columns' heads do. */
export function groupsOf(columns: readonly Column[], named: Groups): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const [name, layers] of Object.entries(named)) for (const layer of layers) found.set(layer, name);
  if (columns.some(({ layer }) => found.has(layer))) return found;
  const blocks = new Map(columns.map((column) => [column.layer, blockName(column)]));
  const sizes = new Set(blocks.values()).size;
  return sizes > 1 && sizes < columns.length ? blocks : new Map();
}

/** Columns cut where the group changes. */
export function runsOf(columns: readonly Column[], groups: ReadonlyMap<string, string>): Run[] {
  const runs: Run[] = [];
  for (const column of columns) {
    const name = groups.get(column.layer);
    const last = runs.at(-1);
    if (last && last.name === name) last.columns.push(column);
    else runs.push({ name, columns: [column] });
  }
  return runs;
}

/** The columns of the range that was brushed, which of these it has; undefined: all. */
export function inRange(columns: readonly Column[], names: readonly string[]): ReadonlySet<string> | undefined {
  const found = brushedLayers(
    names,
    columns.map(({ layer }) => layer),
  );
  return found && found.length < columns.length ? new Set(found) : undefined;
}
