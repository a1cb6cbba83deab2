import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { MemoryStorage, PageStorage } from "../core/storage";
import { open, resultScreen, roundScreen } from "./example";
import type { WelcomeScreen } from "./screens";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const settle = () => vi.advanceTimersByTimeAsync(0);
const welcome: WelcomeScreen = { turn: 1, kind: "welcome", needs: ["nickname"], n_maps: 4, status: "running" };

describe("the game's store", () => {
  it("answers once, and shows saved only when the kernel says so", async () => {
    const { kernel, store, storage } = open();
    kernel.replies.set("answer", () => "silence");
    store.answer();
    expect(kernel.kinds()).toEqual([]);
    store.round.value?.guess("dog");
    store.round.value?.add("ears");
    store.answer();
    store.answer();
    await settle();
    expect(kernel.kinds()).toEqual(["answer"]);
    expect(kernel.sent[0]).toMatchObject({ round: "r1", guess: "dog", labels: ["ears"], language: "en" });
    expect(store.delivery.value).toMatchObject({ state: "saving" });
    kernel.replies.set("answer", () => ({ ok: true, saved: true, again: true }));
    await vi.advanceTimersByTimeAsync(13_000);
    expect(kernel.kinds()).toEqual(["answer", "answer"]);
    expect(store.delivery.value).toBe("saved");
    kernel.show(resultScreen());
    expect(storage.keys("inv-widgets:g:")).toEqual([]);
  });

  it("takes the result of a round for the word that it is saved", async () => {
    const { kernel, store, storage } = open();
    kernel.replies.set("answer", () => "silence");
    store.round.value?.guess("dog");
    store.round.value?.add("ears");
    store.answer();
    await settle();
    kernel.show(resultScreen());
    expect(store.outbox.pending.value).toEqual([]);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(kernel.kinds()).toEqual(["answer"]);
    expect(storage.keys("inv-widgets:g:")).toEqual([]);
  });

  it("sends after a reload what was not saved before, for the round that is still open", async () => {
    const storage = new MemoryStorage();
    const first = open(roundScreen(), {}, storage);
    first.kernel.replies.set("answer", () => "silence");
    first.store.round.value?.guess("cat");
    first.store.round.value?.add("whiskers");
    first.store.answer();
    await settle();
    first.store.dispose();
    const second = open(roundScreen(), {}, storage);
    second.kernel.replies.set("answer", () => ({ ok: true, saved: true, again: false }));
    expect(second.store.delivery.value).toBeDefined();
    await settle();
    expect(second.kernel.sent[0]).toMatchObject({ kind: "answer", guess: "cat", labels: ["whiskers"] });
    expect(second.store.delivery.value).toBe("saved");
  });

  it("waits between two attempts", async () => {
    const { kernel, store } = open();
    await settle();
    store.round.value?.guess("dog");
    store.round.value?.add("ears");
    store.answer();
    await vi.advanceTimersByTimeAsync(1_500);
    expect(kernel.kinds()).toEqual(["answer"]);
    await vi.advanceTimersByTimeAsync(1_500);
    expect(kernel.kinds()).toEqual(["answer", "answer"]);
  });

  it("does not send answers faster because an answer that failed brought a screen", async () => {
    const { kernel, store } = open();
    kernel.replies.set("answer", () => {
      kernel.show(roundScreen());
      return { error: "busy", code: "store-busy", retry: true };
    });
    store.round.value?.guess("dog");
    store.round.value?.add("ears");
    store.answer();
    await vi.advanceTimersByTimeAsync(1_500);
    expect(kernel.kinds()).toEqual(["answer"]);
  });

  it("answers for the player when the time is over, and not while paused", async () => {
    const { kernel, store } = open(roundScreen({ left_ms: 10_000 }));
    kernel.replies.set("answer", () => ({ ok: true, saved: true, again: false }));
    store.round.value?.guess("dog");
    store.round.value?.type({ feature: "ears" });
    await vi.advanceTimersByTimeAsync(4_000);
    kernel.show(roundScreen({ left_ms: 6_000, paused: true }));
    await vi.advanceTimersByTimeAsync(60_000);
    expect(kernel.kinds()).toEqual([]);
    kernel.show(roundScreen({ left_ms: 6_000 }));
    await vi.advanceTimersByTimeAsync(5_900);
    expect(kernel.kinds()).toEqual([]);
    await vi.advanceTimersByTimeAsync(200);
    expect(kernel.sent.map(({ kind, timeout, guess, labels }) => [kind, timeout, guess, labels])).toEqual([
      ["answer", true, "dog", ["ears"]],
    ]);
  });

  it("asks for one step at a time, up to the last", async () => {
    const { kernel, store } = open();
    kernel.replies.set("show", () => "silence");
    void store.showMore();
    void store.showMore();
    expect(kernel.sent.map(({ kind, round, step }) => [kind, round, step])).toEqual([["show", "r1", 1]]);
    kernel.show(roundScreen({ step: 5 }));
    expect(store.canShowMore()).toBe(false);
    void store.showMore();
    expect(kernel.kinds()).toEqual(["show"]);
  });

  it("asks a busy store again by itself, and says so meanwhile", async () => {
    const { kernel, store } = open();
    kernel.replies.set("show", () => ({ error: "[inv-widgets] busy", code: "store-busy", retry: true }));
    void store.showMore();
    await settle();
    expect(store.notice.value?.words).toMatch(/same moment/);
    kernel.replies.delete("show");
    await vi.advanceTimersByTimeAsync(800);
    expect(kernel.kinds()).toEqual(["show", "show"]);
    expect([...store.busy.value]).toEqual([]);
  });

  it("says what went wrong with words of its own, and offers to try again", async () => {
    const { kernel, store } = open();
    kernel.replies.set("skip", () => ({ error: "[inv-widgets] something odd", code: "odd", retry: true }));
    void store.skip();
    await settle();
    expect(store.notice.value?.words).toBe("something odd");
    kernel.replies.delete("skip");
    store.notice.value?.retry?.();
    await settle();
    expect(kernel.kinds()).toEqual(["skip", "skip"]);
    expect(kernel.sent[1]).toMatchObject({ round: "r1", actions: [{ kind: "skip" }] });
  });

  it("is told what a skipped round's draft was worth: nothing", async () => {
    const { kernel, store, storage } = open();
    store.round.value?.add("ears");
    expect(storage.keys("inv-widgets:g:draft:").length).toBe(1);
    await store.skip();
    kernel.show(roundScreen({ round: "r2", number: 2 }));
    expect(storage.keys("inv-widgets:g:draft:")).toEqual(["inv-widgets:g:draft:r2"]);
    expect(store.round.value?.choice.value.labels).toEqual([]);
  });

  it("stores nothing before a player entered, and a secret of one's own afterwards", async () => {
    const { kernel, store, storage } = open(welcome, { asks_nickname: true, player: null, consent: "We keep words." });
    expect(storage.keys("")).toEqual([]);
    kernel.replies.set("enter", () => ({ error: "taken", code: "nickname-taken", retry: false }));
    await expect(store.enter("Ada", { consent: true, on_leaderboard: true })).rejects.toThrow("taken");
    expect(storage.keys("")).toEqual([]);
    kernel.replies.delete("enter");
    await store.enter(" Ada ", { consent: true, on_leaderboard: true });
    const [refused, entered] = kernel.sent as Record<string, unknown>[];
    expect(entered).toMatchObject({ nickname: "Ada", consent: true, language: "en", on_leaderboard: true });
    expect(entered?.secret).toMatch(/^[0-9a-f]{32}$/);
    expect(refused?.secret).toBe(entered?.secret);
    expect(store.remembered.value).toBe("Ada");
    expect(storage.get("inv-widgets:g:player")).toContain(String(entered?.secret));
  });

  it("goes on in the same tab after a reload, asks in another", async () => {
    const first = open(welcome, { asks_nickname: true, player: null });
    await first.store.enter("ada", { consent: true, on_leaderboard: true });
    const { storage, session } = first;
    const { GameStore } = await import("./store");
    const reload = (tab: MemoryStorage) => {
      const other = open(welcome, { asks_nickname: true, player: null }, new MemoryStorage());
      other.store.dispose();
      other.kernel.sent.length = 0;
      const { kernel, state, alive } = other;
      return { kernel, store: new GameStore({ model: kernel, state, alive, storage, session: tab }) };
    };
    const same = reload(session);
    expect(same.kernel.sent[0]).toMatchObject({ kind: "enter", nickname: "ada", on_leaderboard: true });
    expect(same.kernel.sent[0]?.secret).toBe(first.kernel.sent[0]?.secret);
    const another = reload(new MemoryStorage());
    expect(another.kernel.sent).toEqual([]);
    expect(another.store.remembered.value).toBe("ada");
  });

  it("forgets a player here too", async () => {
    const { kernel, store, storage } = open(welcome, { asks_nickname: true, player: null });
    await store.enter("ada", { consent: true, on_leaderboard: false });
    kernel.show(roundScreen());
    store.round.value?.add("ears");
    store.speak("it");
    await store.forget();
    expect(kernel.kinds()).toEqual(["enter", "forget"]);
    expect(storage.keys("inv-widgets:g:")).toEqual([]);
    expect(store.remembered.value).toBeUndefined();
  });

  it("remembers the language of the words for the next rounds", () => {
    const { kernel, store, state } = open();
    expect(store.round.value?.language.value).toBe("en");
    state.set("language", "it");
    expect([store.language.value, store.t.value("action.close")]).toEqual(["it", "Chiudi"]);
    kernel.show(roundScreen({ round: "r2" }));
    expect(store.round.value?.language.value).toBe("it");
    store.speak("de");
    kernel.show(roundScreen({ round: "r3" }));
    expect(store.round.value?.language.value).toBe("de");
    store.setLanguage("en");
    expect(state.get("language")).toBe("en");
  });

  it("lets an answer that is refused for good be changed", async () => {
    const { kernel, store, storage } = open();
    kernel.replies.set("answer", () => ({ error: "none of the classes", code: "guess-unknown", retry: false }));
    store.round.value?.guess("dog");
    store.round.value?.add("ears");
    store.answer();
    await settle();
    expect(store.delivery.value).toMatchObject({ state: "kept", code: "guess-unknown" });
    kernel.replies.set("answer", () => ({ ok: true, saved: true, again: false }));
    store.change();
    expect(store.delivery.value).toBeUndefined();
    store.round.value?.guess("cat");
    store.answer();
    await settle();
    expect(kernel.sent.at(-1)).toMatchObject({ guess: "cat", labels: ["ears"] });
    const actions = kernel.sent.at(-1)?.actions as { kind: string }[];
    expect(actions.map(({ kind }) => kind)).toEqual(["guess", "label", "guess", "answer"]);
    expect(storage.keys("inv-widgets:g:outbox:")).toEqual([]);
  });

  it("no longer says that words are kept when the storage became full meanwhile", () => {
    let full = false;
    const area = {
      ...{ length: 0, key: () => null, getItem: () => null, removeItem: () => undefined },
      setItem: () => {
        if (full) throw new Error("QuotaExceededError");
      },
    };
    const { store } = open(roundScreen(), {}, new PageStorage(area as unknown as globalThis.Storage));
    expect(store.durable).toBe(true);
    full = true;
    store.round.value?.add("ears");
    expect(store.durable).toBe(false);
  });

  it("waits for a kernel that is gone, and sends when it is back", async () => {
    const { kernel, store, alive } = open();
    kernel.replies.set("answer", () => ({ ok: true, saved: true, again: false }));
    alive.value = false;
    store.round.value?.guess("dog");
    store.round.value?.add("ears");
    store.answer();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(kernel.kinds()).toEqual([]);
    expect(store.delivery.value).toMatchObject({ state: "waiting", code: "not-connected" });
    alive.value = true;
    await settle();
    expect(kernel.kinds()).toEqual(["answer"]);
  });
});
