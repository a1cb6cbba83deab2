/** What an Explorer shows and what can be done to it. No DOM, so that it can be tested without one. */
import { batch, computed, effect, type ReadonlySignal, type Signal, signal } from "@preact/signals";
import type { Model } from "../core/model";
import type { Mode } from "../core/painter";
import {
  Arrays,
  BYTE_FIELDS,
  bytes,
  type ClusterMap,
  type Column,
  isWhole,
  type Picture,
  type PictureHead,
  type Withheld,
} from "../core/payload";
import { Requests } from "../core/requests";
import { Link, type Linked } from "../core/state";
import { anyLabels, carrying, filtered } from "./label_filter";

/** Shared by all views on one State. */
export type Shared = {
  picture: string | null;
  target: string | null;
  layer: string | null;
  cluster_map: string | null;
  label: string | null;
  group: string | null;
  colour_map: string;
  opacity: number;
  language: string;
};

/** This Explorer's own. */
export type Own = {
  view: Mode;
  share: number;
  cut: number;
  /** Null: as wide as fits. */
  card_size: number | null;
  hidden_layers: string[];
  height: number;
};

/** What a view remembers when it is drawn again; nothing that Python must know. */
export interface Memory {
  scrollLeft: number;
  scrollTop: number;
  stripLeft: number;
  search: string;
}

export const newMemory = (): Memory => ({ scrollLeft: 0, scrollTop: 0, stripLeft: 0, search: "" });

export interface Open {
  column: Column;
  cluster: ClusterMap;
  /** One of a merged cluster map's members, where that is what is looked at. */
  member?: ClusterMap;
}

const SHARED: Shared = {
  picture: null,
  target: null,
  layer: null,
  cluster_map: null,
  label: null,
  group: null,
  colour_map: "viridis",
  opacity: 0.6,
  language: "en",
};

const OWN: Own = { view: "overlay", share: 20, cut: 0, card_size: null, hidden_layers: [], height: 680 };

/** Decoded pictures that are kept; about 2 MB each. */
const KEPT_IMAGES = 8;

const COMFORTABLE = 144;

export type Head = PictureHead | Withheld;

/** All columns in sight with cards neither tiny nor huge; where that cannot be, a comfortable size, and one scrolls. */
export function fitting(width: number, columns: number): number {
  if (width === 0 || columns === 0) return COMFORTABLE;
  const room = Math.floor((width - 32 - 16 * (columns - 1)) / columns);
  return room < 116 ? COMFORTABLE : Math.min(192, room);
}

export class Store {
  readonly shared: Linked<Shared>;
  readonly own: Linked<Own>;
  readonly memory: Memory;
  readonly heads: ReadonlySignal<Head[]>;
  readonly head: ReadonlySignal<Head | undefined>;
  /** The chosen picture's columns and bytes; undefined while they are on their way, and while it is withheld. */
  readonly picture: ReadonlySignal<Picture | undefined>;
  /** The label that was picked in another view: only cluster maps that carry it are shown. Null: all are. */
  readonly filter: ReadonlySignal<string | null>;
  /** The first picture with a cluster map that carries it. */
  readonly carrier: ReadonlySignal<Picture | undefined>;
  /** The columns that are shown, with the cluster maps that are. */
  readonly columns: ReadonlySignal<Column[]>;
  readonly open: ReadonlySignal<Open | undefined>;
  /** What could not be loaded, by key. */
  readonly failures = signal<ReadonlyMap<string, Error>>(new Map());
  /** The width of the view, in CSS pixels; 0 before it is known. */
  readonly width = signal(0);
  /** Of the cards, in CSS pixels. */
  readonly cardSize: ReadonlySignal<number>;
  /** What went wrong while drawing. */
  readonly error = signal<unknown>(undefined);

  readonly #model: Model;
  readonly #sharedLink: Link<Shared>;
  readonly #ownLink: Link<Own>;
  readonly #requests: Requests;
  readonly #sent: Signal<Head[]>;
  readonly #loaded = signal<ReadonlyMap<string, Picture>>(new Map());
  readonly #asked = new Map<string, symbol>();
  readonly #chosen = signal<string | undefined>(undefined);
  /** A withheld picture's card that was clicked. State is not told: it has no name to tell. */
  readonly #card = signal<string | undefined>(undefined);
  readonly #arrays = new WeakMap<Picture, Arrays>();
  readonly #images = new Map<string, Promise<ImageBitmap>>();
  readonly #urls = new Map<string, string>();
  readonly #unfollow: (() => void)[];
  #last: string | undefined;
  #disposed = false;

