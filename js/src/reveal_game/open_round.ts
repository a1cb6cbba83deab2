/**
 * One open round: what the player chose and typed so far, how to undo it, how long it took. No DOM.
 *
 * Everything is kept as a draft in the browser's storage, so that a reload or a restarted kernel loses nothing.
 */
import { batch, computed, type ReadonlySignal, type Signal, signal } from "@preact/signals";
import { type Choice, forgetDraft, type Keeping, keepDraft, readDraft } from "./drafts";
import type { Action, AnswerMessage } from "./outbox";
import type { RoundScreen, Settings } from "./screens";

export interface Limits {
  max_labels: number;
  max_label_length: number;
  features_required: boolean;
}

const NOTHING: Choice = { guess: null, labels: [], resigned: false };

export type Missing = "guess" | "labels";

export class Round {
  readonly token: string;
  readonly choice: ReadonlySignal<Choice>;
  readonly canUndo: ReadonlySignal<boolean>;
  readonly canRedo: ReadonlySignal<boolean>;
  /** What is typed but not chosen yet. */
  readonly guessText: Signal<string>;
  readonly featureText: Signal<string>;
  /** Of the words. */
  readonly language: ReadonlySignal<string>;
  /** What an answer still needs; a typed feature counts. */
  readonly missing: ReadonlySignal<Missing | undefined>;
  /** When the time is over, on performance.now()'s clock; undefined: not timed, or paused. */
  readonly deadline = signal<number | undefined>(undefined);
  readonly #choice = signal<Choice>(NOTHING);
  readonly #language: Signal<string>;
  readonly #past = signal<readonly Choice[]>([]);
  readonly #future = signal<readonly Choice[]>([]);
  readonly #limits: Limits;
  readonly #keeping: Keeping;
  readonly #actions: Action[] = [];
  readonly #began: number;
  readonly #origin: number;
  #step = 0;
  #paused = false;
  #ended = false;

