/** A game for tests: a model that answers like a kernel, with screens that one asks for. */
import { signal } from "@preact/signals";
import { LocalModel } from "../core/model";
import { MemoryStorage, type Storage } from "../core/storage";
import type { ResultScreen, RoundScreen, Screen, Settings } from "./screens";
import { GameStore } from "./store";

type Message = Record<string, unknown> & { kind: string; id: string };

/** What the kernel says: an answer, a refusal, or nothing at all. */
type Reply = Record<string, unknown> | "silence";

export class Kernel extends LocalModel {
  readonly sent: Message[] = [];
  /** By kind; what is not named is answered with "ok". */
  readonly replies = new Map<string, (message: Message) => Reply>();
  #heard: ((...args: unknown[]) => void)[] = [];

  override on(event: string, callback: (...args: unknown[]) => void): void {
    if (event === "msg:custom") this.#heard.push(callback);
    else super.on(event, callback);
  }

  override off(event?: string | null, callback?: ((...args: unknown[]) => void) | null): void {
    if (event === "msg:custom") this.#heard = this.#heard.filter((other) => other !== callback);
    else super.off(event, callback);
  }

  override send(content?: unknown): void {
    const message = content as Message;
    this.sent.push(message);
    const reply = this.replies.get(message.kind)?.(message) ?? { ok: true };
    if (reply === "silence") return;
    queueMicrotask(() => {
      for (const callback of [...this.#heard]) callback({ ...reply, id: message.id }, []);
    });
  }

  kinds(): string[] {
    return this.sent.map(({ kind }) => kind);
  }

  show(screen: Screen): void {
    this.set("_screen", screen);
  }
}

export const SETTINGS: Settings = {
  game: "g",
  title: "Deep Reveal",
  information: null,
  consent: null,
  asks_nickname: false,
  player: "ada",
  categories: ["cat", "dog", "horse"],
  shares: [2, 4.5, 8, 13, 20, 30],
  seconds: null,
  features_required: true,
  max_labels: 20,
  max_label_length: 200,
  leaderboard: true,
  show_others: true,
  picture_size: 512,
};

const SCORE = { points: 0, wins: 0, losses: 0, resigns: 0, streak: 0, best_streak: 0 };

let turn = 0;

export function roundScreen(values: Partial<RoundScreen> = {}): RoundScreen {
  return {
    turn: ++turn,
    kind: "round",
    round: "r1",
    number: 1,
    of: 10,
    step: 0,
    image: new Uint8Array([1, 2, 3]),
    image_type: "image/webp",
    width: 512,
    height: 384,
    choices: null,
    left_ms: null,
    paused: false,
    score: SCORE,
    ...values,
  };
}

export function resultScreen(values: Partial<ResultScreen> = {}): ResultScreen {
  return {
    turn: ++turn,
    kind: "result",
    round: "r1",
    number: 1,
    of: 10,
    outcome: "won",
    guess: "dog",
    truth: "dog",
    points: 7,
    step: 2,
    image: new Uint8Array([4, 5, 6]),
    image_type: "image/webp",
    width: 512,
    height: 384,
    window: [0, 0, 1, 1],
    map: new Uint8Array(4),
    map_height: 2,
    map_width: 2,
    picture: "rex.jpg",
    layer_title: "block 3, layer 2",
    weight: 21.5,
    labels: ["floppy ears"],
    language: "en",
    others: [{ text: "nose", players: 3 }],
    n_others: 4,
    withdrawn: false,
    corrected: false,
    score: { ...SCORE, points: 7, wins: 1, streak: 1, best_streak: 1 },
    last: false,
    ...values,
  };
}

/** A store on a kernel; give the same storage to another one to reload the page. */
export function open(
  screen: Screen = roundScreen(),
  settings: Partial<Settings> = {},
  storage: Storage = new MemoryStorage(),
) {
  const kernel = new Kernel({ _settings: { ...SETTINGS, ...settings }, _screen: screen, state: "anywidget:s" });
  const state = new LocalModel({ language: "en" });
  const alive = signal(true);
  const session = new MemoryStorage();
  const store = new GameStore({ model: kernel, state, alive, storage, session });
  return { kernel, state, alive, storage, session, store };
}
