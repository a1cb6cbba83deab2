/** What an editor of synonyms shows and what can be done to it. No DOM. */
import { batch, computed, type ReadonlySignal, type Signal, signal } from "@preact/signals";
import { type Translate, translator } from "../core/languages";
import type { Model } from "../core/model";
import { RequestError, Requests, said } from "../core/requests";
import { Link, type Linked } from "../core/state";
import { type Change, changed, found, type Group, groupOf, isSingle, readGroups } from "./groups";

export type Own = { height: number };

const OWN: Own = { height: 680 };

/** A word or a whole group, in the hand or under the focus. */
export type Item = { kind: "word"; word: string } | { kind: "group"; group: string };

/** Where something can be dropped: a group, or outside of all. */
export type Target = { kind: "group"; group: string } | { kind: "alone" };

export type FileState = "saved" | "unsaved" | "conflict" | "failed";

interface Sent {
  turn: number;
  withheld: boolean;
  groups: Group[];
  changed: ReadonlySet<string>;
  undo: boolean;
  redo: boolean;
}

export interface File {
  path: string;
  state: FileState;
  message: string;
}

/** Shown at first, and more with each click. */
export const PAGE = { groups: 48, singles: 160 };

export class SynonymStore {
  readonly own: Linked<Own>;
  readonly t: ReadonlySignal<Translate>;
  readonly alive: ReadonlySignal<boolean>;
  readonly sent: Signal<Sent>;
  readonly file: Signal<File>;
  /** As they are, with what is on its way to the kernel. */
  readonly groups: ReadonlySignal<Group[]>;
  readonly search = signal("");
  /** Several words, or one under another name; then words that stand by themselves. */
  readonly several: ReadonlySignal<Group[]>;
  readonly singles: ReadonlySignal<Group[]>;
  readonly limits = signal(PAGE);
  /** Picked up by key. */
  readonly held: Signal<Item | undefined> = signal(undefined);
  /** Dragged by the pointer. */
  readonly dragged: Signal<Item | undefined> = signal(undefined);
  readonly over: Signal<Target | undefined> = signal(undefined);
  /** Whose menu is open. */
  readonly menu: Signal<Item | undefined> = signal(undefined);
  readonly renaming: Signal<string | undefined> = signal(undefined);
  /** The one that the Tab key leads to. */
  readonly current: Signal<Item | undefined> = signal(undefined);
  /** To be focused when it is drawn. */
  readonly wanted: Signal<Item | undefined> = signal(undefined);
  readonly fault: Signal<string | undefined> = signal(undefined);
  /** For screen readers. */
  readonly told = signal("");
  readonly saving = signal(false);
  readonly savedHere = signal(false);

  readonly #model: Model;
  readonly #link: Link<Own>;
  readonly #language: Link<{ language: string }>;
  readonly #requests: Requests;
  readonly #pending = signal<readonly Change[]>([]);
  /** Questions that the kernel has not answered yet. */
  #open = 0;

