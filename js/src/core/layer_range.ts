/** The trait `layers` of State: names of the layers that are brushed; empty: all. */

/** What of it a view can show, in the order of `known`; undefined: all. Names that it lacks are ignored; if it lacks all of them, all. */
export function brushedLayers(names: readonly string[], known: readonly string[]): readonly string[] | undefined {
  const found = known.filter((name) => names.includes(name));
  return found.length > 0 ? found : undefined;
}