  constructor(model: Model, state: Model, memory: Memory = newMemory()) {
    this.#model = model;
    this.memory = memory;
    this.#sharedLink = new Link(state, SHARED);
    this.#ownLink = new Link(model, OWN);
    this.#requests = new Requests(model);
    this.shared = this.#sharedLink.signals;
    this.own = this.#ownLink.signals;
    this.#sent = signal(this.#read());
    this.heads = computed(() => {
      const loaded = this.#loaded.value;
      return this.#sent.value.map((head) => (head.withheld || isWhole(head) ? head : (loaded.get(head.key) ?? head)));
    });
    model.on("change:_pictures", this.#onPictures);
    this.#unfollow = [this.shared.picture, this.shared.target].map((linked) => linked.subscribe(this.#leaveCard));
    this.head = computed(() => {
      const head = this.#find();
      this.#last = head?.key;
      return head;
    });
    this.picture = computed(() => {
      const head = this.head.value;
      return head && isWhole(head) ? head : undefined;
    });
    // The run was replaced, by one with newer labels: what is shown stays until the newer one has come.
    this.#unfollow.push(
      effect(() => {
        const picture = this.picture.value;
        const sent = this.#sent.value.find(({ key }) => key === picture?.key);
        if (picture && sent && !sent.withheld && sent.version !== picture.version) this.#ask(picture);
      }),
    );
    this.filter = computed(() => {
      const label = this.shared.label.value;
      return label !== null && anyLabels(this.heads.value) ? label : null;
    });
    this.carrier = computed(() => {
      const label = this.filter.value;
      if (label === null) return undefined;
      return this.heads.value.find((head): head is Picture => (carrying(head, label) ?? 0) > 0);
    });
    this.columns = computed(() => {
      const hidden = new Set(this.own.hidden_layers.value);
      const columns = this.picture.value?.columns.filter((column) => !hidden.has(column.layer)) ?? [];
      return this.filter.value === null ? columns : filtered(columns, this.filter.value);
    });
    this.cardSize = computed(() => this.own.card_size.value ?? fitting(this.width.value, this.columns.value.length));
    this.open = computed(() => {
      const id = this.shared.cluster_map.value;
      if (id === null) return undefined;
      for (const column of this.picture.value?.columns ?? []) {
        for (const cluster of column.cluster_maps) {
          if (cluster.id === id) return { column, cluster };
          const member = cluster.members?.find((candidate) => candidate.id === id);
          if (member) return { column, cluster, member };
        }
      }
      return undefined;
    });
  }

  set(values: Partial<Own>): void {
    this.#ownLink.set(values);
  }

  slide(values: Partial<Own>): void {
    this.#ownLink.slide(values);
  }

  share(values: Partial<Shared>): void {
    this.#sharedLink.set(values);
  }

  slideShared(values: Partial<Shared>): void {
    this.#sharedLink.slide(values);
  }

  /** Show a picture. With a detail open, open what stands at the same place in its layer. */
  choose(head: Head): void {
    if (head.withheld) {
      this.#card.value = head.key;
      return;
    }
    const open = this.open.value;
    const place = open?.column.cluster_maps.indexOf(open.cluster) ?? 0;
    batch(() => {
      this.#card.value = undefined;
      this.#chosen.value = head.key;
      let cluster: string | null = null;
      if (open && isWhole(head)) {
        const column = head.columns.find(({ layer }) => layer === open.column.layer);
        cluster = column?.cluster_maps[Math.min(place, column.cluster_maps.length - 1)]?.id ?? null;
      }
      this.share({ picture: head.name, target: head.target_name, cluster_map: cluster });
    });
  }

  /** Open a cluster map's detail. */
  show(open: Open): void {
    this.share({ layer: open.column.layer, cluster_map: (open.member ?? open.cluster).id });
  }

  close(): void {
    this.share({ cluster_map: null });
  }

  /** The cluster map that stands `step` further, through all columns that are shown; from a member, the next member. */
  neighbour(step: number): Open | undefined {
    const open = this.open.value;
    if (open?.member) {
      const member = open.cluster.members?.[open.cluster.members.indexOf(open.member) + step];
      return member && { ...open, member };
    }
    const all = this.columns.value.flatMap((column) => column.cluster_maps.map((cluster) => ({ column, cluster })));
    const id = this.open.value?.cluster.id;
    const place = all.findIndex(({ cluster }) => cluster.id === id);
    return place < 0 ? undefined : all[place + step];
  }

  arrays(picture: Picture): Arrays {
    let arrays = this.#arrays.get(picture);
    if (!arrays) {
      arrays = new Arrays(picture);
      this.#arrays.set(picture, arrays);
    }
    return arrays;
  }

