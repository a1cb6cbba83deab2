/** What an Explorer shows and what can be done to it. No DOM, so that it can be tested without one. */
import { batch, computed, effect, type ReadonlySignal, signal, untracked } from "@preact/signals";
import { type Translate, translator } from "../core/languages";
import type { Model } from "../core/model";
import { Arrays, type ClusterMap, type Column, isWhole, type Picture, type PictureHead } from "../core/payload";
import { Link, type Linked } from "../core/state";
import { Bitmaps } from "./bitmaps";
import { Channels, type ChannelsHere } from "./channel_maps";
import { fitting } from "./fitting";
import { anyLabels, carrying, filtered } from "./label_filter";
import { groupsOf, inRange, type Run, runsOf } from "./layers";
import { type Head, Pictures } from "./pictures";
import { Thumbnails } from "./thumbnails";
import { type Memory, newMemory, OWN, type Own, SHARED, type Shared } from "./traits";

export interface Open {
  column: Column;
  cluster: ClusterMap;
  /** One of a merged cluster map's members, where that is what is looked at. */
  member?: ClusterMap;
}

export class Store {
  readonly shared: Linked<Shared>;
  readonly own: Linked<Own>;
  readonly memory: Memory;
  readonly t: ReadonlySignal<Translate>;
  readonly heads: ReadonlySignal<Head[]>;
  readonly head: ReadonlySignal<Head | undefined>;
  /** The chosen picture's columns and bytes; undefined while they are on their way, and while it is withheld. */
  readonly picture: ReadonlySignal<Picture | undefined>;
  /** The label that was picked in another view: only cluster maps that carry it are shown. Null: all are. */
  readonly filter: ReadonlySignal<string | null>;
  /** The first picture with a cluster map that carries it. */
  readonly carrier: ReadonlySignal<PictureHead | undefined>;
  /** Names of the layers that were brushed in another view: only their columns are shown. Undefined: all are. */
  readonly range: ReadonlySignal<ReadonlySet<string> | undefined>;
  /** The columns that are shown, with the cluster maps that are. */
  readonly columns: ReadonlySignal<Column[]>;
  /** The same, by groups of layers; one without a name where there are no groups. */
  readonly runs: ReadonlySignal<Run[]>;
  /** The group that stands out; undefined where none of these columns is of it. */
  readonly group: ReadonlySignal<string | undefined>;
  readonly open: ReadonlySignal<Open | undefined>;
  /** What could not be loaded, by key. */
  readonly failures: ReadonlySignal<ReadonlyMap<string, Error>>;
  /** The width of the view, in CSS pixels; 0 before it is known. */
  readonly width = signal(0);
  /** Of the cards, in CSS pixels. */
  readonly cardSize: ReadonlySignal<number>;
  /** What went wrong while drawing. */
  readonly error = signal<unknown>(undefined);
  /** Grows when that is tried again: everything is drawn anew. */
  readonly attempt = signal(0);

  readonly #sharedLink: Link<Shared>;
  readonly #ownLink: Link<Own>;
  readonly #pictures: Pictures;
  readonly #bitmaps = new Bitmaps();
  readonly #thumbnails: Thumbnails;
  readonly #chosen = signal<string | undefined>(undefined);
  /** A withheld picture's card that was clicked. State is not told: it has no name to tell. */
  readonly #card = signal<string | undefined>(undefined);
  readonly #arrays = new WeakMap<Picture, Promise<Arrays>>();
  readonly #channels: Channels;
  readonly #unfollow: (() => void)[];
  #last: string | undefined;

