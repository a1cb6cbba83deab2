/** The rows' bytes: the first ones come with the view, the others when they are looked at, maps of added rows one by one. */
import { computed, type ReadonlySignal, type Signal, signal } from "@preact/signals";
import type { Model } from "../core/model";
import { type Bytes, bytes } from "../core/payload";
import type { Requests } from "../core/requests";
import {
  BYTE_FIELDS,
  type ClusterMap,
  type Content,
  type Head,
  isWhole,
  type Mask,
  readMap,
  readMask,
  type SaliencyMap,
} from "./data";
import { outline, ranking } from "./maps";

/** What is drawn of one row. */
export class RowContent {
  readonly key: string;
  readonly window: readonly number[];
  readonly image: Bytes;
  readonly image_type: string;
  readonly mask: Mask | undefined;
  readonly maps: ReadonlyMap<string, SaliencyMap>;
  readonly clusters: readonly ClusterMap[];
  readonly version: number;
  #outline: Float32Array | undefined;
  readonly #rankings = new WeakMap<SaliencyMap, Float32Array>();

  constructor(key: string, content: Content, before?: RowContent) {
    const codes = bytes(content.maps);
    this.key = key;
    this.window = content.window;
    this.image = before?.image ?? content.image;
    this.image_type = content.image_type;
    this.mask = before?.mask ?? readMask(content);
    this.version = content.version ?? 0;
    const maps = new Map(before?.maps);
    for (const [method, layout] of Object.entries(content.layout)) maps.set(method, readMap(codes, layout));
    this.maps = maps;
    this.clusters = content.clusters.map((about) => ({ ...readMap(codes, about), about })); // labels change
  }

  get outline(): Float32Array | undefined {
    if (this.mask) this.#outline ??= outline(this.mask);
    return this.#outline;
  }

  ranking(map: SaliencyMap, picture: { width: number; height: number }): Float32Array {
    const known = this.#rankings.get(map) ?? ranking(map, picture, this.window);
    this.#rankings.set(map, known);
    return known;
  }
}

export class Contents {
  /** Of the result, in its order. */
  readonly heads: ReadonlySignal<Head[]>;
  readonly loaded: Signal<ReadonlyMap<string, RowContent>> = signal(new Map());
  /** What could not be loaded, by key. */
  readonly failures: Signal<ReadonlyMap<string, Error>> = signal(new Map());

  readonly #model: Model;
  readonly #requests: Requests;
  readonly #sent: Signal<Head[]>;
  readonly #asked = new Map<string, number>();
  readonly #forget: (key: string) => void;
  readonly #whole = new WeakMap<Head, RowContent>();
  #disposed = false;

  /** `forget` is told the key of each row of which nothing may stay. */
  constructor(model: Model, requests: Requests, forget: (key: string) => void) {
    this.#model = model;
    this.#requests = requests;
    this.#forget = forget;
    this.#sent = signal(this.#read());
    this.heads = computed(() => this.#sent.value);
    model.on("change:_rows", this.#onRows);
  }

  /** What is there of a row; undefined while it is on its way. */
  of(head: Head): RowContent | undefined {
    if (head.withheld) return undefined;
    if (!isWhole(head)) return this.loaded.value.get(head.key);
    let content = this.#whole.get(head);
    if (!content) {
      content = new RowContent(head.key, head);
      this.#whole.set(head, content);
    }
    return content;
  }

  /** Ask the kernel for what is not there yet. */
  load(head: Head): void {
    if (head.withheld || isWhole(head) || (head.added && head.cells.length === 0 && head.predictions.length === 0))
      return;
    const version = head.version ?? 0;
    const before = this.loaded.peek().get(head.key);
    if ((before && before.version >= version) || (this.#asked.get(head.key) ?? -1) >= version) return;
    this.#asked.set(head.key, version);
    this.#requests
      .ask({ kind: "row", key: head.key, have: [...(before?.maps.keys() ?? [])] })
      .then(({ content, buffers }) => {
        // Withheld meanwhile: nothing of it may come in.
        if (this.#disposed || !this.#asked.has(head.key)) return;
        const told = content.row as Record<string, unknown>;
        BYTE_FIELDS.forEach((name, i) => {
          told[name] = buffers[i];
        });
        const row = new RowContent(head.key, told as unknown as Content, this.loaded.peek().get(head.key));
        this.loaded.value = new Map(this.loaded.peek()).set(head.key, row);
      })
      .catch((error: Error) => {
        if (this.#disposed || this.#asked.get(head.key) !== version) return;
        this.failures.value = new Map(this.failures.peek()).set(head.key, error);
      });
  }

  retry(head: Head): void {
    this.#askAnew(head.key);
    this.load(head);
  }

  /** Nothing of a withheld row stays here, nor of one that is gone. */
  drop(key: string): void {
    const loaded = new Map(this.loaded.peek());
    if (loaded.delete(key)) this.loaded.value = loaded;
    this.#askAnew(key);
    this.#forget(key);
  }

  dispose(): void {
    this.#disposed = true;
    this.#model.off("change:_rows", this.#onRows);
  }

  #askAnew(key: string): void {
    const failures = new Map(this.failures.peek());
    if (failures.delete(key)) this.failures.value = failures;
    this.#asked.delete(key);
  }

  readonly #onRows = () => {
    const heads = this.#read();
    const now = new Map(heads.map((head) => [head.key, head]));
    for (const before of this.#sent.peek()) {
      const head = now.get(before.key);
      if (!head || head.withheld) this.drop(before.key);
    }
    this.#sent.value = heads;
  };

  #read(): Head[] {
    return (this.#model.get("_rows") as Head[] | null | undefined) ?? [];
  }
}
