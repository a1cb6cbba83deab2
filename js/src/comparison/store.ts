/** What a Comparison shows and what can be done to it. No DOM, so that it can be tested without one. */
import { computed, effect, type ReadonlySignal, signal } from "@preact/signals";
import { type Translate, translator } from "../core/languages";
import type { Model } from "../core/model";
import { Requests, said } from "../core/requests";
import { Link, type Linked } from "../core/state";
import { Bitmaps } from "../explorer/bitmaps";
import { Contents, type RowContent } from "./contents";
import type { ClusterMap, Head, Measure, MethodHead, RowHead } from "./data";
import type { Pixel } from "./maps";
import { sortedMethods, sortedRows } from "./sorting";
import { type Memory, newMemory, OWN, type Own, SHARED, type Shared, TOLD, type Told } from "./traits";
import { sendFile } from "./uploads";

export interface Probe extends Pixel {
  /** The row's. */
  readonly key: string;
}

const MEASURES_SHOWN = 3;

export class Store {
  readonly shared: Linked<Shared>;
  readonly own: Linked<Own>;
  readonly told: Linked<Told>;
  readonly memory: Memory;
  readonly t: ReadonlySignal<Translate>;
  /** Rows in the order in which they stand. */
  readonly rows: ReadonlySignal<Head[]>;
  /** All methods in the order in which they stand, and those that are shown. */
  readonly methods: ReadonlySignal<MethodHead[]>;
  readonly columns: ReadonlySignal<MethodHead[]>;
  /** The measures under each map. */
  readonly measures: ReadonlySignal<Measure[]>;
  /** The cluster map that was chosen in an Explorer, where one of these pictures has it. */
  readonly cluster: ReadonlySignal<ClusterMap | undefined>;
  /** The row that State names. */
  readonly chosen: ReadonlySignal<RowHead | undefined>;
  readonly probe = signal<Probe | undefined>(undefined);
  /** What could not be added, until somebody has seen it. */
  readonly complaints = signal<readonly string[]>([]);
  /** Files on their way. */
  readonly sending = signal(0);
  /** What dropped pictures and other questions are asked about: the index of a class, a name, or null. */
  readonly target = signal<number | string | null>(null);
  /** What went wrong while drawing. */
  readonly error = signal<unknown>(undefined);
  readonly contents: Contents;
  readonly requests: Requests;

  readonly #sharedLink: Link<Shared>;
  readonly #ownLink: Link<Own>;
  readonly #toldLink: Link<Told>;
  readonly #bitmaps = new Bitmaps();
  readonly #clicked = signal<string | undefined>(undefined);
  readonly #unfollow: (() => void)[];