  /** The picture, decoded once. */
  image(picture: Picture): Promise<ImageBitmap> {
    const known = this.#images.get(picture.key);
    if (known) {
      this.#images.delete(picture.key);
      this.#images.set(picture.key, known);
      return known;
    }
    const image = createImageBitmap(new Blob([bytes(picture.image)], { type: picture.image_type }));
    this.#images.set(picture.key, image);
    // What failed is not remembered: the next one who asks tries again.
    image.catch(() => this.#images.delete(picture.key));
    if (this.#images.size > KEPT_IMAGES) {
      // Not closed: a canvas may still draw it. The browser frees it when nothing does.
      this.#images.delete(this.#images.keys().next().value as string);
    }
    return image;
  }

  /** A thumbnail's address; taken back on `dispose`. */
  thumbnail(head: Head): string | undefined {
    if (head.withheld || head.thumbnail === undefined) return undefined;
    let url = this.#urls.get(head.key);
    if (!url) {
      url = URL.createObjectURL(new Blob([bytes(head.thumbnail)], { type: "image/webp" }));
      this.#urls.set(head.key, url);
    }
    return url;
  }

  /** Ask the kernel for a picture that did not come with the first ones. */
  load(head: Head): void {
    if (head.withheld || isWhole(head)) return;
    this.#ask(head);
  }

  #ask(head: PictureHead): void {
    if (this.#asked.has(head.key)) return;
    const question = Symbol(head.key);
    this.#asked.set(head.key, question);
    this.#requests.ask({ kind: "picture", key: head.key }).then(
      ({ content, buffers }) => {
        // Withheld meanwhile, or released and asked for again: this answer is not waited for any more.
        if (this.#disposed || this.#asked.get(head.key) !== question) return;
        const picture = content.picture as Record<string, unknown>;
        BYTE_FIELDS.forEach((name, i) => {
          picture[name] = buffers[i];
        });
        this.#loaded.value = new Map(this.#loaded.value).set(head.key, picture as unknown as Picture);
      },
      (error: Error) => {
        // What is shown, though older, is better than words.
        if (this.#disposed || this.#asked.get(head.key) !== question || isWhole(head)) return;
        this.failures.value = new Map(this.failures.value).set(head.key, error);
      },
    );
  }

  retry(head: Head): void {
    const failures = new Map(this.failures.value);
    failures.delete(head.key);
    this.failures.value = failures;
    this.#asked.delete(head.key);
    this.load(head);
  }

  dispose(): void {
    this.#disposed = true;
    this.#model.off("change:_pictures", this.#onPictures);
    for (const step of this.#unfollow) step();
    this.#sharedLink.dispose();
    this.#ownLink.dispose();
    this.#requests.dispose();
    for (const url of this.#urls.values()) URL.revokeObjectURL(url);
    for (const image of this.#images.values()) image.then((bitmap) => bitmap.close()).catch(() => {});
    this.#urls.clear();
    this.#images.clear();
  }

  readonly #onPictures = () => {
    const heads = this.#read();
    batch(() => {
      const now = new Map(heads.map((head) => [head.key, head]));
      for (const before of this.#sent.value) {
        const head = now.get(before.key);
        if (!head || head.withheld) this.#forget(before.key);
        else if (!before.withheld && before.version !== head.version) this.#askAnew(head.key);
      }
      this.#sent.value = heads;
      // Who waits before a card sees what was under it.
      const released = this.heads.value.find((head) => head.key === this.#card.value && !head.withheld);
      if (released) this.choose(released);
    });
  };

  readonly #leaveCard = () => {
    this.#card.value = undefined;
  };

  /** What is on its way is not waited for any more. */
  #askAnew(key: string): void {
    const failures = new Map(this.failures.value);
    if (failures.delete(key)) this.failures.value = failures;
    this.#asked.delete(key);
  }

  /** Nothing of a withheld picture stays here, nor of one that is gone. */
  #forget(key: string): void {
    const loaded = new Map(this.#loaded.value);
    if (loaded.delete(key)) this.#loaded.value = loaded;
    this.#askAnew(key);
    this.#images.delete(key);
    const url = this.#urls.get(key);
    if (url) URL.revokeObjectURL(url);
    this.#urls.delete(key);
  }

  #read(): Head[] {
    return (this.#model.get("_pictures") as Head[] | null | undefined) ?? [];
  }

  /** What State names; among several, what was clicked; what State names not at all, the first. */
  #find(): Head | undefined {
    const heads = this.heads.value;
    const card = heads.find(({ key }) => key === this.#card.value);
    if (card) return card;
    const [picture, target, chosen] = [this.shared.picture.value, this.shared.target.value, this.#chosen.value];
    const clicked = heads.find(({ key }) => key === chosen);
    const known = heads.filter((head): head is PictureHead => !head.withheld);
    if (picture === null) return clicked ?? known.find(({ target_name }) => target_name === target) ?? heads[0];
    const named = known.filter(({ name }) => name === picture);
    const exact = named.filter(({ target_name }) => target_name === target);
    const candidates = exact.length > 0 ? exact : named;
    if (clicked && !clicked.withheld && candidates.includes(clicked)) return clicked;
    // Another view may go to a picture that this run does not have: stay.
    return candidates[0] ?? heads.find(({ key }) => key === this.#last) ?? heads[0];
  }
}