  constructor(screen: RoundScreen, limits: Settings | Limits, keeping: Keeping, language: string) {
    this.token = screen.round;
    this.#limits = limits;
    this.#keeping = keeping;
    const draft = readDraft(keeping, this.token);
    this.#began = draft?.began ?? Date.now();
    // Later times are told by the steady clock.
    this.#origin = performance.now() - Math.max(0, Date.now() - this.#began);
    this.#choice.value = draft?.choice ?? NOTHING;
    this.#past.value = draft?.past ?? [];
    this.#future.value = draft?.future ?? [];
    this.#actions.push(...(draft?.actions ?? []));
    this.#step = draft?.step ?? 0;
    this.#paused = draft?.paused ?? false;
    this.#language = signal(draft?.language ?? language);
    this.guessText = signal(draft?.guessText ?? "");
    this.featureText = signal(draft?.featureText ?? "");
    this.choice = this.#choice;
    this.language = this.#language;
    this.canUndo = computed(() => this.#past.value.length > 0);
    this.canRedo = computed(() => this.#future.value.length > 0);
    this.missing = computed(() => {
      const { guess, labels, resigned } = this.#choice.value;
      if (resigned) return undefined;
      if (guess === null) return "guess";
      const words = labels.length > 0 || this.featureText.value.trim() !== "";
      return limits.features_required && !words ? "labels" : undefined;
    });
    this.see(screen);
  }

  /** Seconds since the round was first shown, pauses included. */
  get seconds(): number {
    return Math.max(0, Math.round(performance.now() - this.#origin) / 1000);
  }

  get actions(): readonly Action[] {
    return this.#actions;
  }

  /** A new screen of this round: what the kernel did is logged when it is seen. */
  see(screen: RoundScreen): void {
    if (this.#ended) return;
    for (let step = this.#step + 1; step <= screen.step; step++) this.#log("show", step);
    this.#step = Math.max(this.#step, screen.step);
    if (screen.paused !== this.#paused) this.#log(screen.paused ? "pause" : "resume");
    this.#paused = screen.paused;
    const timed = screen.left_ms !== null && !screen.paused;
    this.deadline.value = timed ? performance.now() + Math.max(0, screen.left_ms as number) : undefined;
    this.#keep();
  }

  guess(name: string | null): void {
    if (name === this.#choice.value.guess) return;
    this.#change({ guess: name }, "guess", name);
  }

  /** Add features; several at once where a comma or a new line parts them. Whether all could be added. */
  add(text: string): boolean {
    let all = true;
    for (const part of text.split(SEPARATORS)) {
      const label = trimmed(part, this.#limits.max_label_length);
      const { labels } = this.#choice.value;
      if (label === "" || labels.includes(label)) continue;
      if (labels.length >= this.#limits.max_labels) all = false;
      else this.#change({ labels: [...labels, label] }, "label", label);
    }
    return all;
  }

  remove(label: string): void {
    const { labels } = this.#choice.value;
    if (!labels.includes(label)) return;
    this.#change({ labels: labels.filter((other) => other !== label) }, "unlabel", label);
  }

  resign(): void {
    if (!this.#choice.value.resigned) this.#change({ resigned: true }, "resign");
  }

  unresign(): void {
    if (this.#choice.value.resigned) this.#change({ resigned: false }, "unresign");
  }

  undo(): void {
    this.#travel(this.#past, this.#future, "undo");
  }

  redo(): void {
    this.#travel(this.#future, this.#past, "redo");
  }

  setLanguage(code: string): void {
    if (code === this.#language.value) return;
    this.#language.value = code;
    this.#log("language", code);
    this.#keep();
  }

  /** Keep what is typed. */
  type(texts: { guess?: string; feature?: string }): void {
    batch(() => {
      if (texts.guess !== undefined) this.guessText.value = texts.guess;
      if (texts.feature !== undefined) this.featureText.value = texts.feature;
    });
    this.#keep();
  }

  /** The answer as it stands; a feature that is typed but not added counts. */
  answer(timeout = false): AnswerMessage {
    this.take();
    const { guess, labels, resigned } = this.#choice.value;
    const words = labels.length > 0 || !this.#limits.features_required;
    const givesUp = resigned || (timeout && (guess === null || !words));
    this.#log(timeout ? "timeout" : "answer");
    this.#ended = true;
    return {
      kind: "answer",
      round: this.token,
      guess: givesUp ? null : guess,
      resigned: givesUp,
      labels: [...labels],
      language: this.#language.value,
      actions: [...this.#actions],
      seconds: this.seconds,
      ...(timeout ? { timeout: true } : {}),
    };
  }

  /** The answer was refused: what was chosen and typed can be changed again. */
  reopen(): void {
    this.#ended = false;
    // After a reload it is not there: drafts are kept as they were before the answer.
    if (["answer", "timeout"].includes(this.#actions.at(-1)?.kind ?? "")) this.#actions.pop();
    this.#keep();
  }

  /** Make a typed feature a chip. Whether there was room. */
  take(): boolean {
    const text = this.featureText.value;
    if (text.trim() === "") return true;
    const all = this.add(text);
    if (all) this.type({ feature: "" });
    return all;
  }

  /** The actions of a round that is skipped. */
  skipped(): Action[] {
    return [...this.#actions, { kind: "skip", at: this.seconds, value: null }];
  }

  /** Take the draft away: the round is answered, or skipped. */
  forget(): void {
    this.#ended = true;
    forgetDraft(this.#keeping, this.token);
  }

  #change(values: Partial<Choice>, kind: string, value: Action["value"] = null): void {
    if (this.#ended) return;
    batch(() => {
      this.#past.value = [...this.#past.value, this.#choice.value];
      this.#future.value = [];
      this.#choice.value = { ...this.#choice.value, ...values };
    });
    this.#log(kind, value);
    this.#keep();
  }

  #travel(from: Signal<readonly Choice[]>, to: Signal<readonly Choice[]>, kind: "undo" | "redo"): void {
    const choice = from.value.at(-1);
    if (this.#ended || choice === undefined) return;
    batch(() => {
      to.value = [...to.value, this.#choice.value];
      from.value = from.value.slice(0, -1);
      this.#choice.value = choice;
    });
    this.#log(kind);
    this.#keep();
  }

  #log(kind: string, value: Action["value"] = null): void {
    const last = this.#actions.at(-1)?.at ?? 0;
    this.#actions.push({ kind, at: Math.max(last, this.seconds), value });
  }

  #keep(): void {
    if (this.#ended) return;
    keepDraft(this.#keeping, this.token, {
      began: this.#began,
      choice: this.#choice.value,
      past: [...this.#past.value],
      future: [...this.#future.value],
      actions: this.#actions,
      language: this.#language.value,
      guessText: this.guessText.value,
      featureText: this.featureText.value,
      step: this.#step,
      paused: this.#paused,
    });
  }
}

/** Commas of Latin, Arabic, Chinese and Japanese writing, and new lines. */
export const SEPARATORS = /[,،，、\n\r]+/;

function trimmed(text: string, length: number): string {
  // By code points, as Python counts: an emoji must not be cut in two.
  return [...text.trim()].slice(0, length).join("").trim();
}