  constructor(model: Model, state: Model, memory: Memory = newMemory()) {
    this.memory = memory;
    this.#sharedLink = new Link(state, SHARED);
    this.#ownLink = new Link(model, OWN);
    this.#toldLink = new Link(model, TOLD);
    this.requests = new Requests(model);
    this.contents = new Contents(model, this.requests, (key) => this.#bitmaps.forget(key));
    this.shared = this.#sharedLink.signals;
    this.own = this.#ownLink.signals;
    this.told = this.#toldLink.signals;
    this.t = computed(() => translator(this.shared.language.value));
    this.methods = computed(() => sortedMethods(this.told._about.value, this.own.sort_methods.value));
    this.columns = computed(() => {
      const hidden = new Set(this.own.hidden_methods.value);
      return this.methods.value.filter(({ key }) => !hidden.has(key));
    });
    const heads = computed(() => [...this.contents.heads.value, ...this.told._added.value]);
    this.rows = computed(() =>
      sortedRows(
        heads.value,
        this.told._about.value,
        this.own.sort_pictures.value,
        this.columns.value.map(({ key }) => key),
      ),
    );
    this.measures = computed(() => {
      const all = this.told._about.value.measures.filter(({ cost }) => !cost);
      const wanted = this.own.metrics.value;
      return wanted === null ? all.slice(0, MEASURES_SHOWN) : all.filter(({ name }) => wanted.includes(name));
    });
    this.cluster = computed(() => {
      const id = this.shared.cluster_map.value;
      if (id === null) return undefined;
      for (const head of this.rows.value) {
        const found = this.clusterOf(this.contents.of(head), id);
        if (found) return found;
      }
      return undefined;
    });
    this.chosen = computed(() => {
      const [picture, target] = [this.shared.picture.value, this.shared.target.value];
      if (picture === null) return undefined;
      const named = heads.value.filter(
        (head): head is RowHead => !head.withheld && (head.name === picture || head.known_as.includes(picture)),
      );
      const exact = named.filter(({ target_name }) => target_name === target);
      const candidates = exact.length > 0 ? exact : named;
      return candidates.find(({ key }) => key === this.#clicked.value) ?? candidates[0];
    });
    this.#unfollow = [
      effect(() => {
        // Nothing of a row that was taken away, or is withheld now, stays.
        const there = new Set(this.told._added.value.filter((head) => !head.withheld).map(({ key }) => key));
        for (const key of this.contents.loaded.peek().keys()) {
          if (key.startsWith("added-") && !there.has(key)) this.contents.drop(key);
        }
      }),
      effect(() => {
        const probe = this.probe.value;
        if (probe && !this.rows.value.some((head) => head.key === probe.key && !head.withheld)) {
          this.probe.value = undefined;
        }
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

  /** Let all views on this State show a row's picture, under the name that they know. */
  choose(head: Head): void {
    if (head.withheld) return;
    this.#clicked.value = head.key;
    this.share({ picture: head.known_as[0] ?? head.name, target: head.target_name });
  }

  hide(method: string): void {
    this.set({ hidden_methods: [...new Set([...this.own.hidden_methods.peek(), method])] });
  }

  clusterOf(content: RowContent | undefined, id: string): ClusterMap | undefined {
    return content?.clusters.find(({ about }) => about.id === id);
  }

  /** The picture, decoded once. */
  image(content: RowContent): Promise<ImageBitmap> {
    return this.#bitmaps.image(content);
  }

  /** Have pictures compared, one after another; what cannot be is told. */
  async add(files: readonly File[]): Promise<void> {
    const about = this.told._about.peek();
    const complain = (words: string) => {
      this.complaints.value = [...this.complaints.peek(), words];
    };
    this.complaints.value = [];
    for (const file of files) {
      this.sending.value++;
      try {
        if (file.size > about.largest) {
          const size = Math.round(about.largest / 1e6);
          throw new Error(this.t.peek()("comparison.too_big", { name: file.name, size }));
        }
        await sendFile(this.requests, file, { target: this.target.peek(), methods: this.#shownKeys() });
      } catch (error) {
        complain(said(error, this.t.peek()));
      } finally {
        this.sending.value--;
      }
    }
  }

  /** Ask about a row's picture for another class. */
  compare(head: Head, target: number | string | null): Promise<unknown> {
    return this.#told({ kind: "compare", key: head.key, target, methods: this.#shownKeys() });
  }

  stop(head: Head): Promise<unknown> {
    return this.#told({ kind: "stop", key: head.key });
  }

  remove(head: Head): Promise<unknown> {
    return this.#told({ kind: "remove", key: head.key });
  }

  dispose(): void {
    for (const step of this.#unfollow) step();
    this.#sharedLink.dispose();
    this.#ownLink.dispose();
    this.#toldLink.dispose();
    this.contents.dispose();
    this.requests.dispose();
    this.#bitmaps.dispose();
  }

  #shownKeys(): string[] {
    return this.columns.peek().map(({ key }) => key);
  }

  async #told(question: Record<string, unknown>): Promise<unknown> {
    try {
      return await this.requests.ask(question);
    } catch (error) {
      this.complaints.value = [said(error, this.t.peek())];
      return undefined;
    }
  }
}
