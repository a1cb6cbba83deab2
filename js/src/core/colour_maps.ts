/** The colour maps that Python and the browser share, as look-up tables. */
import hex from "../../../inv_widgets/colour_maps.json";

export const COLOUR_MAPS = ["viridis", "inferno", "turbo", "cividis", "greys"] as const;
export type ColourMap = (typeof COLOUR_MAPS)[number];

const tables = new Map<string, Uint8ClampedArray>();

/** 256 x 3 bytes, RGB, the same array each time. An unknown name gives viridis. */
export function lookUpTable(name: string): Uint8ClampedArray {
  const known = tables.get(name);
  if (known) return known;
  const colours = hex[isColourMap(name) ? name : "viridis"];
  const table = new Uint8ClampedArray(256 * 3);
  colours.forEach((colour, i) => {
    const value = Number.parseInt(colour.slice(1), 16);
    table.set([value >> 16, (value >> 8) & 255, value & 255], 3 * i);
  });
  if (isColourMap(name)) tables.set(name, table);
  return table;
}

/** A CSS gradient that runs through a colour map. */
export function gradient(name: string, direction = "to right"): string {
  const colours = hex[isColourMap(name) ? name : "viridis"];
  const stops = [0, 32, 64, 96, 128, 160, 192, 224, 255].map((i) => colours[i]);
  return `linear-gradient(${direction}, ${stops.join(", ")})`;
}

export function isColourMap(name: string): name is ColourMap {
  return (COLOUR_MAPS as readonly string[]).includes(name);
}