  constructor(model: Model, state: Model, memory: Memory = newMemory()) {
    this.memory = memory;
    this.#sharedLink = new Link(state, SHARED);
    this.#ownLink = new Link(model, OWN);
    this.#thumbnails = new Thumbnails(model);
    this.#pictures = new Pictures(model, (key) => {
      this.#bitmaps.forget(key);
      this.#thumbnails.forget(key);
    });
    this.#channels = new Channels(model);
    this.shared = this.#sharedLink.signals;
    this.own = this.#ownLink.signals;
    this.t = computed(() => translator(this.shared.language.value));
    this.heads = this.#pictures.heads;
    this.failures = this.#pictures.failures;
    this.head = computed(() => {
      const head = this.#find();
      this.#last = head?.key;
      return head;
    });
    this.picture = computed(() => {
      const head = this.head.value;
      return head && isWhole(head) ? head : undefined;
    });
    this.filter = computed(() => {
      const label = this.shared.label.value;
      return label !== null && anyLabels(this.heads.value) ? label : null;
    });
    this.carrier = computed(() => {
      const label = this.filter.value;
      if (label === null) return undefined;
      return this.heads.value.find((head): head is PictureHead => carrying(head, label) === true);
    });
    this.range = computed(() => inRange(this.picture.value?.columns ?? [], this.shared.layers.value));
    this.columns = computed(() => {
      const [hidden, range] = [new Set(this.own.hidden_layers.value), this.range.value];
      const all = this.picture.value?.columns ?? [];
      const columns = all.filter(({ layer }) => !hidden.has(layer) && (range?.has(layer) ?? true));
      return this.filter.value === null ? columns : filtered(columns, this.filter.value);
    });
    const groups = computed(() => groupsOf(this.picture.value?.columns ?? [], this.shared.groups.value));
    this.runs = computed(() => runsOf(this.columns.value, groups.value));
    this.group = computed(() => {
      const group = this.shared.group.value;
      return group !== null && this.runs.value.some(({ name }) => name === group) ? group : undefined;
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
    this.#unfollow = [
      ...[this.shared.picture, this.shared.target].map((linked) => linked.subscribe(this.#leaveCard)),
      effect(() => this.#pictures.show(this.picture.value)),
      // Who waits before a card sees what was under it.
      effect(() => {
        const released = this.heads.value.find((head) => head.key === this.#card.value && !head.withheld);
        if (released) untracked(() => this.choose(released));
      }),
    ];
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
    const open = this.open.peek();
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

  /** Let a group of layers stand out; the one that does so already is let go. */
  chooseGroup(name: string): void {
    this.share({ group: this.shared.group.peek() === name ? null : name });
  }

  /** Open a cluster map's detail. */
  show(open: Open): void {
    this.share({ layer: open.column.layer, cluster_map: (open.member ?? open.cluster).id });
  }

  close(): void {
    this.share({ cluster_map: null });
  }

  /**
   * The cluster map that is `step` (1 or -1) away among those that are shown, even from one that is not; from a member,
   * the next member.
   */
  neighbour(step: 1 | -1): Open | undefined {
    const open = this.open.value;
    if (!open) return undefined;
    if (open.member) {
      const member = open.cluster.members?.[open.cluster.members.indexOf(open.member) + step];
      return member && { ...open, member };
    }
    const shown = new Set(this.columns.value.flatMap(({ cluster_maps }) => cluster_maps));
    const every = this.picture.value?.columns ?? [];
    const all = every.flatMap((column) => column.cluster_maps.map((cluster) => ({ column, cluster })));
    const place = all.findIndex(({ cluster }) => cluster === open.cluster);
    const beyond = step > 0 ? all.slice(place + 1) : all.slice(0, place).reverse();
    return beyond.find(({ cluster }) => shown.has(cluster));
  }

  /** Its cluster maps and channels, unpacked once. */
  arrays(picture: Picture): Promise<Arrays> {
    let arrays = this.#arrays.get(picture);
    if (!arrays) {
      arrays = Arrays.of(picture);
      this.#arrays.set(picture, arrays);
      // As with pictures: what failed is not remembered.
      arrays.catch(() => this.#arrays.delete(picture));
    }
    return arrays;
  }

  /** What there is of the thumbnails of a picture's channels. */
  channels(picture: Picture): ChannelsHere {
    return this.#channels.of(picture);
  }

  /** Ask for them where they are not here, then for those of the pictures beside it. */
  wantChannels(picture: Picture): void {
    const heads = this.heads.peek();
    const place = heads.findIndex(({ key }) => key === picture.key);
    const beside = [heads[place + 1], heads[place - 1]].filter((head) => head !== undefined).filter(isWhole);
    this.#channels.want([picture, ...beside]);
  }

  retryChannels(picture: Picture): void {
    this.#channels.retry(picture);
    this.wantChannels(picture);
  }

  /** The picture, decoded once. */
  image(picture: Picture): Promise<ImageBitmap> {
    return this.#bitmaps.image(picture);
  }

  /** A thumbnail's address; taken back when it has not been seen for long, and on `dispose`. */
  thumbnail(head: Head): string | undefined {
    return this.#thumbnails.url(head);
  }

  /** Tell which thumbnails are in sight: those that are missing are asked for. */
  look(heads: readonly Head[]): void {
    this.#thumbnails.want(heads);
  }

  /** Ask the kernel for a picture that did not come with the first ones. */
  load(head: Head): void {
    this.#pictures.load(head);
  }

  retry(head: Head): void {
    this.#pictures.retry(head);
  }

  /** Draw anew what could not be drawn: decoded again, and asked for again where it came by asking and there is a kernel. */
  tryAgain(alive: boolean): void {
    const picture = this.picture.peek();
    batch(() => {
      this.error.value = undefined;
      this.attempt.value++;
      if (!picture) return;
      this.#arrays.delete(picture);
      this.#bitmaps.forget(picture.key);
      if (alive) this.#pictures.again(picture);
    });
  }

  dispose(): void {
    for (const step of this.#unfollow) step();
    this.#sharedLink.dispose();
    this.#ownLink.dispose();
    this.#pictures.dispose();
    this.#thumbnails.dispose();
    this.#channels.dispose();
    this.#bitmaps.dispose();
  }

  readonly #leaveCard = () => {
    this.#card.value = undefined;
  };

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
