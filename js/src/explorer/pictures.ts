/** The pictures of a run: the first ones come whole, the others by their names, and whole when they are looked at. */
import { batch, computed, type ReadonlySignal, type Signal, signal } from "@preact/signals";
import type { Model } from "../core/model";
import { BYTE_FIELDS, isWhole, type Picture, type PictureHead, type Withheld } from "../core/payload";
import { Requests } from "../core/requests";

export type Head = PictureHead | Withheld;

export class Pictures {
  /** In the run's order; those that came whole meanwhile are whole. */
  readonly heads: ReadonlySignal<Head[]>;
  /** What could not be loaded, by key. */
  readonly failures = signal<ReadonlyMap<string, Error>>(new Map());

  readonly #model: Model;
  readonly #requests: Requests;
  readonly #forget: (key: string) => void;
  readonly #sent: Signal<Head[]>;
  readonly #loaded = signal<ReadonlyMap<string, Picture>>(new Map());
  readonly #asked = new Map<string, symbol>();
  #disposed = false;

  /** `forget` is told the key of each picture of which nothing may stay. */
  constructor(model: Model, forget: (key: string) => void) {
    this.#model = model;
    this.#forget = forget;
    this.#requests = new Requests(model);
    this.#sent = signal(this.#read());
    this.heads = computed(() => {
      const loaded = this.#loaded.value;
      return this.#sent.value.map((head) => (head.withheld || isWhole(head) ? head : (loaded.get(head.key) ?? head)));
    });
    model.on("change:_pictures", this.#onPictures);
  }

  /** Ask the kernel for a picture that did not come with the first ones. */
  load(head: Head): void {
    if (head.withheld || isWhole(head)) return;
    this.#ask(head);
  }

  retry(head: Head): void {
    this.#askAnew(head.key);
    this.load(head);
  }

  /** The run was replaced, by one with newer labels: what is shown stays until the newer one has come. */
  renew(picture: Picture | undefined): void {
    const sent = this.#sent.value.find(({ key }) => key === picture?.key);
    if (picture && sent && !sent.withheld && sent.version !== picture.version) this.#ask(picture);
  }

  dispose(): void {
    this.#disposed = true;
    this.#model.off("change:_pictures", this.#onPictures);
    this.#requests.dispose();
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

  readonly #onPictures = () => {
    const heads = this.#read();
    batch(() => {
      const now = new Map(heads.map((head) => [head.key, head]));
      for (const before of this.#sent.value) {
        const head = now.get(before.key);
        if (!head || head.withheld) this.#drop(before.key);
        else if (!before.withheld && before.version !== head.version) this.#askAnew(head.key);
      }
      this.#sent.value = heads;
    });
  };

  /** What is on its way is not waited for any more. */
  #askAnew(key: string): void {
    const failures = new Map(this.failures.value);
    if (failures.delete(key)) this.failures.value = failures;
    this.#asked.delete(key);
  }

  /** Nothing of a withheld picture stays here, nor of one that is gone. */
  #drop(key: string): void {
    const loaded = new Map(this.#loaded.value);
    if (loaded.delete(key)) this.#loaded.value = loaded;
    this.#askAnew(key);
    this.#forget(key);
  }

  #read(): Head[] {
    return (this.#model.get("_pictures") as Head[] | null | undefined) ?? [];
  }
}
