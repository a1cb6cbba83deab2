/** What a GlobalChart shows and what can be done to it. No DOM, so that it can be tested without one. */
import { batch, computed, type ReadonlySignal, type Signal, signal } from "@preact/signals";
import type { Model } from "../core/model";
import { bytes } from "../core/payload";
import { Link, type Linked } from "../core/state";
import type { Spec } from "../core/vega";
import { between, rangeOf } from "./range";
import type { ViewName, Wanted } from "./rows";
import { type Class, classOf, EMPTY, labelsOfPicture, type MapHead, mapOf, placeOf, type Summary } from "./summary";
import type { Marks } from "./tcav";

/** Shared by all views on one State. */
export type Shared = {
  picture: string | null;
  target: string | null;
  layer: string | null;
  cluster_map: string | null;
  label: string | null;
  group: string | null;
  /** Names of the layers that are brushed; empty: all. */
  layers: readonly string[];
  colour_map: string;
  opacity: number;
};

/** This chart's own. */
export type Own = {
  view: ViewName;
  target: string | null;
  max_labels: number;
  height: number;
};

export interface ChartSpec {
  spec: Spec;
  /** Whether it may be made as wide as there is room. */
  fits: boolean;
}

/** Which labels stand out, and why. */
export interface Picked {
  labels: readonly string[];
  reason: "label" | "cluster map" | "picture" | "nothing";
  /** The picture's name, or the cluster map's layer. */
  of: string;
}

const SHARED: Shared = {
  picture: null,
  target: null,
  layer: null,
  cluster_map: null,
  label: null,
  group: null,
  layers: [],
  colour_map: "viridis",
  opacity: 0.6,
};

const OWN: Own = { view: "labels", target: null, max_labels: 12, height: 860 };

const NOTHING: Picked = { labels: [], reason: "nothing", of: "" };

/** What a view remembers when it is drawn again. */
export interface Memory {
  search: string;
}

export const newMemory = (): Memory => ({ search: "" });

export class ChartStore {
  readonly shared: Linked<Shared>;
  readonly own: Linked<Own>;
  readonly memory: Memory;
  readonly summary: ReadonlySignal<Summary>;
  readonly charts: ReadonlySignal<Record<string, ChartSpec>>;
  /** The class that is shown; undefined where there is none at all. */
  readonly shown: ReadonlySignal<Class | undefined>;
  readonly picked: ReadonlySignal<Picked>;
  /** Names of the layers that are brushed, or just being brushed; undefined: all. */
  readonly range: ReadonlySignal<readonly string[] | undefined>;
  /** The group of layers that stands out, where no label does by itself and this class has labels there; null: all. */
  readonly group: ReadonlySignal<string | null>;
  /** What a TCAV test says of labels. */
  readonly marks: ReadonlySignal<Marks>;
  readonly search: Signal<string>;
  readonly wanted: ReadonlySignal<Wanted>;
  readonly error = signal<unknown>(undefined);

  readonly #model: Model;
  readonly #sharedLink: Link<Shared>;
  readonly #ownLink: Link<Own>;
  readonly #summary: Signal<Summary>;
  /** Of all examples' maps: in an exported page megabytes of text, read once. */
  readonly #bytes = computed(() => bytes(this.summary.value.bytes));
  readonly #charts: Signal<Record<string, ChartSpec>>;
  readonly #marks: Signal<Marks>;
  /** While a hand drags over layers; State is told when it lets go. */
  readonly #brushing = signal<readonly string[] | undefined>(undefined);
  /** What stands out because of the Explorer, and was told not to: until something else is chosen there. */
  readonly #quiet = signal<string | undefined>(undefined);

