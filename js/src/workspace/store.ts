/** What a Workspace shows: which panes, how the labels stand, what is not saved. No DOM. */
import { computed, type ReadonlySignal, type Signal, signal } from "@preact/signals";
import { type Translate, translator } from "../core/languages";
import type { Callback, Host, Model } from "../core/model";
import { Requests } from "../core/requests";
import { Link, type Linked } from "../core/state";

export const PANES = ["game", "explorer", "chart", "comparison", "synonyms"] as const;

export type PaneName = (typeof PANES)[number];

/** This Workspace's own. */
export type Own = { arrangement: string; shown: string[]; height: number };

/** How the analysis of the labels stands. */
export interface Labels {
  state: "working" | "ready" | "failed";
  message?: string;
  rounds?: number;
  labels?: number;
}

const OWN: Own = { arrangement: "tabs", shown: ["game", "explorer"], height: 680 };

/** Narrower, two panes stand one over the other: only one is shown. */
const WIDE = 1000;

export class WorkspaceStore {
  readonly own: Linked<Own>;
  readonly t: ReadonlySignal<Translate>;
  readonly labels: ReadonlySignal<Labels>;
  /** The children's references; null while there is none. */
  readonly references: Readonly<Record<PaneName, ReadonlySignal<unknown>>>;
  /** The panes that there are: the comparison's only where there is one. */
  readonly panes: ReadonlySignal<readonly PaneName[]>;
  /** The panes that are shown, left first; one in tabs. */
  readonly shown: ReadonlySignal<readonly PaneName[]>;
  readonly width = signal(0);
  /** Panes that were shown once: drawn, and kept. */
  readonly visited: Signal<ReadonlySet<PaneName>> = signal(new Set<PaneName>());
  readonly unsaved = signal(false);
  readonly alive: ReadonlySignal<boolean>;

  readonly #model: Model;
  readonly #link: Link<Own>;
  readonly #language: Link<{ language: string }>;
  readonly #requests: Requests;
  readonly #undo: (() => void)[] = [];

  constructor(model: Model, state: Model, host: Host | undefined, alive: ReadonlySignal<boolean>) {
    this.#model = model;
    this.alive = alive;
    this.#link = new Link(model, OWN);
    this.#language = new Link(state, { language: "en" });
    this.#requests = new Requests(model);
    this.own = this.#link.signals;
    this.t = computed(() => translator(this.#language.signals.language.value));
    this.labels = this.#follow("_labels", (value) => (value ?? { state: "working" }) as Labels);
    this.references = Object.fromEntries(PANES.map((name) => [name, this.#follow(`_${name}`, (value) => value)])) as {
      [name in PaneName]: ReadonlySignal<unknown>;
    };
    this.panes = computed(() => PANES.filter((name) => name !== "comparison" || this.references.comparison.value));
    this.shown = computed(() => {
      const panes = this.panes.value;
      const named = this.own.shown.value.filter((name): name is PaneName => panes.includes(name as PaneName));
      const [left = "game", right = left === "explorer" ? "game" : "explorer"] = named;
      return this.isSplit.value ? [left, right] : [left];
    });
    this.#undo.push(
      this.shown.subscribe((shown) => {
        this.visited.value = new Set([...this.visited.peek(), ...shown]);
      }),
    );
    if (host) void this.#watchFile(host);
  }

  readonly isWide: ReadonlySignal<boolean> = computed(() => this.width.value >= WIDE);

  readonly isSplit: ReadonlySignal<boolean> = computed(
    () => this.isWide.value && this.own.arrangement.value === "side by side",
  );

  /** Show a pane on a side; what stands on the other side and is chosen here changes places. */
  show(name: PaneName, side = 0): void {
    const [left = "game", right = "explorer"] = this.own.shown.peek() as PaneName[];
    const other = side === 0 ? right : left;
    const now = side === 0 ? left : right;
    const next = name === other ? now : other;
    this.#link.set({ shown: side === 0 ? [name, next] : [next, name] });
  }

  arrange(split: boolean): void {
    this.#link.set({ arrangement: split ? "side by side" : "tabs" });
  }

  /** Analyse the labels again. */
  refresh(): void {
    // What came of it comes as `_labels`.
    this.#requests.ask({ kind: "refresh" }).catch(() => {});
  }

  dispose(): void {
    for (const step of this.#undo.reverse()) step();
    this.#requests.dispose();
    this.#language.dispose();
    this.#link.dispose();
  }

  #follow<T>(name: string, read: (value: unknown) => T): ReadonlySignal<T> {
    const followed = signal(read(this.#model.get(name)));
    const listener: Callback = () => {
      followed.value = read(this.#model.get(name));
    };
    this.#model.on(`change:${name}`, listener);
    this.#undo.push(() => this.#model.off(`change:${name}`, listener));
    return followed;
  }

  /** Whether the synonyms' pane has something to save, for its tab. */
  async #watchFile(host: Host): Promise<void> {
    try {
      const editor = await host.getModel(this.references.synonyms.peek());
      const read = () => {
        const file = editor.get("_file") as { state?: string } | undefined;
        this.unsaved.value = file?.state !== undefined && file.state !== "saved";
      };
      read();
      editor.on("change:_file", read);
      this.#undo.push(() => editor.off("change:_file", read));
    } catch {
      // A saved notebook can lack it; the pane says so itself.
    }
  }
}
