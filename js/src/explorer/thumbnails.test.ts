import { effect } from "@preact/signals";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { LocalModel } from "../core/model";
import type { Head } from "./pictures";
import { AT_ONCE, KEPT_THUMBNAILS, Thumbnails } from "./thumbnails";

let revoked: string[];
beforeEach(() => {
  let made = 0;
  revoked = [];
  URL.createObjectURL = () => `blob:${made++}`;
  URL.revokeObjectURL = (url) => revoked.push(url);
});
afterEach(() => vi.restoreAllMocks());

const head = (i: number): Head => ({ key: String(i), name: `${i}.jpg`, target_name: "dog" });
const heads = (first: number, end: number) => Array.from({ length: end - first }, (_, i) => head(first + i));
const soon = () => new Promise((resolve) => setTimeout(resolve));

function asked() {
  const model = new LocalModel();
  const sent: { id: string; kind: string; keys: string[] }[] = [];
  model.send = (content) => sent.push(content as (typeof sent)[0]);
  let listener: (...args: unknown[]) => void = () => {};
  const on = model.on.bind(model);
  model.on = (event, callback) => {
    if (event === "msg:custom") listener = callback;
    else on(event, callback);
  };
  const thumbnails = new Thumbnails(model);
  const answer = async (question: number, keys = sent[question]?.keys ?? []) => {
    listener(
      { id: sent[question]?.id, keys },
      keys.map(() => new Uint8Array([1])),
    );
    await soon();
  };
  const fail = async (question: number) => {
    listener({ id: sent[question]?.id, error: "no" }, []);
    await soon();
  };
  return { thumbnails, sent, answer, fail };
}

it("asks for what is in sight in groups, one at a time, and not for what was scrolled past meanwhile", async () => {
  const { thumbnails, sent, answer } = asked();
  thumbnails.want(heads(0, 40));
  thumbnails.want(heads(0, 40));
  expect(sent.map(({ kind, keys }) => [kind, keys.length])).toEqual([["thumbnails", AT_ONCE]]);
  thumbnails.want(heads(5000, 5010));
  thumbnails.want(heads(9000, 9003));
  expect(sent).toHaveLength(1);
  await answer(0);
  expect(sent[1]?.keys).toEqual(["9000", "9001", "9002"]);
  await answer(1);
  thumbnails.want(heads(0, 40));
  expect(sent[2]?.keys).toEqual(heads(AT_ONCE, 40).map(({ key }) => key));
  expect(sent).toHaveLength(3);
});

it("tells who draws one when it has come, and nobody else", async () => {
  const { thumbnails, answer } = asked();
  const seen: (string | undefined)[] = [];
  const other = vi.fn(() => thumbnails.url(head(70)));
  effect(() => {
    seen.push(thumbnails.url(head(1)));
  });
  effect(() => {
    other();
  });
  thumbnails.want(heads(0, 3));
  await answer(0);
  expect(seen).toEqual([undefined, "blob:1"]);
  expect(other).toHaveBeenCalledTimes(1);
  expect(thumbnails.url(head(1))).toBe("blob:1");
});

it("neither asks for withheld ones nor for those that came with their pictures", () => {
  const { thumbnails, sent } = asked();
  const whole = { ...head(1), thumbnail: new Uint8Array([1]) } as Head;
  thumbnails.want([{ key: "0", withheld: true }, whole]);
  expect(sent).toEqual([]);
  expect(thumbnails.url({ key: "0", withheld: true })).toBeUndefined();
  expect(thumbnails.url(whole)).toBe("blob:0");
});

it("keeps the last ones that were seen only, and asks for the others again", async () => {
  const { thumbnails, sent, answer } = asked();
  thumbnails.want([head(0)]);
  await answer(0);
  for (let i = 1; i < KEPT_THUMBNAILS; i++) thumbnails.url({ ...head(i), thumbnail: new Uint8Array([1]) } as Head);
  expect(thumbnails.url(head(0))).toBe("blob:0");
  thumbnails.url({ ...head(9999), thumbnail: new Uint8Array([1]) } as Head);
  expect(revoked).toEqual(["blob:1"]); // the one that was not seen for longest
  expect(thumbnails.url(head(0))).toBe("blob:0");
  for (let i = 1; i <= KEPT_THUMBNAILS; i++) thumbnails.url({ ...head(i), thumbnail: new Uint8Array([1]) } as Head);
  expect(revoked).toContain("blob:0");
  expect(thumbnails.url(head(0))).toBeUndefined();
  thumbnails.want([head(0)]);
  expect(sent[1]?.keys).toEqual(["0"]);
});

it("does not ask again and again for what failed, but when it comes into sight again", async () => {
  const { thumbnails, sent, fail, answer } = asked();
  thumbnails.want(heads(0, 2));
  await fail(0);
  thumbnails.want(heads(0, 2));
  expect(sent).toHaveLength(1);
  thumbnails.want(heads(1, 3));
  expect(sent[1]?.keys).toEqual(["2"]);
  await answer(1, []); // the kernel had none
  expect(sent).toHaveLength(2);
  thumbnails.want(heads(0, 1));
  expect(sent[2]?.keys).toEqual(["0"]);
});

it("keeps nothing of what was withheld while it was on its way", async () => {
  const { thumbnails, answer } = asked();
  thumbnails.want(heads(0, 2));
  thumbnails.forget("1");
  await answer(0);
  expect([thumbnails.url(head(0)), thumbnails.url(head(1))]).toEqual(["blob:0", undefined]);
  thumbnails.forget("0");
  expect(revoked).toEqual(["blob:0"]);
  expect(thumbnails.url(head(0))).toBeUndefined();
});

it("takes all addresses back at the end", async () => {
  const { thumbnails, answer } = asked();
  thumbnails.want(heads(0, 3));
  await answer(0);
  thumbnails.dispose();
  expect(revoked).toEqual(["blob:0", "blob:1", "blob:2"]);
});
