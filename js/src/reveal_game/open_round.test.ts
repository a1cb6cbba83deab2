import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { MemoryStorage } from "../core/storage";
import { pruneDrafts } from "./drafts";
import { roundScreen, SETTINGS } from "./example";
import { Round } from "./open_round";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const keeping = (storage = new MemoryStorage()) => ({ storage, prefix: "inv-widgets:g:" });
const open = (values = {}, kept = keeping(), settings = {}) =>
  new Round(roundScreen(values), { ...SETTINGS, ...settings }, kept, "en");
const kinds = (round: Round) => round.actions.map(({ kind, value }) => (value === null ? kind : [kind, value]));

describe("an open round", () => {
  it("logs what the player did, in seconds since it was first shown, pauses included", () => {
    const round = open();
    vi.advanceTimersByTime(1500);
    round.guess("dog");
    vi.advanceTimersByTime(500);
    round.see(roundScreen({ step: 1 }));
    round.see(roundScreen({ step: 1, paused: true }));
    vi.advanceTimersByTime(60_000);
    round.see(roundScreen({ step: 1 }));
    round.add("ears, nose");
    round.remove("ears");
    const { actions, ...answer } = round.answer();
    expect(actions).toEqual([
      { kind: "guess", at: 1.5, value: "dog" },
      { kind: "show", at: 2, value: 1 },
      { kind: "pause", at: 2, value: null },
      { kind: "resume", at: 62, value: null },
      { kind: "label", at: 62, value: "ears" },
      { kind: "label", at: 62, value: "nose" },
      { kind: "unlabel", at: 62, value: "ears" },
      { kind: "answer", at: 62, value: null },
    ]);
    expect(answer).toEqual({
      kind: "answer",
      round: "r1",
      guess: "dog",
      resigned: false,
      labels: ["nose"],
      language: "en",
      seconds: 62,
    });
  });

  it("undoes and redoes guess, words and giving up, each by itself", () => {
    const round = open();
    round.guess("dog");
    round.add("ears,nose");
    round.guess(null);
    round.resign();
    expect(round.choice.value).toEqual({ guess: null, labels: ["ears", "nose"], resigned: true });
    round.undo();
    round.undo();
    expect(round.choice.value).toEqual({ guess: "dog", labels: ["ears", "nose"], resigned: false });
    round.undo();
    expect(round.choice.value.labels).toEqual(["ears"]);
    round.redo();
    expect(round.choice.value.labels).toEqual(["ears", "nose"]);
    round.remove("ears");
    expect(round.canRedo.value).toBe(false);
    for (let i = 0; i < 9; i++) round.undo();
    expect(round.choice.value).toEqual({ guess: null, labels: [], resigned: false });
    expect(round.canUndo.value).toBe(false);
  });

  it("logs nothing for what changes nothing", () => {
    const round = open();
    round.guess(null);
    round.undo();
    round.redo();
    round.unresign();
    round.add(" , ");
    round.remove("nothing");
    round.add("ears");
    round.add("ears");
    round.setLanguage("en");
    expect(kinds(round)).toEqual([["label", "ears"]]);
    expect(round.choice.value.labels).toEqual(["ears"]);
  });

  it("keeps words as they are typed, without white space around them, of at most 200 characters, at most 20", () => {
    const round = open();
    round.add("  Long Neck ");
    round.add(`${"😀".repeat(300)}`);
    expect(round.choice.value.labels[0]).toBe("Long Neck");
    expect([...(round.choice.value.labels[1] ?? "")].length).toBe(200);
    expect(round.add(Array.from({ length: 18 }, (_, i) => `w${i}`).join("\n"))).toBe(true);
    expect(round.add("one too many")).toBe(false);
    expect(round.choice.value.labels.length).toBe(20);
  });

  it("is parted by the commas of other writings", () => {
    const round = open();
    round.add("أذن، أنف");
    round.add("耳，鼻、目");
    expect(round.choice.value.labels).toEqual(["أذن", "أنف", "耳", "鼻", "目"]);
  });

  it("says what is missing; a word that is typed but not added counts", () => {
    const round = open();
    expect(round.missing.value).toBe("guess");
    round.guess("dog");
    expect(round.missing.value).toBe("labels");
    round.type({ feature: "ears" });
    expect(round.missing.value).toBeUndefined();
    expect(round.answer().labels).toEqual(["ears"]);
    expect(open({ round: "r2" }, keeping(), { features_required: false }).missing.value).toBe("guess");
    const other = open({ round: "r3" });
    other.resign();
    expect(other.missing.value).toBeUndefined();
    expect(other.answer()).toMatchObject({ guess: null, resigned: true });
  });

  it.each([
    ["dog", "ears", { guess: "dog", resigned: false, timeout: true, labels: ["ears"] }],
    ["dog", "", { guess: null, resigned: true, timeout: true, labels: [] }],
    [null, "ears", { guess: null, resigned: true, timeout: true, labels: ["ears"] }],
  ])("when the time is over, %s and %s count as they stand", (guess, feature, wanted) => {
    const round = open();
    round.guess(guess);
    round.type({ feature });
    const answer = round.answer(true);
    expect(answer).toMatchObject(wanted);
    expect(answer.actions.at(-1)?.kind).toBe("timeout");
  });

  it("is found again after a reload: choices, what is typed, undo, times", () => {
    vi.setSystemTime(1_000_000);
    const kept = keeping();
    const first = open({}, kept);
    first.guess("dog");
    first.add("ears");
    first.type({ feature: "no", guess: "" });
    first.setLanguage("it");
    first.see(roundScreen({ step: 2 }));
    vi.advanceTimersByTime(30_000);
    const second = open({ step: 2 }, kept);
    expect(second.choice.value).toEqual({ guess: "dog", labels: ["ears"], resigned: false });
    expect([second.featureText.value, second.language.value, second.seconds]).toEqual(["no", "it", 30]);
    expect(kinds(second)).toEqual([
      ["guess", "dog"],
      ["label", "ears"],
      ["language", "it"],
      ["show", 1],
      ["show", 2],
    ]);
    second.undo();
    expect(second.choice.value.labels).toEqual([]);
    expect(open({ round: "r2" }, kept).choice.value.guess).toBeNull();
    second.forget();
    expect(kept.storage.keys("inv-widgets:g:draft:r1")).toEqual([]);
  });

  it("starts anew where the draft cannot be read, and throws old drafts away", () => {
    const kept = keeping();
    kept.storage.set("inv-widgets:g:draft:r1", "{broken");
    kept.storage.set("inv-widgets:g:draft:old", JSON.stringify({ began: Date.now() - 15 * 86_400_000 }));
    kept.storage.set("inv-widgets:g:draft:new", JSON.stringify({ began: Date.now() }));
    expect(open({}, kept).choice.value.labels).toEqual([]);
    pruneDrafts(kept);
    expect(kept.storage.keys("inv-widgets:g:draft:").sort()).toEqual([
      "inv-widgets:g:draft:new",
      "inv-widgets:g:draft:r1",
    ]);
  });

  it("has a clock that stands still while paused", () => {
    const round = open({ left_ms: 20_000 });
    expect((round.deadline.value ?? 0) - performance.now()).toBe(20_000);
    round.see(roundScreen({ left_ms: 12_000, paused: true }));
    expect(round.deadline.value).toBeUndefined();
    round.see(roundScreen({ left_ms: 12_000 }));
    expect((round.deadline.value ?? 0) - performance.now()).toBe(12_000);
  });
});
