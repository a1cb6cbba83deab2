/**
 * What the reveal game shows and what can be done in it. No DOM, so that it can be tested without one.
 *
 * The kernel says which screen is shown; everything between two screens (guess, features, undo, the clock) stays here.
 */
import { batch, computed, effect, type ReadonlySignal, type Signal, signal, untracked } from "@preact/signals";
import { closest, type Language, type Translate, translator } from "../core/languages";
import type { Model } from "../core/model";
import { Link, type Linked } from "../core/state";
import type { Storage } from "../core/storage";
import { Asking, type Notice } from "./asking";
import { forgetDraft, forgetDrafts, type Keeping, pruneDrafts } from "./drafts";
import { Identity } from "./identity";
import { Round } from "./open_round";
import { type Delivery, Outbox } from "./outbox";
import type { LeaderboardAnswer, ResultScreen, Score, Screen, Settings, StatisticsAnswer } from "./screens";
import { OPENING, OWN, type Own, SETTINGS, SHARED, type Shared } from "./traits";

/** What lies over the game. The game draws the frame, the title and Close; the component is its content. */
export type Panel = "leaderboard" | "statistics" | "information";

/** An answer is sent again sooner than other questions are given up. */
const ANSWER_PATIENCE_MS = 10_000;

export interface Surroundings {
  model: Model;
  state: Model;
  alive: ReadonlySignal<boolean>;
  storage: Storage;
  session: Storage;
}

export class GameStore {
  readonly screen: ReadonlySignal<Screen>;
  readonly settings: ReadonlySignal<Settings>;
  /** Of the interface: State.language, or what comes nearest to it. */
  readonly language: ReadonlySignal<Language>;
  readonly t: ReadonlySignal<Translate>;
  /** Of the last screen that had one; null before a player entered. */
  readonly score: ReadonlySignal<Score | null>;
  readonly panel: Signal<Panel | undefined> = signal(undefined);
  /** Whether there is a kernel. */
  readonly alive: ReadonlySignal<boolean>;
  /** Who played in this browser before, to offer "go on as ...": enter(remembered) needs no new consent. */
  readonly remembered: ReadonlySignal<string | undefined>;
  /** Who plays. */
  readonly player: ReadonlySignal<string | null>;
  /** The open round; undefined on other screens. */
  readonly round: ReadonlySignal<Round | undefined>;
  /** The answer to the open round, once it was given and until its result is shown. */
  readonly delivery: ReadonlySignal<Delivery | "saved" | undefined>;
  readonly outbox: Outbox;
  readonly shared: Linked<Shared>;
  readonly own: Linked<Own>;
  /** Kinds of the questions that are under way, for buttons that wait. */
  readonly busy: ReadonlySignal<ReadonlySet<string>>;
  readonly notice: Signal<Notice | undefined>;
  /** Whether results show the cluster map on the picture. */
  readonly overlay: Signal<boolean> = signal(true);
  readonly #model: Model;
  readonly #asking: Asking;
  readonly #sharedLink: Link<Shared>;
  readonly #ownLink: Link<Own>;
  readonly #screen = signal<Screen>(OPENING);
  readonly #settings = signal<Settings>(SETTINGS);
  readonly #score = signal<Score | null>(null);
  readonly #round = signal<Round | undefined>(undefined);
  readonly #entered = signal<string | null>(null);
  readonly #identity: Identity;
  readonly #keeping: Keeping;
  readonly #undo: (() => void)[] = [];
  #forgetting = false;

