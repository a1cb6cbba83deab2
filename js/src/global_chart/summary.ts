/** A summary as the kernel sends it (`inv_widgets/export/global_payload.py`), column by column, and what is asked of it. */
import type { Translate } from "../core/languages";
import type { Bytes } from "../core/payload";
import { groupTitle } from "../explorer/words";

export interface Layer {
  name: string;
  title: string;
  depth: number;
  group: string;
}

/** Lists as long as each other: a label in a group of layers. */
export interface Rows {
  label: number[];
  group: number[];
  rank: number[];
  score: number[];
  weight: (number | null)[];
  low: number[];
  from: (number | null)[];
  to: (number | null)[];
  maps: number[];
  pictures: number[];
  players: number[];
  rounds: number[];
  examples: number[][];
}

/** A label at a layer; where it is no best label there is none. */
export interface Cells {
  label: number[];
  layer: number[];
  score: number[];
  maps: number[];
  pictures: number[];
  rounds: number[];
}

export interface Trend {
  label: number;
  rises: boolean;
  slope: number;
  intercept: number;
  from: number | null;
  to: number | null;
  low: number;
}

export interface Class {
  name: string;
  labels: string[];
  played: number[];
  rows: Rows;
  cells: Cells;
  trends: Trend[];
}

export interface MapHead {
  id: string;
  picture: number;
  target: string;
  layer: number;
  weight: number | null;
  labels: string[];
  height: number;
  width: number;
  window: number[];
  /** In `bytes`; -1 where it is no example. */
  offset: number;
  /** Ids, where cluster maps were merged. */
  members?: string[];
}

export interface PictureHead {
  name: string;
  thumbnail?: Bytes;
  type?: string;
  width?: number;
  height?: number;
}

export interface Summary {
  groups: string[];
  layers: Layer[];
  support: { rounds: number; players: number; pictures: number };
  classes: Class[];
  maps: MapHead[];
  pictures: PictureHead[];
  bytes: Bytes;
  /** Which picture's explanation is of which class, in the run's order: lists as long as each other. */
  explained?: { picture: string[]; class: number[] };
}

export const EMPTY: Summary = {
  groups: [],
  layers: [],
  support: { rounds: 3, players: 2, pictures: 2 },
  classes: [],
  maps: [],
  pictures: [],
  bytes: new Uint8Array(),
};

/** The group of all layers together, by its place. */
export const allLayers = (summary: Summary): number => summary.groups.indexOf("all");

/** What a group is called on screen. */
export const groupName = (name: string): string => (name === "all" ? "all layers" : name);

/** Layers in words; networks with branches can have two of one title. */
export function layerTitles({ layers }: Summary): string[] {
  return layers.map(({ title, name }) =>
    layers.filter((other) => other.title === title).length === 1 ? title : `${title} (${name})`,
  );
}

/** The name of a layer or of a group of layers in a language; what somebody else named stays. */
export function titleIn(t: Translate, title: string): string {
  const note = title.indexOf(" (");
  return note < 0 ? groupTitle(t, title) : groupTitle(t, title.slice(0, note)) + title.slice(note);
}

/** What a group is called in a language. */
export const groupIn = (t: Translate, name: string): string =>
  name === "all" ? t("chart.all_layers") : titleIn(t, name);

/** The class of a picture's explanation, or (null) of the first: what an Explorer shows. */
export function classOf({ classes, explained }: Summary, picture: string | null): Class | undefined {
  const place = picture === null ? 0 : (explained?.picture.indexOf(picture) ?? -1);
  return classes[explained?.class[place] ?? -1];
}

/** Where a label stands in a group of layers, or in all together (`group` null); undefined where it is no best label. */
export function placeOf(summary: Summary, shown: Class, label: string, group: string | null): number | undefined {
  const wanted = group === null ? allLayers(summary) : summary.groups.indexOf(group);
  let places = indices.get(shown);
  if (!places) {
    const { label: labels, group: groups } = shown.rows;
    places = new Map(labels.map((number, i) => [`${groups[i]} ${shown.labels[number]}`, i]));
    indices.set(shown, places);
  }
  return places.get(`${wanted} ${label}`);
}

/** Places of rows by group and label: a class can have thousands. */
const indices = new WeakMap<Class, Map<string, number>>();

/** A cluster map, by its id or that of one of its members: they show what it shows. Undefined where it has no labels. */
export function mapOf(summary: Summary, id: string): MapHead | undefined {
  return summary.maps.find((map) => isMap(map, id));
}

/** Whether a cluster map, or one of its members, has this id. */
export function isMap(map: MapHead, id: string): boolean {
  return map.id === id || (map.members?.includes(id) ?? false);
}

/** The best labels of all cluster maps of a picture, for one class. */
export function labelsOfPicture(summary: Summary, picture: string, target: string): string[] {
  const found = summary.maps.filter((map) => map.target === target && summary.pictures[map.picture]?.name === picture);
  return [...new Set(found.flatMap(({ labels }) => labels))];
}