  constructor(model: Model, state: Model, alive: ReadonlySignal<boolean>) {
    this.#model = model;
    this.alive = alive;
    this.#link = new Link(model, OWN);
    this.#language = new Link(state, { language: "en" });
    this.#requests = new Requests(model);
    this.own = this.#link.signals;
    this.t = computed(() => translator(this.#language.signals.language.value));
    this.sent = signal(readSent(model.get("_words")));
    this.file = signal(readFile(model.get("_file")));
    this.groups = computed(() => this.#pending.value.reduce<Group[]>(changed, this.sent.value.groups));
    const shown = computed(() => found(this.groups.value, this.search.value));
    this.several = computed(() => shown.value.filter((group) => !isSingle(group)));
    this.singles = computed(() => shown.value.filter(isSingle));
    model.on("change:_words", this.#onWords);
    model.on("change:_file", this.#onFile);
  }

  move(word: string, group: string): void {
    this.#change({ kind: "move", word, group }, this.t.value("synonyms.moved", { word, group }));
  }

  split(word: string): void {
    this.#change({ kind: "split", word }, this.t.value("synonyms.split_done", { word }));
  }

  rename(group: string, name: string): void {
    const clean = name.trim().toLowerCase();
    this.renaming.value = undefined;
    if (!clean || clean === group) {
      this.wanted.value = this.itemOf(group);
      return;
    }
    this.#change({ kind: "rename", group, name: clean }, this.t.value("synonyms.renamed", { group, name: clean }));
  }

  unite(group: string, into: string): void {
    this.#change({ kind: "unite", group, into }, this.t.value("synonyms.united", { group, into }));
  }

  /** Put what is in the hand somewhere. */
  drop(item: Item, target: Target): void {
    if (!this.accepts(item, target)) return;
    if (target.kind === "alone") {
      if (item.kind === "word") this.split(item.word);
    } else if (item.kind === "word") this.move(item.word, target.group);
    else this.unite(item.group, target.group);
  }

  /** Whether it would change anything. */
  accepts(item: Item, target: Target): boolean {
    const from = item.kind === "word" ? groupOf(this.groups.peek(), item.word) : undefined;
    if (target.kind === "alone") return from !== undefined && !isSingle(from);
    return (item.kind === "word" ? from?.name : item.group) !== target.group;
  }

  /** Where the hand can go, in the order of the screen. */
  targets(item: Item): Target[] {
    const groups = [...this.several.value, ...this.singles.value];
    const all: Target[] = groups.map(({ name }) => ({ kind: "group", group: name }));
    return [...all, { kind: "alone" } as Target].filter((target) => this.accepts(item, target));
  }

  /** A group's handle: its name, or the word that stands by itself. */
  itemOf(name: string): Item {
    const group = this.groups.peek().find((one) => one.name === name);
    return group && isSingle(group) ? { kind: "word", word: name } : { kind: "group", group: name };
  }

  undo(): void {
    this.#travel("undo", this.t.peek()("synonyms.undone"));
  }

  redo(): void {
    this.#travel("redo", this.t.peek()("synonyms.redone"));
  }

  async save(): Promise<void> {
    if (this.saving.peek()) return;
    this.saving.value = true;
    this.savedHere.value = false;
    await this.#ask({ kind: "save" });
    batch(() => {
      this.saving.value = false;
      // Only what the kernel says: it has written the file.
      this.savedHere.value = this.file.peek().state === "saved";
      if (this.savedHere.value) this.told.value = this.t.peek()("synonyms.saved");
    });
  }

  async resolve(how: "both" | "mine" | "theirs"): Promise<void> {
    if (await this.#ask({ kind: "resolve", how })) this.savedHere.value = this.file.peek().state === "saved";
  }

  /** Look whether the file was changed by somebody else. */
  look(): void {
    if (this.alive.peek()) this.#requests.ask({ kind: "look" }).catch(() => {});
  }

  dispose(): void {
    this.#model.off("change:_words", this.#onWords);
    this.#model.off("change:_file", this.#onFile);
    this.#requests.dispose();
    this.#language.dispose();
    this.#link.dispose();
  }

  /** What is on its way may open the way back. */
  #travel(kind: "undo" | "redo", words: string): void {
    if (!this.sent.peek()[kind] && this.#open === 0) return;
    this.savedHere.value = false;
    void this.#ask({ kind }, words);
  }

  #change(change: Change, words: string): void {
    this.#pending.value = [...this.#pending.peek(), change];
    this.savedHere.value = false;
    this.wanted.value =
      change.kind === "move" || change.kind === "split" ? { kind: "word", word: change.word } : undefined;
    if (change.kind === "rename") this.wanted.value = this.itemOf(change.name);
    if (change.kind === "unite") this.wanted.value = this.itemOf(change.into);
    void this.#ask({ ...change }, words).finally(() => {
      this.#pending.value = this.#pending.peek().filter((one) => one !== change);
    });
  }

  async #ask(content: Record<string, unknown>, words?: string): Promise<boolean> {
    this.fault.value = undefined;
    this.#open++;
    try {
      await this.#requests.ask(content);
      if (words) this.told.value = words;
      return true;
    } catch (error) {
      const code = error instanceof RequestError ? error.code : undefined;
      // A conflict is told by the file's own state.
      if (code !== "conflict") this.fault.value = this.#words(code, error);
      return false;
    } finally {
      this.#open--;
    }
  }

  #words(code: string | undefined, error: unknown): string {
    const t = this.t.peek();
    if (code && t.has(`synonyms.error_${code}`)) return t(`synonyms.error_${code}`);
    return said(error, t);
  }

  readonly #onWords = () => {
    const sent = readSent(this.#model.get("_words"));
    if (sent.turn < this.sent.peek().turn) return;
    batch(() => {
      if (sent.withheld) {
        // Nothing of a withheld word stays here.
        for (const item of [this.held, this.dragged, this.menu, this.wanted, this.current]) item.value = undefined;
        this.over.value = undefined;
        this.renaming.value = undefined;
        this.told.value = "";
      }
      this.sent.value = sent;
    });
  };

  readonly #onFile = () => {
    this.file.value = readFile(this.#model.get("_file"));
    if (this.file.value.state !== "saved") this.savedHere.value = false;
  };
}

function readSent(value: unknown): Sent {
  const sent = (value ?? {}) as Partial<Record<keyof Sent, unknown>>;
  return {
    turn: Number(sent.turn ?? 0),
    withheld: sent.withheld === true,
    groups: readGroups(sent.groups),
    changed: new Set(Array.isArray(sent.changed) ? sent.changed.map(String) : []),
    undo: sent.undo === true,
    redo: sent.redo === true,
  };
}

function readFile(value: unknown): File {
  const file = (value ?? {}) as Partial<File>;
  return { path: file.path ?? "synonyms.csv", state: file.state ?? "saved", message: file.message ?? "" };
}

export const sameItem = (one: Item | undefined, two: Item | undefined): boolean => keyOf(one) === keyOf(two);

export function keyOf(item: Item | undefined): string | undefined {
  if (!item) return undefined;
  return item.kind === "word" ? `word ${item.word}` : `group ${item.group}`;
}

export const sameTarget = (one: Target | undefined, two: Target | undefined): boolean =>
  one !== undefined &&
  two !== undefined &&
  (one.kind === "alone" ? two.kind === "alone" : two.kind === "group" && one.group === two.group);
