import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { RequestError } from "../core/requests";
import { MemoryStorage } from "../core/storage";
import { type AnswerMessage, Outbox, PAUSES } from "./outbox";

beforeEach(() => {
  vi.useFakeTimers();
  vi.spyOn(Math, "random").mockReturnValue(0.5);
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const message = (round: string, labels = ["ears"]): AnswerMessage => ({
  kind: "answer",
  round,
  guess: "dog",
  resigned: false,
  labels,
  language: "en",
  actions: [],
  seconds: 3,
});

type Send = (message: AnswerMessage) => Promise<Record<string, unknown>>;

function box(send: Send, storage = new MemoryStorage(), values: { ready?: boolean; player?: string | null } = {}) {
  const now = { ready: true, player: "ada" as string | null, ...values };
  const outbox = new Outbox({
    storage,
    prefix: "inv-widgets:g:",
    send,
    ready: () => now.ready,
    player: () => now.player,
  });
  return { outbox, storage, now };
}

const kept = (storage: MemoryStorage) => storage.keys("inv-widgets:g:outbox:").length;
const busy = () => Promise.reject(new RequestError("busy", "store-busy", true));
const settle = () => vi.advanceTimersByTimeAsync(0);
const state = (outbox: Outbox, round = "a") => outbox.deliveries.value.get(round)?.state;

describe("the outbox", () => {
  it("keeps an answer before it is sent, and until the kernel says that it is saved", async () => {
    const seen: number[] = [];
    let finish = (_: Record<string, unknown>) => {};
    const { outbox, storage } = box(() => {
      seen.push(kept(storage));
      return new Promise((resolve) => {
        finish = resolve;
      });
    });
    outbox.put(message("a"));
    await settle();
    expect(seen).toEqual([1]);
    expect([state(outbox), kept(storage), outbox.saved.value.has("a")]).toEqual(["saving", 1, false]);
    finish({ saved: true, again: false });
    await settle();
    expect([state(outbox), kept(storage), outbox.saved.value.has("a")]).toEqual([undefined, 0, true]);
  });

  it("does not take an answer for saved that does not say so", async () => {
    const { outbox, storage } = box(async () => ({ ok: true }));
    outbox.put(message("a"));
    await settle();
    expect([state(outbox), kept(storage)]).toEqual(["waiting", 1]);
  });

  it("sends again after longer and longer pauses, at most every 30 s, and says why", async () => {
    const send = vi.fn<Send>(busy);
    const { outbox } = box(send);
    outbox.put(message("a"));
    await settle();
    expect(outbox.deliveries.value.get("a")).toMatchObject({ state: "waiting", code: "store-busy" });
    for (const [i, pause] of [...PAUSES, 30_000, 30_000].entries()) {
      await vi.advanceTimersByTimeAsync(pause - 1);
      expect(send).toHaveBeenCalledTimes(i + 1);
      await vi.advanceTimersByTimeAsync(1);
      expect(send).toHaveBeenCalledTimes(i + 2);
    }
    expect(Math.max(...PAUSES)).toBe(30_000);
    send.mockResolvedValue({ saved: true });
    await vi.advanceTimersByTimeAsync(30_000);
    expect(outbox.saved.value.has("a")).toBe(true);
    await vi.advanceTimersByTimeAsync(120_000);
    expect(send).toHaveBeenCalledTimes(PAUSES.length + 4);
  });

  it("survives a reload and a kernel that is killed: what was not saved is sent by the next page", async () => {
    const storage = new MemoryStorage();
    const first = box(() => new Promise(() => {}), storage);
    first.outbox.put(message("a", ["ears", "nose"]));
    first.outbox.put(message("b"));
    await settle();
    first.outbox.dispose();
    const send = vi.fn<Send>(async () => ({ saved: true, again: true }));
    const second = box(send, storage, { ready: false });
    second.outbox.flush();
    await settle();
    expect([send.mock.calls.length, state(second.outbox), second.outbox.deliveries.value.get("a")?.code]).toEqual([
      0,
      "waiting",
      "not-connected",
    ]);
    second.now.ready = true;
    second.outbox.flush();
    await settle();
    expect(send.mock.calls.map(([sent]) => [sent.round, sent.labels])).toEqual([
      ["a", ["ears", "nose"]],
      ["b", ["ears"]],
    ]);
    expect(kept(storage)).toBe(0);
  });

  it("sends one answer to a round, the first, however often it is put", async () => {
    const send = vi.fn<Send>(async () => ({ saved: true }));
    const { outbox } = box(send);
    outbox.put(message("a", ["first"]));
    outbox.put(message("a", ["second"]));
    await settle();
    outbox.put(message("a", ["third"]));
    await settle();
    expect(send.mock.calls.map(([sent]) => sent.labels)).toEqual([["first"]]);
  });

  it("sends what is put while another answer is on its way", async () => {
    const finish: ((answer: Record<string, unknown>) => void)[] = [];
    const send = vi.fn<Send>(() => new Promise((resolve) => finish.push(resolve)));
    const { outbox } = box(send);
    outbox.put(message("a"));
    outbox.put(message("b"));
    await settle();
    expect(send).toHaveBeenCalledTimes(1);
    finish[0]?.({ saved: true });
    await settle();
    finish[1]?.({ saved: true });
    await settle();
    expect([...outbox.saved.value]).toEqual(["a", "b"]);
  });

  it("keeps what the store refuses for good, does not nag, and tries once more when asked", async () => {
    const send = vi.fn<Send>(() => Promise.reject(new RequestError("unknown", "round-unknown")));
    const { outbox, storage } = box(send);
    outbox.put(message("a"));
    outbox.put(message("b"));
    await vi.advanceTimersByTimeAsync(300_000);
    expect(send).toHaveBeenCalledTimes(2);
    expect([state(outbox), state(outbox, "b"), kept(storage)]).toEqual(["kept", "kept", 2]);
    send.mockResolvedValue({ saved: true });
    outbox.retry();
    await settle();
    expect([outbox.saved.value.size, kept(storage)]).toEqual([2, 0]);
  });

  it.each(["store-full", "store-readonly", "store-gone", "player-unknown", "unknown"])(
    "goes on trying when the trouble may pass: %s",
    async (code) => {
      const send = vi.fn<Send>(() => Promise.reject(new RequestError("no", code)));
      const { outbox } = box(send);
      outbox.put(message("a"));
      await vi.advanceTimersByTimeAsync(10_000);
      expect([state(outbox), send.mock.calls.length]).toEqual(["waiting", 3]);
    },
  );

  it("does not send one player's answer in another's name", async () => {
    const storage = new MemoryStorage();
    const first = box(busy, storage);
    first.outbox.put(message("a"));
    await settle();
    first.outbox.dispose();
    const send = vi.fn<Send>(async () => ({ saved: true }));
    const second = box(send, storage, { player: "bob" });
    second.outbox.flush();
    await settle();
    expect([send.mock.calls.length, second.outbox.deliveries.value.get("a")?.code]).toEqual([0, "other-player"]);
    second.now.player = "ada";
    second.outbox.retry();
    await settle();
    expect([send.mock.calls.length, kept(storage)]).toEqual([1, 0]);
  });

  it("passes over what is not an answer in the storage", () => {
    const storage = new MemoryStorage();
    storage.set("inv-widgets:g:outbox:x", "{broken");
    storage.set("inv-widgets:g:outbox:y", "[]");
    expect(box(busy, storage).outbox.pending.value).toEqual([]);
  });
});
