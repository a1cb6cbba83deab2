/** What the host's desk shows and what can be done at it. No DOM but for the download, which is handed in. */
import { computed, type ReadonlySignal, type Signal, signal } from "@preact/signals";
import { closest, errorText, type Language, type Translate, translator } from "../core/languages";
import type { Model } from "../core/model";
import { bytes } from "../core/payload";
import { RequestError, Requests } from "../core/requests";
import { Link, type Linked } from "../core/state";
import { type Desk, type Format, type Player, readDesk, type Status } from "./desk_data";

/** This desk's own. */
export type Own = { height: number; language: string };

const OWN: Own = { height: 680, language: "en" };

/** How long the host waits before being told that nothing came. An export of a big class takes its time. */
const PATIENCE_MS = 20_000;
const EXPORT_PATIENCE_MS = 120_000;

export type Download = (name: string, type: string, content: Uint8Array<ArrayBuffer>) => void;

export class DeskStore {
  readonly desk: ReadonlySignal<Desk>;
  readonly t: ReadonlySignal<Translate>;
  readonly language: ReadonlySignal<Language>;
  readonly own: Linked<Own>;
  readonly alive: ReadonlySignal<boolean>;
  /** Picture names give answers away on a projector: only where the host asks for them. */
  readonly names: Signal<boolean> = signal(false);
  /** What is under way: "status", "export:csv", "forget:PLAYER". */
  readonly busy: ReadonlySignal<ReadonlySet<string>>;
  /** What went wrong last, in words. */
  readonly fault: Signal<string | undefined> = signal(undefined);
  /** What was done last, in words, for screen readers and eyes. */
  readonly done: Signal<string | undefined> = signal(undefined);

  readonly #model: Model;
  readonly #requests: Requests;
  readonly #link: Link<Own>;
  readonly #desk: Signal<Desk>;
  readonly #busy = signal<ReadonlySet<string>>(new Set());
  readonly #download: Download;
  #refreshing = false;

  constructor(model: Model, alive: ReadonlySignal<boolean>, download: Download) {
    this.#model = model;
    this.alive = alive;
    this.#download = download;
    this.#requests = new Requests(model);
    this.#link = new Link(model, OWN);
    this.own = this.#link.signals;
    this.language = computed(() => closest(this.own.language.value));
    this.t = computed(() => translator(this.language.value));
    this.#desk = signal(readDesk(model.get("_desk")));
    this.desk = this.#desk;
    this.busy = this.#busy;
    model.on("change:_desk", this.#onDesk);
  }

  /** Ask for fresh numbers; silent when nobody answers: the next question may do better. */
  async refresh(): Promise<void> {
    if (this.#refreshing || !this.alive.peek()) return;
    this.#refreshing = true;
    try {
      await this.#requests.ask({ kind: "refresh" }, PATIENCE_MS);
    } catch {
      // The banner says when the kernel is gone; what the store refuses comes as the desk's trouble.
    } finally {
      this.#refreshing = false;
    }
  }

  setStatus(status: Status): Promise<boolean> {
    return this.#do("status", { kind: "status", status });
  }

  /** Offer all rounds as a file. */
  export(format: Format): Promise<boolean> {
    return this.#do(`export:${format}`, { kind: "export", format }, EXPORT_PATIENCE_MS, (content, buffers) => {
      this.#download(String(content.name ?? `rounds.${format}`), String(content.type ?? ""), bytes(buffers[0]));
      this.done.value = this.t.value("host.exported", { name: String(content.name ?? format) });
    });
  }

  /** Delete everything of a player. */
  forget({ id, nickname }: Player): Promise<boolean> {
    const player = id ?? nickname;
    return this.#do(`forget:${player}`, { kind: "forget", player }, PATIENCE_MS, () => {
      this.done.value = this.t.value("host.forgotten", { nickname });
    });
  }

  setLanguage(language: Language): void {
    this.#link.set({ language });
  }

  /** The host's words for an error. */
  words(code: string | undefined, message: string): string {
    // What has no code of its own says more in its own words.
    return errorText(this.t.value, code === "unknown" ? undefined : code, message, "host_error.");
  }

  dispose(): void {
    this.#model.off("change:_desk", this.#onDesk);
    this.#requests.dispose();
    this.#link.dispose();
  }

  /** Whether it was done. The same is not asked twice at once. */
  async #do(
    name: string,
    message: Record<string, unknown>,
    patience = PATIENCE_MS,
    then: (content: Record<string, unknown>, buffers: DataView[]) => void = () => {},
  ): Promise<boolean> {
    if (this.#busy.peek().has(name)) return false;
    this.#busy.value = new Set(this.#busy.peek()).add(name);
    this.fault.value = undefined;
    this.done.value = undefined;
    try {
      const { content, buffers } = await this.#requests.ask(message, patience);
      then(content, buffers);
      return true;
    } catch (error) {
      const code = error instanceof RequestError ? error.code : undefined;
      this.fault.value = this.words(code, error instanceof Error ? error.message : String(error));
      return false;
    } finally {
      const busy = new Set(this.#busy.peek());
      busy.delete(name);
      this.#busy.value = busy;
    }
  }

  readonly #onDesk = () => {
    const desk = readDesk(this.#model.get("_desk"));
    // What was overtaken on the way is not shown.
    if (desk.turn >= this.#desk.peek().turn) this.#desk.value = desk;
  };
}