  constructor(model: Model, state: Model, memory: Memory = newMemory()) {
    this.#model = model;
    this.memory = memory;
    this.#sharedLink = new Link(state, SHARED);
    this.#ownLink = new Link(model, OWN);
    this.shared = this.#sharedLink.signals;
    this.own = this.#ownLink.signals;
    this.search = signal(memory.search);
    this.#summary = signal(this.#readSummary());
    this.#charts = signal(this.#readCharts());
    this.summary = this.#summary;
    this.charts = this.#charts;
    model.on("change:_summary", this.#onSummary);
    this.#marks = signal(this.#readMarks());
    this.marks = this.#marks;
    model.on("change:_charts", this.#onCharts);
    model.on("change:_tcav", this.#onMarks);
    this.shown = computed(() => {
      const { classes } = this.summary.value;
      const named = (name: string | null) => classes.find((each) => each.name === name);
      return (
        named(this.own.target.value) ??
        named(this.shared.target.value) ??
        classOf(this.summary.value, this.shared.picture.value) ??
        classOf(this.summary.value, null) ??
        classes[0]
      );
    });
    this.range = computed(() => rangeOf(this.summary.value, this.#brushing.value ?? this.shared.layers.value));
    this.group = computed(() => {
      const [{ group, label }, shown] = [this.shared, this.shown.value];
      const place = group.value === null ? -1 : this.summary.value.groups.indexOf(group.value);
      return label.value === null && shown?.rows.group.includes(place) ? group.value : null;
    });
    this.picked = computed(() => this.#picked());
    this.wanted = computed(() => ({ maxLabels: this.own.max_labels.value, search: this.search.value }));
  }

  set(values: Partial<Own>): void {
    this.#ownLink.set(values);
  }

  find(search: string): void {
    this.memory.search = search;
    this.search.value = search;
  }

  /** Pick a label; the one that is picked already, in the same group, is let go. */
  pick(label: string, group: string | null = null): void {
    // A click on a mark can carry other words than a label, such as a layer's.
    if (!this.shown.value?.labels.includes(label)) return;
    const { label: now, group: there } = this.shared;
    if (now.value === label && there.value === group) this.letGo();
    else this.#sharedLink.set({ label, group });
  }

  letGo(): void {
    this.#sharedLink.set({ label: null, group: null });
  }

  chooseGroup(group: string | null): void {
    this.#sharedLink.set({ group });
  }

  /** Show what a brush from one layer to another would do. */
  brushing(from: string, to: string): void {
    this.#brushing.value = between(this.summary.value, from, to);
  }

  /** Brush the layers from one to another: all views on the State keep to them. */
  brush(from: string, to: string): void {
    this.#sharedLink.set({ layers: between(this.summary.value, from, to) });
    this.stopBrushing();
  }

  stopBrushing(): void {
    this.#brushing.value = undefined;
  }

  allLayers(): void {
    this.#sharedLink.set({ layers: [] });
  }

  /** Let nothing stand out because of what is open in the Explorer. */
  quieten(): void {
    this.#quiet.value = this.#elsewhere();
  }

  /** Show another class; the Explorers go along, unless this chart was told to stay with one. */
  chooseClass(name: string): void {
    if (this.own.target.value !== null) this.#ownLink.set({ target: name });
    else this.#sharedLink.set({ target: name, picture: null, cluster_map: null });
  }

  /** Show an example in the Explorers. */
  open(map: MapHead): void {
    const { layers, pictures } = this.summary.value;
    this.#sharedLink.set({
      picture: pictures[map.picture]?.name ?? null,
      target: map.target,
      layer: layers[map.layer]?.name ?? null,
      cluster_map: map.id,
    });
  }

  /** Places of the picked label's examples, best first: of the chosen group, or of all layers together. */
  examples(): { place: number | undefined; group: string | null; maps: number[] } {
    const [shown, { label, group }] = [this.shown.value, this.shared];
    const nothing = { place: undefined, group: null, maps: [] };
    if (!shown || label.value === null) return nothing;
    for (const wanted of [group.value, null]) {
      const place = placeOf(this.summary.value, shown, label.value, wanted);
      if (place !== undefined) return { place, group: wanted, maps: shown.rows.examples[place] ?? [] };
    }
    return nothing;
  }

  /** A cluster map's cells, 0..255. */
  cells(map: MapHead): Uint8Array | undefined {
    if (map.offset < 0) return undefined;
    return this.#bytes.value.subarray(map.offset, map.offset + map.height * map.width);
  }

  dispose(): void {
    this.#model.off("change:_summary", this.#onSummary);
    this.#model.off("change:_charts", this.#onCharts);
    this.#model.off("change:_tcav", this.#onMarks);
    this.#sharedLink.dispose();
    this.#ownLink.dispose();
  }

  #picked(): Picked {
    const { label, cluster_map, picture } = this.shared;
    if (label.value !== null) return { labels: [label.value], reason: "label", of: "" };
    const shown = this.shown.value;
    if (!shown || this.#quiet.value === this.#elsewhere()) return NOTHING;
    const summary = this.summary.value;
    if (cluster_map.value !== null) {
      const map = mapOf(summary, cluster_map.value);
      const labels = map?.labels ?? [];
      const of = summary.layers[map?.layer ?? -1]?.title ?? "";
      if (labels.length > 0) return { labels, reason: "cluster map", of };
    }
    if (picture.value !== null) {
      const labels = labelsOfPicture(summary, picture.value, shown.name);
      if (labels.length > 0) return { labels, reason: "picture", of: picture.value };
    }
    return NOTHING;
  }

  #elsewhere(): string {
    const { cluster_map, picture, target } = this.shared;
    return JSON.stringify([cluster_map.value, picture.value, target.value]);
  }

  readonly #onSummary = () => {
    batch(() => {
      this.#summary.value = this.#readSummary();
    });
  };

  readonly #onCharts = () => {
    this.#charts.value = this.#readCharts();
  };

  readonly #onMarks = () => {
    this.#marks.value = this.#readMarks();
  };

  #readMarks(): Marks {
    return (this.#model.get("_tcav") as Marks | null | undefined) ?? {};
  }

  #readSummary(): Summary {
    const read = this.#model.get("_summary") as Partial<Summary> | null | undefined;
    return { ...EMPTY, ...read };
  }

  #readCharts(): Record<string, ChartSpec> {
    return (this.#model.get("_charts") as Record<string, ChartSpec> | null | undefined) ?? {};
  }
}
