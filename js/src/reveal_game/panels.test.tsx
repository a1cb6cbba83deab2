import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type Callback, LocalModel } from "../core/model";
import front from "./index";
import type { Settings } from "./screens";

class Kernel extends LocalModel {
  readonly sent: Record<string, unknown>[] = [];
  readonly #listeners = new Set<Callback>();

  override on(event: string, callback: Callback): void {
    if (event === "msg:custom") this.#listeners.add(callback);
    else super.on(event, callback);
  }

  override send(content: unknown): void {
    this.sent.push(content as Record<string, unknown>);
  }

  /** Answer the last question of a kind. */
  answer(kind: string, content: Record<string, unknown> = { ok: true }): void {
    const id = this.sent.filter((message) => message.kind === kind).at(-1)?.id;
    for (const listener of this.#listeners) listener({ id, ...content }, []);
  }

  last(kind: string): Record<string, unknown> | undefined {
    return this.sent.filter((message) => message.kind === kind).at(-1);
  }
}

const settings: Partial<Settings> = {
  game: "abc",
  title: "Deep Reveal",
  information: "First <b>paragraph</b>.\n\nSecond.",
  consent: "I take part freely.",
  asks_nickname: true,
  leaderboard: true,
};
const score = { points: 41, wins: 3, losses: 2, resigns: 1, streak: 2, best_streak: 3 };
const welcome = {
  turn: 1,
  kind: "welcome",
  needs: ["information", "consent", "nickname"],
  n_maps: 9,
  status: "running",
};

const undo: (() => void)[] = [];
beforeEach(() => {
  localStorage.clear();
  sessionStorage.clear();
  vi.stubGlobal(
    "IntersectionObserver",
    class {
      observe() {}
      unobserve() {}
      disconnect() {}
    },
  );
});
afterEach(() => {
  for (const step of undo.splice(0)) step();
  vi.useRealTimers();
  document.body.replaceChildren();
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

const settle = async () => {
  for (let turn = 0; turn < 6; turn++) await new Promise((resolve) => setTimeout(resolve, 5));
};

async function show(screen: Record<string, unknown>, more: Partial<Settings> = {}, language = "en") {
  const model = new Kernel({
    state: "anywidget:s",
    height: 680,
    _settings: { ...settings, ...more },
    _screen: screen,
  });
  const state = new LocalModel({ language });
  const el = document.createElement("div");
  document.body.append(el);
  undo.push(await front().render({ model, el, host: { getModel: async () => state } }));
  await settle();
  return { el, model, state };
}

const button = (el: HTMLElement, words: string) =>
  [...el.querySelectorAll("button")].find(
    (candidate) => candidate.textContent === words || candidate.getAttribute("aria-label") === words,
  );
const field = (el: HTMLElement) => el.querySelector<HTMLInputElement>("input[data-place=nickname]");
const check = (el: HTMLElement, words: string) =>
  [...el.querySelectorAll("label")].find((label) => label.textContent === words)?.querySelector("input") ?? undefined;

function type(input: HTMLInputElement | null, text: string): void {
  if (!input) throw new Error("no field");
  input.value = text;
  input.dispatchEvent(new Event("input", { bubbles: true }));
}

const AGREE = "I have read this and I agree to take part.";

describe("welcome", () => {
  it("shows the host's texts as text, in paragraphs", async () => {
    const { el } = await show(welcome);
    expect([...el.querySelectorAll(".inv-paragraph")].map((text) => text.textContent)).toEqual([
      "First <b>paragraph</b>.",
      "Second.",
      "I take part freely.",
    ]);
    expect(el.querySelector(".inv-paragraph b")).toBeNull();
  });

  it("sends and stores nothing before consent, and says at the field what is missing", async () => {
    const { el, model } = await show(welcome);
    button(el, "Play")?.click();
    await settle();
    expect(document.activeElement).toBe(field(el));
    expect(field(el)?.getAttribute("aria-invalid")).toBe("true");
    type(field(el), " Fox ");
    await settle();
    expect(field(el)?.getAttribute("aria-invalid")).toBe("false");
    button(el, "Play")?.click();
    await settle();
    expect(document.activeElement).toBe(check(el, AGREE));
    expect(el.querySelector(".inv-check .inv-fault")?.textContent).toContain("agree first");
    expect(model.sent).toEqual([]);
    expect([localStorage.length, sessionStorage.length]).toEqual([0, 0]);

    check(el, AGREE)?.click();
    await settle();
    expect(localStorage.length).toBe(0);
    button(el, "Play")?.click();
    await settle();
    expect(model.last("enter")).toMatchObject({
      nickname: "Fox",
      consent: true,
      on_leaderboard: false,
      language: "en",
      secret: expect.stringMatching(/^\w{16,}/),
    });
    // In words only: it keeps the focus, and pressed again it asks nothing twice.
    expect([button(el, "Play")?.disabled, button(el, "Play")?.getAttribute("aria-disabled")]).toEqual([false, "true"]);
    button(el, "Play")?.click();
    expect(model.sent.length).toBe(1);
    expect(localStorage.length).toBe(0);
    model.answer("enter");
    await settle();
    expect(localStorage.getItem("inv-widgets:abc:player")).toContain(String(model.last("enter")?.secret));
  });

  it("says at the field that a nickname is taken, and keeps what was chosen", async () => {
    const { el, model } = await show(welcome, {}, "it");
    type(field(el), "Volpe");
    check(el, "Ho letto e accetto di partecipare.")?.click();
    check(el, "Mostra il mio nickname e i miei punti in classifica")?.click();
    await settle();
    button(el, "Gioca")?.click();
    await settle();
    expect(model.last("enter")).toMatchObject({ on_leaderboard: true });
    model.answer("enter", { error: "[inv-widgets] taken", code: "nickname-taken" });
    await settle();
    expect(field(el)?.getAttribute("aria-invalid")).toBe("true");
    expect(el.querySelector(".inv-named-field [role=alert]")?.textContent).toContain("Scegline un altro");
    expect(document.activeElement).toBe(field(el));
    expect(field(el)?.value).toBe("Volpe");
    expect(localStorage.length).toBe(0);
  });

  it("lets who was here go on without a second consent, or somebody else in", async () => {
    localStorage.setItem(
      "inv-widgets:abc:player",
      JSON.stringify({ current: "Fox", secrets: { fox: "s3cret" }, ranked: { fox: true } }),
    );
    const { el, model } = await show(welcome);
    expect(field(el)).toBeNull();
    expect(check(el, AGREE)).toBeUndefined();
    button(el, "Go on as Fox")?.click();
    await settle();
    expect(model.last("enter")).toMatchObject({
      nickname: "Fox",
      secret: "s3cret",
      consent: true,
      on_leaderboard: true,
    });
    model.answer("enter", { error: "[inv-widgets] busy", code: "store-busy", retry: true });
    await settle();
    expect(el.querySelector(".inv-form > .inv-fault")?.textContent).toContain("Many are saving");
    button(el, "I am somebody else")?.click();
    await settle();
    expect(field(el)).not.toBeNull();
    expect(check(el, AGREE)?.checked).toBe(false);
  });

  it("can be declined, and taken back", async () => {
    const { el, model } = await show(welcome);
    button(el, "I don’t take part")?.click();
    expect(model.last("decline")).toBeDefined();
    model.set("_screen", {
      ...{ turn: 2, kind: "end", reason: "declined", score: null, can_continue: true, skipped: 0, n_played: 0 },
    });
    await settle();
    expect(el.querySelector(".inv-headline")?.textContent).toBe("You don’t take part");
    expect(el.querySelector(".inv-board")).toBeNull();
    expect(button(el, "Play on")).toBeUndefined();
    button(el, "I’d like to play after all")?.click();
    expect(model.last("reconsider")).toBeDefined();
    expect(localStorage.length).toBe(0);
  });

  it("asks for a nickname only where one is needed", async () => {
    const { el, model } = await show(
      { ...welcome, needs: ["consent"] },
      { asks_nickname: false, player: "host", information: null, leaderboard: false },
    );
    expect(field(el)).toBeNull();
    expect(el.querySelectorAll("input")).toHaveLength(1);
    check(el, AGREE)?.click();
    await settle();
    button(el, "Play")?.click();
    await settle();
    expect(model.last("enter")).toMatchObject({ nickname: "host", secret: null, consent: true });
  });
});

const end = { turn: 3, kind: "end", reason: "rounds", score, can_continue: true, skipped: 2, n_played: 6 };

describe("end, waiting, trouble", () => {
  it.each([
    ["rounds", true, "there is more if you like"],
    ["queue", false, "no part left"],
    ["ended", false, "host has ended"],
  ])("says why it ends: %s", async (reason, can_continue, words) => {
    const { el, model } = await show({ ...end, reason, can_continue });
    expect(el.querySelector(".inv-lead")?.textContent).toContain(words);
    expect(el.querySelector(".inv-tiles")?.textContent).toContain("41");
    expect(button(el, "Play on") !== undefined).toBe(can_continue);
    expect(el.textContent?.includes("2 rounds that you skipped")).toBe(can_continue);
    button(el, "Play on")?.click();
    expect(model.last("continue") !== undefined).toBe(can_continue);
  });

  it("does not thank who never played", async () => {
    const { el } = await show({ ...end, reason: "ended", can_continue: false, n_played: 0, skipped: 0 });
    expect(el.querySelector(".inv-headline")?.textContent).toBe("The game is over");
    expect(el.querySelector(".inv-tiles")).toBeNull();
  });

  it.each([
    ["waiting", { turn: 3, kind: "waiting", reason: "paused", score }],
    ["trouble", { turn: 3, kind: "trouble", code: "store-full", message: "[inv-widgets] x", retry: true }],
    ["an ended game", { ...end, reason: "ended", can_continue: false }],
  ])("asks every five seconds whether the game goes on: %s", async (_, screen) => {
    vi.useFakeTimers({ shouldAdvanceTime: true });
    const { model } = await show(screen);
    const polls = () => model.sent.filter(({ kind }) => kind === "poll").length;
    await vi.advanceTimersByTimeAsync(5_200);
    expect(polls()).toBe(1);
    await vi.advanceTimersByTimeAsync(5_000);
    expect(polls()).toBe(1);
    model.answer("poll");
    await vi.advanceTimersByTimeAsync(5_000);
    expect(polls()).toBe(2);
    model.answer("poll");
    model.set("_screen", { ...end, turn: 9 });
    await vi.advanceTimersByTimeAsync(20_000);
    expect(polls()).toBe(2);
  });

  it("says what happened in the player's language, and tries again", async () => {
    const message = "[inv-widgets] labels.db is full: make room.";
    const { el, model } = await show({ turn: 3, kind: "trouble", code: "store-full", message, retry: true }, {}, "it");
    expect(el.querySelector("[role=alert]")?.textContent).toContain("Il disco è pieno");
    expect(el.querySelector("details")?.textContent).toContain("labels.db is full: make room.");
    button(el, "Riprova")?.click();
    expect(model.last("next")).toBeDefined();
  });
});

const rows = [
  { nickname: "<i>ann</i>", points: 50, rounds: 5, wins: 4, you: false },
  { nickname: "fox", points: 41, rounds: 6, wins: 3, you: true },
];

describe("the panels", () => {
  async function open(name: string) {
    const shown = await show({ turn: 3, kind: "waiting", reason: "paused", score });
    button(shown.el, name)?.focus();
    button(shown.el, name)?.click();
    // The sheet takes the focus once it is painted.
    await vi.waitFor(() => {
      expect(shown.el.querySelector(".inv-sheet")?.contains(document.activeElement)).toBe(true);
    });
    return shown;
  }

  it("mark the own row of the leaderboard, show nicknames as text, and let one leave", async () => {
    const { el, model } = await open("Leaderboard");
    expect(model.last("leaderboard")).toMatchObject({ on: null });
    model.answer("leaderboard", { leaderboard: rows, on: true });
    await settle();
    expect([...el.querySelectorAll("tbody bdi")].map((name) => name.textContent)).toEqual(["<i>ann</i>", "fox"]);
    expect(el.querySelector("tr[aria-current=true] bdi")?.textContent).toBe("fox");
    const box = check(el, "Show me on the leaderboard");
    box?.focus();
    box?.click();
    await settle();
    expect(model.last("leaderboard")).toMatchObject({ on: false });
    expect([box?.disabled, box?.checked, document.activeElement === box]).toEqual([false, false, true]);
    model.answer("leaderboard", { leaderboard: rows.slice(0, 1), on: false });
    await settle();
    expect(check(el, "Show me on the leaderboard")?.checked).toBe(false);
    expect(el.querySelector("tr[aria-current]")).toBeNull();
  });

  it("say what went wrong, and ask again", async () => {
    const { el, model } = await open("Your statistics");
    model.answer("statistics", { error: "[inv-widgets] x", code: "store-unreachable", retry: true });
    await settle();
    expect(el.querySelector(".inv-sheet [role=alert]")?.textContent).toContain("database does not answer");
    button(el, "Try again")?.click();
    await settle();
    const by_layer = [{ layer_title: "block 3, layer 1", rounds: 4, wins: 1 }];
    const numbers = {
      rounds: 6,
      mean_step_of_wins: 1.25,
      best_points: null,
      seconds_median: 12.4,
      labels: 9,
      by_layer,
    };
    model.answer("statistics", { statistics: { ...score, ...numbers } });
    await settle();
    const text = el.querySelector(".inv-sheet-body")?.textContent ?? "";
    for (const words of ["3 (50\u00a0%)", "1.3", "–", "12 seconds", "1 of 4 guessed"]) expect(text).toContain(words);
  });

  it("delete the player's data after a question only", async () => {
    localStorage.setItem(
      "inv-widgets:abc:player",
      JSON.stringify({ current: "Fox", secrets: { fox: "s3cret" }, ranked: {} }),
    );
    sessionStorage.setItem("inv-widgets:abc:here", "Fox");
    const { el, model } = await open("About this game");
    expect(el.querySelector(".inv-sheet")?.textContent).toContain("I take part freely.");
    button(el, "Delete my data")?.click();
    await settle();
    expect(document.activeElement?.textContent).toBe("Cancel");
    document.activeElement?.dispatchEvent(new KeyboardEvent("keydown", { key: "Escape", bubbles: true }));
    await settle();
    expect(document.activeElement?.textContent).toBe("Delete my data");
    expect(el.querySelector(".inv-sheet")).not.toBeNull();
    button(el, "Delete my data")?.click();
    await settle();
    button(el, "Delete everything")?.click();
    await settle();
    expect(model.last("forget")).toBeDefined();
    // The kernel shows the welcome screen before its answer: nobody is entered again by that.
    model.set("_screen", { ...welcome, turn: 4 });
    model.answer("forget");
    await settle();
    expect(model.last("enter")).toBeUndefined();
    expect(localStorage.getItem("inv-widgets:abc:player")).toBeNull();
    expect(el.querySelector("input[data-place=nickname]")).not.toBeNull();
    expect(el.querySelector(".inv-sheet")).toBeNull();
  });

  it("keep the focus, close by Escape and give it back", async () => {
    const { el, model } = await open("Leaderboard");
    model.answer("leaderboard", { leaderboard: rows, on: true });
    await settle();
    const sheet = el.querySelector<HTMLElement>("[role=dialog]");
    expect(sheet?.contains(document.activeElement)).toBe(true);
    const tab = (shiftKey = false) => {
      const event = new KeyboardEvent("keydown", { key: "Tab", shiftKey, bubbles: true, cancelable: true });
      document.activeElement?.dispatchEvent(event);
      return event.defaultPrevented;
    };
    const [first, last] = [sheet?.querySelector("button"), sheet?.querySelector("input")];
    last?.focus();
    expect([tab(), document.activeElement]).toEqual([true, first]);
    expect([tab(true), document.activeElement]).toEqual([true, last]);
    expect(tab(true)).toBe(false);
    document.activeElement?.dispatchEvent(new KeyboardEvent("keydown", { key: "Escape", bubbles: true }));
    await settle();
    expect(el.querySelector("[role=dialog]")).toBeNull();
    expect(document.activeElement).toBe(button(el, "Leaderboard"));
  });

  it.each([
    ["welcome", welcome, undefined],
    ["end", end, undefined],
    ["trouble", { turn: 3, kind: "trouble", code: "x", message: "y z", retry: true }, undefined],
    ["information", { turn: 3, kind: "waiting", reason: "paused", score }, "About this game"],
    ["leaderboard", { turn: 3, kind: "waiting", reason: "paused", score }, "Leaderboard"],
  ])("mark every focusable element for JupyterLab: %s", async (_, screen, panel) => {
    const { el, model } = await show(screen);
    if (panel) button(el, panel)?.click();
    await settle();
    if (model.last("leaderboard")) model.answer("leaderboard", { leaderboard: rows, on: true });
    await settle();
    const focusable = [...el.querySelectorAll("a, button, input, select, summary, [tabindex]")];
    expect(focusable.length).toBeGreaterThan(1);
    expect(focusable.filter((element) => !element.hasAttribute("data-lm-suppress-shortcuts"))).toEqual([]);
  });
});
