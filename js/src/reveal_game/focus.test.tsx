import { beforeEach, describe, expect, it, vi } from "vitest";
import { LocalModel } from "../core/model";
import { settle, standIns } from "../core/stand_ins";
import { Kernel, resultScreen, roundScreen, SETTINGS } from "./example";
import front from "./index";
import type { Screen, Settings } from "./screens";

const view = standIns();
beforeEach(() => {
  localStorage.clear();
  sessionStorage.clear();
});

async function show(screen: Screen, settings: Partial<Settings> = {}) {
  const kernel = new Kernel({ _settings: { ...SETTINGS, ...settings }, _screen: screen, state: "anywidget:s" });
  const el = document.createElement("div");
  document.body.append(el);
  const state = new LocalModel({ language: "en" });
  view.undo.push(await front().render({ model: kernel, el, host: { getModel: async () => state } }));
  await settle();
  const button = (text: string) =>
    [...el.querySelectorAll("button")].find((one) =>
      (one.getAttribute("aria-label") ?? one.textContent)?.startsWith(text),
    ) as HTMLButtonElement;
  return { el, kernel, button };
}

const lost = () => document.activeElement === null || document.activeElement === document.body;
const score = { points: 4, wins: 1, losses: 0, resigns: 0, streak: 1, best_streak: 1 };
const end = { turn: 90, kind: "end", reason: "rounds", score, can_continue: true, skipped: 0, n_played: 6 };
const trouble = { turn: 90, kind: "trouble", code: "store-full", message: "y z", retry: true };
const welcome = { turn: 90, kind: "welcome", needs: [], n_maps: 9, status: "running" };

describe("while the kernel is asked", () => {
  it.each([
    ["Play", "enter", welcome],
    ["Skip", "skip", roundScreen()],
    ["Play on", "continue", end],
    ["I’d like to play after all", "reconsider", { ...end, reason: "declined" }],
    ["Try again", "next", trouble],
  ])("%s keeps the focus, is disabled in words, and asks once", async (words, kind, screen) => {
    const { kernel, button } = await show(screen as Screen, { leaderboard: false });
    kernel.replies.set(kind, () => "silence");
    button(words).focus();
    button(words).click();
    await settle();
    expect([button(words).disabled, button(words).getAttribute("aria-disabled")]).toEqual([false, "true"]);
    expect(document.activeElement).toBe(button(words));
    button(words).click();
    await settle();
    expect(kernel.kinds()).toEqual([kind]);
  });

  it("saves corrected words once", async () => {
    const { kernel, button } = await show(resultScreen());
    kernel.replies.set("correct", () => "silence");
    button("Edit").click();
    await settle();
    const save = button("Save");
    save.focus();
    for (let press = 0; press < 2; press++) {
      save.click();
      await settle();
    }
    expect([kernel.kinds(), document.activeElement, save.disabled]).toEqual([["correct"], save, false]);
  });

  it("deletes the player's data once", async () => {
    const { kernel, button } = await show(roundScreen());
    kernel.replies.set("forget", () => "silence");
    for (const words of ["About this game", "Delete my data"]) {
      button(words).click();
      await settle();
    }
    const yes = button("Delete everything");
    yes.focus();
    for (let press = 0; press < 2; press++) {
      yes.click();
      await settle();
    }
    expect([kernel.kinds(), document.activeElement, yes.disabled]).toEqual([["forget"], yes, false]);
  });
});

describe("the focus", () => {
  it("stays in the round when the button that had it goes, whatever becomes of the answer", async () => {
    const { el, kernel, button } = await show(roundScreen(), { features_required: false });
    kernel.replies.set("answer", () => ({ error: "other classes", code: "guess-unknown" }));
    el.querySelectorAll<HTMLElement>("[role=option]")[1]?.click();
    await settle();
    button("Answer").focus();
    button("Answer").click();
    await settle();
    expect(button("Answer")).toBeUndefined();
    await vi.waitFor(() => expect(document.activeElement).toBe(el.querySelector(".inv-panel")));
    expect(document.activeElement?.hasAttribute("data-lm-suppress-shortcuts")).toBe(true);
    button("Change").focus();
    expect(el.querySelector(".inv-panel")?.hasAttribute("tabindex")).toBe(false);
    button("Change").click();
    await vi.waitFor(() => expect(document.activeElement).toBe(el.querySelector(".inv-panel")));
  });

  it("stays in a field while its round is answered or paused, and nothing can be typed", async () => {
    const { el, kernel } = await show(roundScreen());
    const [guess, words] = [...el.querySelectorAll<HTMLInputElement>("input")];
    const language = el.querySelector<HTMLSelectElement>(".inv-question select");
    guess?.focus();
    const { image: _, ...paused } = roundScreen({ paused: true });
    kernel.show(paused as Screen);
    await settle();
    for (const field of [guess, words]) expect([field?.disabled, field?.readOnly]).toEqual([false, true]);
    if (language) language.value = "it";
    language?.dispatchEvent(new Event("change", { bubbles: true }));
    await settle();
    expect([language?.disabled, language?.value]).toEqual([false, "en"]);
    guess?.focus();
    guess?.dispatchEvent(new KeyboardEvent("keydown", { key: "1", bubbles: true }));
    await settle();
    expect([guess?.value, document.activeElement === guess]).toEqual(["", true]);
  });

  it("stays in the field for words that takes no more, where Enter answers and Backspace takes one back", async () => {
    const { el, kernel } = await show(roundScreen(), { max_labels: 1 });
    el.querySelectorAll<HTMLElement>("[role=option]")[1]?.click();
    await settle();
    const words = el.querySelector<HTMLInputElement>(".inv-chip-field input") as HTMLInputElement;
    words.focus();
    words.value = "ears,";
    words.dispatchEvent(new InputEvent("input", { bubbles: true }));
    await settle();
    expect([words.readOnly, document.activeElement === words]).toEqual([true, true]);
    const press = (key: string) => words.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
    press("Backspace");
    await settle();
    expect(words.readOnly).toBe(false);
    words.value = "nose,";
    words.dispatchEvent(new InputEvent("input", { bubbles: true }));
    await settle();
    press("Enter");
    await settle();
    expect(kernel.sent).toMatchObject([{ kind: "answer", labels: ["nose"] }]);
  });

  it("is not taken back from elsewhere when what had it goes", async () => {
    const { button } = await show(roundScreen(), { features_required: false });
    button("Give up").click();
    await settle();
    const other = document.createElement("button");
    document.body.append(other);
    button("Show").focus();
    button("Show").click();
    other.focus();
    other.remove();
    await new Promise((resolve) => setTimeout(resolve, 150));
    expect(lost()).toBe(true);
  });
});