  constructor({ model, state, alive, storage, session }: Surroundings) {
    this.#model = model;
    this.alive = alive;
    this.#sharedLink = new Link(state, SHARED);
    this.#ownLink = new Link(model, OWN);
    this.shared = this.#sharedLink.signals;
    this.own = this.#ownLink.signals;
    this.screen = this.#screen;
    this.settings = this.#settings;
    this.score = this.#score;
    this.round = this.#round;
    this.language = computed(() => closest(this.shared.language.value));
    this.t = computed(() => translator(this.language.value));
    this.#asking = new Asking(model, this.t, () => this.#screen.peek().turn);
    this.busy = this.#asking.busy;
    this.notice = this.#asking.notice;
    this.#readSettings();
    const prefix = `inv-widgets:${this.#settings.value.game}:`;
    this.#keeping = { storage, prefix };
    pruneDrafts(this.#keeping);
    this.#identity = new Identity(storage, session, prefix);
    this.remembered = this.#identity.remembered;
    this.player = computed(() => this.#settings.value.player ?? this.#entered.value);
    this.outbox = new Outbox({
      storage,
      prefix,
      send: (message) => this.#asking.ask(message, ANSWER_PATIENCE_MS),
      ready: () => this.alive.peek() && this.#knowsPlayer,
      player: () => this.player.peek() ?? this.#identity.remembered.peek() ?? null,
    });
    this.delivery = computed(() => {
      const token = this.#round.value?.token;
      if (token === undefined) return undefined;
      const delivery = this.outbox.deliveries.value.get(token);
      return delivery ?? (this.outbox.saved.value.has(token) ? "saved" : undefined);
    });
    model.on("change:_settings", this.#readSettings);
    model.on("change:_screen", this.#readScreen);
    this.#undo.push(
      effect(() => {
        if (this.alive.value) untracked(() => this.outbox.flush());
      }),
    );
    this.#undo.push(
      effect(() => {
        const deadline = this.delivery.value === undefined ? this.#round.value?.deadline.value : undefined;
        if (deadline === undefined) return undefined;
        const timer = setTimeout(() => this.answer(true), Math.max(0, deadline - performance.now()));
        return () => clearTimeout(timer);
      }),
    );
    this.#readScreen();
  }

  /** Whether what is typed outlives the page: a storage that is full by now keeps it no longer. */
  get durable(): boolean {
    return this.#keeping.storage.durable;
  }

  /** Ask the kernel; its answer, or a RequestError whose words() are for the player. */
  ask(message: Record<string, unknown>): Promise<Record<string, unknown>> {
    return this.#asking.ask(message);
  }

  /** What an error says, in the player's language. */
  words(error: unknown): string {
    return this.#asking.words(error);
  }

  /** Start to play. `nickname` is not asked for where the notebook names the player. Rejects with a RequestError. */
  async enter(nickname: string | null, options: { consent: boolean; on_leaderboard: boolean }): Promise<void> {
    const { asks_nickname, player } = this.#settings.value;
    const name = asks_nickname ? (nickname ?? "").trim() : player;
    await this.ask({
      kind: "enter",
      nickname: name,
      secret: asks_nickname && name !== null ? this.#identity.secret(name) : null,
      consent: options.consent,
      language: this.language.value,
      on_leaderboard: options.on_leaderboard,
    });
    if (asks_nickname && name !== null) {
      this.#entered.value = name;
      this.#identity.remember(name);
      this.#identity.rank(name, options.on_leaderboard);
    }
    this.outbox.flush();
  }

  /** Somebody else sits at this browser now. */
  leave(): void {
    this.#identity.leave();
    this.#entered.value = null;
  }

  /** Whether somebody who played in this browser chose to stand on the leaderboard. */
  ranked(nickname: string): boolean {
    return this.#identity.ranked(nickname);
  }

  decline(): Promise<void> {
    return this.#asking.do({ kind: "decline" });
  }

  reconsider(): Promise<void> {
    return this.#asking.do({ kind: "reconsider" });
  }

  /** Go on after the end of a sitting. */
  continue_(): Promise<void> {
    return this.#asking.do({ kind: "continue" });
  }

  /** Ask whether the host goes on; silent when nobody answers. */
  async poll(): Promise<void> {
    try {
      await this.ask({ kind: "poll" });
    } catch {
      // The next poll may do better; the banner says when the kernel is gone.
    }
  }

  /** The best players; with `on`, first join or leave the leaderboard. Rejects with a RequestError. */
  async leaderboard(on: boolean | null = null): Promise<LeaderboardAnswer> {
    const answer = (await this.ask({ kind: "leaderboard", on })) as unknown as LeaderboardAnswer;
    const nickname = this.#entered.value;
    if (nickname !== null && on !== null) this.#identity.rank(nickname, answer.on);
    return answer;
  }

  /** The player's own numbers. Rejects with a RequestError. */
  async statistics(): Promise<StatisticsAnswer> {
    return (await this.ask({ kind: "statistics" })).statistics as StatisticsAnswer;
  }

  /** Delete everything of this player, here and in the store. Rejects with a RequestError. */
  async forget(): Promise<void> {
    const player = this.player.value ?? this.#identity.remembered.value;
    // The welcome screen can come before the answer: who asks to be forgotten must not be entered again by it.
    this.#forgetting = true;
    try {
      await this.ask({ kind: "forget" });
    } finally {
      this.#forgetting = false;
    }
    for (const { entry } of this.outbox.pending.value) {
      if (entry.player === null || entry.player === player) this.outbox.dismiss(entry.message.round);
    }
    forgetDrafts(this.#keeping);
    this.#keeping.storage.remove(`${this.#keeping.prefix}words`);
    if (player) this.#identity.forget(player);
    this.#entered.value = null;
    this.panel.value = undefined;
  }

  setLanguage(language: Language): void {
    this.#sharedLink.set({ language });
  }

  /** The language of the words, for this round and the next ones. */
  speak(code: string): void {
    this.#round.value?.setLanguage(code);
    this.#keeping.storage.set(`${this.#keeping.prefix}words`, code);
  }

  share(values: Partial<Shared>): void {
    this.#sharedLink.slide(values);
  }

  /** The next share of the picture. */
  showMore(): Promise<void> {
    const screen = this.#screen.value;
    if (screen.kind !== "round" || screen.paused || !this.canShowMore()) return Promise.resolve();
    return this.#asking.do({ kind: "show", round: screen.round, step: screen.step + 1 });
  }

  canShowMore(): boolean {
    const screen = this.#screen.value;
    return screen.kind === "round" && screen.step + 1 < this.#settings.value.shares.length && !this.delivery.value;
  }

  /** Give the answer. What is missing is said by Round.missing; nothing is sent then. */
  answer(timeout = false): void {
    const round = this.#round.value;
    if (!round || this.delivery.value || this.#screen.value.kind !== "round") return;
    if (!timeout && round.missing.value) return;
    this.notice.value = undefined;
    this.outbox.put(round.answer(timeout));
  }

  /** Go back to an answer that was refused for good, as when the cell was run again with other classes. */
  change(): void {
    const round = this.#round.value;
    const delivery = this.delivery.value;
    if (!round || !delivery || delivery === "saved" || delivery.state !== "kept") return;
    round.reopen();
    this.outbox.dismiss(round.token);
  }

  /** Leave this round for later. */
  skip(): Promise<void> {
    const round = this.#round.value;
    if (!round || this.delivery.value) return Promise.resolve();
    return this.#asking.do({ kind: "skip", round: round.token, actions: round.skipped() }, () => round.forget());
  }

  pause(): Promise<void> {
    const round = this.#round.value;
    if (!round || this.delivery.value) return Promise.resolve();
    return this.#asking.do({ kind: "pause", round: round.token });
  }

  resume(): Promise<void> {
    const round = this.#round.value;
    return round ? this.#asking.do({ kind: "resume", round: round.token }) : Promise.resolve();
  }

  next(): Promise<void> {
    return this.#asking.do({ kind: "next" });
  }

  /** New features for an answered round. Rejects with a RequestError. */
  async correct(round: string, labels: readonly string[], language: string): Promise<void> {
    await this.ask({ kind: "correct", round, labels: [...labels], language });
  }

  withdraw(round: string, withdrawn: boolean): Promise<void> {
    return this.#asking.do({ kind: "withdraw", round, withdrawn });
  }

  dispose(): void {
    this.#model.off("change:_settings", this.#readSettings);
    this.#model.off("change:_screen", this.#readScreen);
    for (const step of this.#undo) step();
    this.outbox.dispose();
    this.#asking.dispose();
    this.#sharedLink.dispose();
    this.#ownLink.dispose();
  }

  get #knowsPlayer(): boolean {
    return !["opening", "welcome"].includes(this.#screen.peek().kind);
  }

  readonly #readSettings = () => {
    this.#settings.value = { ...SETTINGS, ...(this.#model.get("_settings") as Partial<Settings> | null | undefined) };
  };

  readonly #readScreen = () => {
    const screen = this.#model.get("_screen") as Screen | null | undefined;
    if (!screen?.kind) return;
    const knew = this.#knowsPlayer;
    batch(() => {
      this.notice.value = undefined;
      if ("score" in screen && screen.score) this.#score.value = screen.score;
      if (screen.kind === "welcome") this.#score.value = null;
      if (screen.kind === "result") this.#onResult(screen);
      if (screen.kind === "round") {
        const open = this.#round.peek();
        if (open?.token === screen.round) open.see(screen);
        else {
          const spoken = this.#keeping.storage.get(`${this.#keeping.prefix}words`) ?? this.language.peek();
          this.#round.value = new Round(screen, this.#settings.peek(), this.#keeping, spoken);
        }
      } else if (screen.kind !== "opening") this.#round.value = undefined;
      this.#screen.value = screen;
    });
    if (screen.kind === "welcome") this.#reenter();
    // Not with every screen: an answer that fails can be what brought it.
    else if (!knew) this.outbox.flush();
  };

  #onResult({ round }: ResultScreen): void {
    this.outbox.confirm(round);
    forgetDraft(this.#keeping, round);
  }

  /** A reloaded page goes on where it was: the same tab is the same person. */
  #reenter(): void {
    const nickname = this.#identity.remembered.peek();
    if (this.#forgetting || !this.#identity.playsHere || nickname === undefined || !this.#settings.peek().asks_nickname)
      return;
    const on_leaderboard = this.#identity.ranked(nickname);
    this.enter(nickname, { consent: true, on_leaderboard }).catch(() => this.#identity.leave());
  }
}
