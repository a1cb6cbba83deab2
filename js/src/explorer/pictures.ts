/** The pictures of a run: those of a small one come whole; those of a big one by their names, and whole when looked at. */
import { batch, computed, type ReadonlySignal, type Signal, signal } from "@preact/signals";
import type { Model } from "../core/model";
import { BYTE_FIELDS, isWhole, opened, type Picture, type PictureHead, type Withheld } from "../core/payload";
import { Requests } from "../core/requests";
import { labelsOf } from "./label_filter";

export type Head = PictureHead | Withheld;

/** How many of those that were asked for stay; about 0.5 MB each. */
export const KEPT_PICTURES = 24;
/** Who holds an arrow key down passes many: only so many are on their way at once, and then the last one looked at. */
const AT_ONCE = 2;

export class Pictures {
  /** In the run's order; those that came whole meanwhile are whole. */
  readonly heads: ReadonlySignal<Head[]>;
  /** What could not be loaded, by key. */
  readonly failures = signal<ReadonlyMap<string, Error>>(new Map());

  readonly #model: Model;
  readonly #requests: Requests;
  readonly #forget: (key: string) => void;
  readonly #sent: Signal<Head[]>;
  /** Longest unseen first. */
  readonly #loaded = signal<Map<string, Picture>>(new Map());
  /** Of those that were let go, what may stay: no bytes. */
  readonly #seen = new Map<string, PictureHead>();
  readonly #asked = new Map<string, symbol>();
  #flying = 0;
  #next: PictureHead | undefined;
  #disposed = false;

  /** `forget` is told the key of each picture of which nothing may stay. */
  constructor(model: Model, forget: (key: string) => void) {
    this.#model = model;
    this.#forget = forget;
    this.#requests = new Requests(model);
    this.#sent = signal(this.#read());
    this.heads = computed(() => {
      const loaded = this.#loaded.value;
      return this.#sent.value.map((head) => {
        if (head.withheld || isWhole(head)) return head;
        return loaded.get(head.key) ?? this.#seen.get(head.key) ?? head;
      });
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

  /** Let go of a picture that came by asking, as when its bytes cannot be read: it is asked for when it is looked at. */
  again({ key }: Picture): void {
    const loaded = new Map(this.#loaded.peek());
    if (!loaded.delete(key)) return;
    this.#askAnew(key);
    this.#loaded.value = loaded;
  }

  /**
   * Tell which picture is shown: it is let go last. Where the run was replaced, by one with newer labels, it stays until
   * the newer one has come.
   */
  show(picture: Picture | undefined): void {
    const loaded = this.#loaded.peek();
    if (picture && loaded.delete(picture.key)) loaded.set(picture.key, picture);
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
    if (this.#flying >= AT_ONCE) {
      this.#next = head;
      return;
    }
    const question = Symbol(head.key);
    this.#asked.set(head.key, question);
    this.#flying++;
    this.#requests
      .ask({ kind: "picture", key: head.key })
      .then(({ content, buffers }) => {
        const told = BYTE_FIELDS.map((name, i) => [name, buffers[i]]);
        return opened({ ...(content.picture as object), ...Object.fromEntries(told) } as Picture);
      })
      .then(
        (picture) => {
          // Withheld meanwhile, or released and asked for again: this answer is not waited for any more.
          if (!this.#disposed && this.#asked.get(head.key) === question) this.#keep(picture);
        },
        (error: Error) => {
          // What is shown, though older, is better than words.
          if (this.#disposed || this.#asked.get(head.key) !== question || isWhole(head)) return;
          this.failures.value = new Map(this.failures.value).set(head.key, error);
        },
      )
      .then(() => {
        this.#flying--;
        const next = this.#next;
        this.#next = undefined;
        const now = next && this.#sent.value.find(({ key }) => key === next.key);
        if (now && !now.withheld && !this.#disposed) this.#ask(next);
      });
  }

  /** Of a big run only the pictures looked at last are kept; the others are asked for anew when they are looked at. */
  #keep(picture: Picture): void {
    const loaded = new Map(this.#loaded.value);
    loaded.delete(picture.key);
    loaded.set(picture.key, picture);
    for (const [key, old] of loaded) {
      if (loaded.size <= KEPT_PICTURES) break;
      loaded.delete(key);
      this.#asked.delete(key);
      this.#seen.set(key, headOf(old));
    }
    this.#loaded.value = loaded;
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
    this.#seen.delete(key);
  }

  /** Nothing of a withheld picture stays here, nor of one that is gone. */
  #drop(key: string): void {
    const loaded = new Map(this.#loaded.value);
    if (loaded.delete(key)) this.#loaded.value = loaded;
    this.#askAnew(key);
    this.#forget(key);
  }

  #read(): Head[] {
    return ((this.#model.get("_pictures") as Head[] | null | undefined) ?? []).map(openedHere);
  }
}

/** A picture whose columns are damaged is one that did not come: the others are there, and it is asked for. */
function openedHere(sent: Head): Head {
  try {
    return opened(sent);
  } catch {
    const { columns: _, ...head } = sent as Picture;
    return head;
  }
}

/** What is known of a picture without its columns and bytes. */
function headOf(picture: Picture): PictureHead {
  const { key, name, target_name, target, target_probability, network, prediction } = picture;
  const head = { key, name, target_name, target, target_probability, network, prediction, labels: labelsOf(picture) };
  return picture.version === undefined ? head : { ...head, version: picture.version };
}
