import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { translator } from "./languages";
import { LocalModel } from "./model";
import { RequestError, Requests, said } from "./requests";

class Kernel extends LocalModel {
  readonly sent: Record<string, unknown>[] = [];
  #callback: ((...args: unknown[]) => void) | undefined;
  override on(_: string, callback: (...args: unknown[]) => void) {
    this.#callback = callback;
  }
  override off() {
    this.#callback = undefined;
  }
  override send(content?: unknown) {
    this.sent.push(content as Record<string, unknown>);
  }
  answer(...args: unknown[]) {
    this.#callback?.(...args);
  }
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it("gives each question its own answer, in any order", async () => {
  const kernel = new Kernel();
  const requests = new Requests(kernel);
  const [one, two] = [requests.ask({ kind: "picture", key: "1" }), requests.ask({ kind: "picture", key: "2" })];
  const [first, second] = kernel.sent;
  expect(first?.id).not.toBe(second?.id);
  kernel.answer({ id: "somebody else's", picture: {} });
  kernel.answer({ id: second?.id, picture: { name: "two" } }, [new DataView(new ArrayBuffer(2))]);
  kernel.answer({ id: first?.id, picture: { name: "one" } });
  expect((await one).content.picture).toEqual({ name: "one" });
  expect((await two).buffers).toHaveLength(1);
});

it("passes the kernel's errors on", async () => {
  const kernel = new Kernel();
  const answer = new Requests(kernel).ask({ kind: "picture" });
  kernel.answer({ id: kernel.sent[0]?.id, error: "[inv-widgets] The file is gone." });
  await expect(answer).rejects.toThrow("The file is gone.");
});

it("does not wait for ever, nor on a closed comm", async () => {
  const kernel = new Kernel();
  const requests = new Requests(kernel);
  const answer = requests.ask({});
  const caught = expect(answer).rejects.toThrow(/did not answer/);
  vi.advanceTimersByTime(600_000);
  await caught;
  kernel.send = () => {
    throw new Error("closed");
  };
  await expect(requests.ask({})).rejects.toThrow(/kernel is gone/);
});

it("tells the browser's own errors in the reader's language, others in their own words", () => {
  const t = translator("it");
  expect(said(new RequestError("The kernel is gone.", "kernel-gone"), t)).toContain("Il kernel non c’è più");
  expect(said(new RequestError("The kernel did not answer.", "no-answer"), t)).toContain("Il kernel non ha risposto");
  expect(said(new RequestError("[inv-widgets] No file.", "store-gone"), t)).toBe("No file.");
  expect(said("words", t)).toBe("words");
});
