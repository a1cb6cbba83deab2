import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { LocalModel } from "../core/model";
import { Kernel, resultScreen, roundScreen, SETTINGS } from "./example";
import front from "./index";
import type { RoundScreen, Settings } from "./screens";

/** happy-dom draws nothing; the drawing itself is tested in Chromium. */
beforeEach(() => {
  vi.stubGlobal("createImageBitmap", async () => ({ width: 8, height: 6, close() {} }));
  // Effects run after the next frame: here that is a timer's due time, whatever the load of the machine.
  vi.stubGlobal("requestAnimationFrame", (callback: () => void) => setTimeout(callback, 0));
  vi.stubGlobal("cancelAnimationFrame", (id: number) => clearTimeout(id));
  vi.stubGlobal(
    "IntersectionObserver",
    class {
      observe() {}
      unobserve() {}
      disconnect() {}
    },
  );
  URL.createObjectURL = vi.fn(() => "blob:test");
  URL.revokeObjectURL = vi.fn();
  localStorage.clear();
  sessionStorage.clear();
});

const undo: (() => void)[] = [];
afterEach(() => {
  for (const step of undo.splice(0)) step();
  document.body.replaceChildren();
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

/** Rendering can outlast one timer; three in a row leave room for effects that follow it. */
async function settle() {
  for (let i = 0; i < 3; i++) await new Promise((resolve) => setTimeout(resolve, 12));
}

async function show(screen: Partial<RoundScreen> = {}, settings: Partial<Settings> = {}) {
  const kernel = new Kernel({
    _settings: { ...SETTINGS, ...settings },
    _screen: roundScreen(screen),
    state: "anywidget:s",
  });
  const state = new LocalModel({ language: "en" });
  const el = document.createElement("div");
  document.body.append(el);
  undo.push(await front().render({ model: kernel, el, host: { getModel: async () => state } }));
  await settle();
  const find = <T extends HTMLElement>(selector: string) => el.querySelector<T>(selector) as T;
  const button = (text: string) =>
    [...el.querySelectorAll("button")].find((one) =>
      (one.getAttribute("aria-label") ?? one.textContent)?.startsWith(text),
    ) as HTMLElement;
  return { el, kernel, state, find, button, guess: () => find<HTMLInputElement>("[role=combobox]") };
}

const focused = () => document.activeElement as HTMLInputElement;

/** Press a key where the focus is; whether the page keeps it from the host. */
function press(key: string, options: KeyboardEventInit & { keyCode?: number } = {}): boolean {
  const event = new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true, ...options });
  return !focused().dispatchEvent(event);
}

async function type(text: string) {
  const field = focused();
  for (const letter of text) {
    press(letter);
    field.value += letter;
    field.dispatchEvent(new InputEvent("input", { bubbles: true }));
  }
  await settle();
}

const words = (el: HTMLElement) =>
  [...el.querySelectorAll(".inv-chip-field .inv-word > span")].map((one) => one.textContent);
const options = (el: HTMLElement) => [...el.querySelectorAll("[role=option]")].map((one) => one.textContent);

describe("a round by the keyboard", () => {
  it("takes four presses besides typing: guess, word, answer, next", async () => {
    const { el, kernel, find, guess } = await show();
    kernel.replies.set("answer", () => ({ ok: true, saved: true, again: false }));
    expect(focused()).toBe(guess());
    await type("do");
    press("Enter");
    await settle();
    expect(guess().value).toBe("dog");
    expect(focused()).toBe(find(".inv-chip-field input"));
    await type("floppy ears");
    press("Enter");
    await settle();
    expect(words(el)).toEqual(["floppy ears"]);
    press("Enter");
    await settle();
    expect(kernel.sent).toMatchObject([{ kind: "answer", guess: "dog", labels: ["floppy ears"], resigned: false }]);
    kernel.show(resultScreen());
    await settle();
    expect(focused().textContent).toMatch(/^Next/);
    focused().click();
    expect(kernel.kinds()).toEqual(["answer", "next"]);
  });

  it("shows more with PageDown and Alt+Right, from every field, once a press", async () => {
    const { kernel, find } = await show();
    expect(press("PageDown")).toBe(true);
    press("PageDown", { repeat: true });
    await settle();
    find(".inv-chip-field input").focus();
    expect(press("ArrowRight", { altKey: true })).toBe(true);
    await settle();
    expect(kernel.kinds()).toEqual(["show", "show"]);
  });

  it("says what is missing, goes there, and sends nothing", async () => {
    const { kernel, find, button, guess } = await show();
    button("Answer").click();
    await settle();
    expect(find(".inv-missing").textContent).toMatch(/Choose what it is/);
    expect(focused()).toBe(guess());
    await type("dog");
    press("Enter");
    await settle();
    press("Enter");
    await settle();
    expect(find(".inv-missing").textContent).toMatch(/at least one thing/);
    await type("ears");
    button("Answer").click();
    await settle();
    expect(kernel.sent).toMatchObject([{ kind: "answer", labels: ["ears"] }]);
  });

  it("leaves Enter and comma to an input method that composes a word", async () => {
    const { el, guess } = await show({}, { categories: ["犬", "猫"] });
    guess().value = "犬";
    guess().dispatchEvent(new InputEvent("input", { bubbles: true, isComposing: true }));
    await settle();
    expect(press("Enter", { isComposing: true })).toBe(false);
    await settle();
    expect(guess().closest("[data-chosen]")?.getAttribute("data-chosen")).toBe("false");
    press("Enter");
    await settle();
    const field = focused();
    field.value = "みみ、";
    field.dispatchEvent(new InputEvent("input", { bubbles: true, isComposing: true }));
    await settle();
    press("Enter", { isComposing: true });
    await settle();
    expect(words(el)).toEqual([]);
    field.dispatchEvent(new CompositionEvent("compositionend", { bubbles: true }));
    await settle();
    expect(words(el)).toEqual(["みみ"]);
  });
});

describe("the guess", () => {
  it("stands there as chips for few classes, chosen by number, arrows or click", async () => {
    const { el, find, guess } = await show();
    expect(options(el)).toEqual(["1cat", "2dog", "3horse"]);
    press("3");
    await settle();
    expect(guess().value).toBe("horse");
    guess().focus();
    press("ArrowRight");
    await settle();
    expect(guess().getAttribute("aria-activedescendant")).toBe(find("[data-active=true]").id);
    press("Enter");
    await settle();
    expect(guess().value).toBe("cat");
    el.querySelectorAll<HTMLElement>("[role=option]")[1]?.click();
    await settle();
    expect(guess().value).toBe("dog");
    expect(find("[aria-selected=true]").textContent).toBe("2dog");
  });

  it("lists at most 50 of many, the best first, and says how many more there are", async () => {
    const categories = Array.from({ length: 1000 }, (_, i) => `thing ${i}`);
    const { el, find, guess } = await show({}, { categories });
    expect(guess().getAttribute("aria-expanded")).toBe("false");
    await type("thing 9");
    expect(guess().getAttribute("aria-expanded")).toBe("true");
    expect(options(el).length).toBe(50);
    expect(options(el)[0]).toBe("thing 9");
    expect(find(".inv-dropdown .inv-hint").textContent).toMatch(/61 more/);
    press("ArrowDown");
    await settle();
    press("Enter");
    await settle();
    expect(guess().value).toBe("thing 90");
    expect(guess().getAttribute("aria-expanded")).toBe("false");
  });

  it("offers the choices of a round where there are any", async () => {
    const { el } = await show({ choices: ["cat", "horse"] });
    expect(options(el)).toEqual(["1cat", "2horse"]);
  });

  it("is given up by typing something else, says so when nothing fits, and Escape loses nothing", async () => {
    const { kernel, find, guess } = await show();
    await type("dog");
    press("Enter");
    await settle();
    guess().focus();
    guess().value = "do";
    guess().dispatchEvent(new InputEvent("input", { bubbles: true }));
    await settle();
    expect(find("[data-chosen]").dataset.chosen).toBe("false");
    press("Escape");
    await settle();
    expect(guess().value).toBe("do");
    guess().value = "xyz";
    guess().dispatchEvent(new InputEvent("input", { bubbles: true }));
    await settle();
    expect(find(".inv-no-match").textContent).toMatch(/xyz/);
    press("Enter");
    await settle();
    expect(kernel.sent).toEqual([]);
  });
});

describe("the words", () => {
  it("are added by Enter and comma, removed by Backspace and click, and brought back by undo", async () => {
    const { el, find } = await show();
    find(".inv-chip-field input").focus();
    await type("ears,");
    await type("long nose");
    press("Enter");
    await settle();
    expect(words(el)).toEqual(["ears", "long nose"]);
    press("Backspace");
    await settle();
    expect(words(el)).toEqual(["ears"]);
    expect(press("z", { ctrlKey: true })).toBe(true);
    await settle();
    expect(words(el)).toEqual(["ears", "long nose"]);
    find(".inv-word button").click();
    await settle();
    expect(words(el)).toEqual(["long nose"]);
    expect(focused()).toBe(find(".inv-chip-field input"));
    press("z", { metaKey: true });
    press("z", { ctrlKey: true });
    await settle();
    expect(words(el)).toEqual(["ears"]);
    press("Z", { ctrlKey: true, shiftKey: true });
    await settle();
    expect(words(el)).toEqual(["ears", "long nose"]);
  });

  it("leave undo to the field while something is typed", async () => {
    const { el, find } = await show();
    find(".inv-chip-field input").focus();
    await type("ears,");
    await type("no");
    expect(press("z", { ctrlKey: true })).toBe(false);
    press("Backspace");
    await settle();
    expect(words(el)).toEqual(["ears"]);
  });

  it("are text, never markup", async () => {
    const { el, kernel, find } = await show();
    find(".inv-chip-field input").focus();
    await type("<img src=x onerror=alert(1)>,");
    expect(words(el)).toEqual(["<img src=x onerror=alert(1)>"]);
    const others = [{ text: "<b>bold</b>", players: 1 }];
    kernel.show(resultScreen({ others, labels: ["<i>x</i>"], truth: "<u>dog</u>" }));
    await settle();
    expect(el.querySelectorAll(".inv-panel :is(i, u, img)").length).toBe(0);
    expect(el.textContent).toContain("<b>bold</b>");
  });

  it("come back after a reload, with the guess", async () => {
    const first = await show();
    await type("dog");
    press("Enter");
    await settle();
    await type("ears,");
    await type("no");
    undo.splice(0).forEach((step) => {
      step();
    });
    first.el.remove();
    const { el, find, guess } = await show();
    expect([guess().value, words(el), find<HTMLInputElement>(".inv-chip-field input").value]).toEqual([
      "dog",
      ["ears"],
      "no",
    ]);
  });
});

describe("giving up, skipping, pausing", () => {
  it("can be undone, with words still added", async () => {
    const { el, kernel, find, button } = await show();
    button("Give up").click();
    await settle();
    expect(el.textContent).toContain("You are giving up.");
    expect(focused()).toBe(find(".inv-chip-field input"));
    await type("something round");
    press("Enter");
    await settle();
    button("Go on guessing").click();
    await settle();
    expect(el.querySelector("[role=combobox]")).not.toBeNull();
    button("Give up").click();
    await settle();
    press("Enter");
    await settle();
    expect(kernel.sent).toMatchObject([{ kind: "answer", guess: null, resigned: true, labels: ["something round"] }]);
  });

  it("hides the picture while paused", async () => {
    const { el, kernel, find, button } = await show();
    expect(el.querySelectorAll(".inv-picture img").length).toBe(1);
    button("Pause").click();
    const { image: _, ...rest } = roundScreen({ paused: true });
    kernel.show(rest as RoundScreen);
    await settle();
    expect(el.querySelectorAll(".inv-picture img").length).toBe(0);
    expect(focused().textContent).toBe("Go on");
    expect(find<HTMLInputElement>("[role=combobox]").readOnly).toBe(true);
    focused().click();
    kernel.show(roundScreen());
    await settle();
    expect(kernel.kinds()).toEqual(["pause", "resume"]);
    expect(el.querySelectorAll(".inv-picture img").length).toBe(1);
  });
});

describe("what is shown", () => {
  it("tells nothing about the picture before the result, and tells it then", async () => {
    const { el, kernel, find } = await show();
    expect(find(".inv-picture").getAttribute("aria-label")).toBe("Masked picture, 2\u00a0% shown");
    expect(find<HTMLImageElement>(".inv-picture img").alt).toBe("");
    expect(find(".inv-said").textContent).toBe("1 of 10. Step 1 of 6, 2\u00a0% of the picture is shown");
    kernel.show(roundScreen({ step: 1 }));
    await settle();
    expect(find(".inv-said").textContent).toContain("Step 2 of 6, 4.5\u00a0%");
    kernel.show(resultScreen());
    await settle();
    expect(find(".inv-said").textContent).toBe("Right! It was: dog. 7 points. Saved");
    expect(el.textContent).toContain("rex.jpg");
    expect(el.textContent).toContain("What others saw");
  });

  it("shows that an answer is not saved, and why, until it is", async () => {
    const { el, kernel, button } = await show();
    kernel.replies.set("answer", () => ({ error: "full", code: "store-full", retry: true }));
    await type("dog");
    press("Enter");
    await settle();
    await type("ears");
    press("Enter");
    await settle();
    press("Enter");
    await settle();
    expect(el.textContent).toContain("Not saved yet.");
    expect(el.textContent).toContain("The disk is full");
    expect(el.textContent).not.toMatch(/Saved(?! yet)/);
    kernel.replies.set("answer", () => ({ ok: true, saved: true, again: false }));
    button("Send now").click();
    await settle();
    expect(el.textContent).not.toContain("Not saved yet.");
    expect(el.textContent).toContain("Saved");
  });

  it("corrects words after the result, and takes a round back", async () => {
    const { el, kernel, button } = await show();
    kernel.show(resultScreen());
    await settle();
    button("Edit").click();
    await settle();
    await type("nose");
    press("Enter");
    await settle();
    press("Enter");
    await settle();
    expect(kernel.sent).toMatchObject([
      { kind: "correct", round: "r1", labels: ["floppy ears", "nose"], language: "en" },
    ]);
    expect(el.querySelector(".inv-chip-field")).toBeNull();
    button("Withdraw").click();
    await settle();
    kernel.show(resultScreen({ withdrawn: true }));
    await settle();
    button("Count it again").click();
    expect(kernel.sent.slice(1)).toMatchObject([
      { kind: "withdraw", withdrawn: true },
      { kind: "withdraw", withdrawn: false },
    ]);
  });

  it("keeps answering and leaving apart when Enter is held", async () => {
    const { kernel } = await show();
    kernel.show(resultScreen());
    await settle();
    expect(press("Enter", { repeat: true })).toBe(true);
    expect(press("Enter")).toBe(false);
  });

  it("speaks Italian at once when State says so", async () => {
    const { el, state, guess } = await show();
    await type("do");
    state.set("language", "it");
    await settle();
    expect(el.textContent).toContain("Che cosa vedi?");
    expect(guess().value).toBe("do");
  });

  it.each(["round", "result"])(
    "has a name and the mark for JupyterLab on every focusable element: %s",
    async (kind) => {
      const { el, kernel, button } = await show({ left_ms: 9_000 }, { seconds: 30, information: "Hello" });
      if (kind === "result") kernel.show(resultScreen());
      await settle();
      const focusable = [...el.querySelectorAll<HTMLElement>("button, input, select, [tabindex]")];
      expect(focusable.length).toBeGreaterThan(8);
      expect(focusable.filter((one) => !one.hasAttribute("data-lm-suppress-shortcuts"))).toEqual([]);
      const named = (one: HTMLElement) =>
        one.getAttribute("aria-label") ||
        one.textContent?.trim() ||
        el.querySelector(`label[for="${one.id}"]`)?.textContent;
      expect(focusable.filter((one) => !named(one))).toEqual([]);
      expect(button("Leaderboard")).toBeDefined();
    },
  );

  it("lets no key out but the host's own chords, and keeps undo", async () => {
    const { guess, find } = await show();
    const heard: string[] = [];
    const listen = (event: Event) => heard.push((event as KeyboardEvent).key);
    document.addEventListener("keydown", listen);
    undo.push(() => document.removeEventListener("keydown", listen));
    for (const key of ["a", "d", "Enter", "Escape", ",", "ArrowDown", "PageDown", "Backspace"]) press(key);
    press("Enter", { shiftKey: true });
    press("Enter", { ctrlKey: true });
    press("z", { ctrlKey: true });
    find(".inv-show-more").focus();
    press("z", { ctrlKey: true });
    press("d");
    press("s", { ctrlKey: true });
    guess().focus();
    expect(heard).toEqual(["s"]);
  });

  it("does not take the focus from elsewhere on the page", async () => {
    const other = document.createElement("input");
    document.body.append(other);
    other.focus();
    const { kernel } = await show();
    expect(focused()).toBe(other);
    kernel.show(resultScreen());
    await settle();
    expect(focused()).toBe(other);
  });

  it("frees its pictures, the last two when it goes", async () => {
    let made = 0;
    vi.mocked(URL.createObjectURL).mockImplementation(() => `blob:${++made}`);
    const { el, kernel } = await show();
    for (const step of [1, 2]) {
      kernel.show(roundScreen({ step, image: new Uint8Array([step]) }));
      await settle();
    }
    const freed = () =>
      vi
        .mocked(URL.revokeObjectURL)
        .mock.calls.map(([url]) => url)
        .filter((url) => url !== "blob:test");
    expect([...el.querySelectorAll<HTMLImageElement>(".inv-picture img")].map(({ src }) => src)).toEqual([
      "blob:2",
      "blob:3",
    ]);
    expect(freed()).toEqual(["blob:1"]);
    for (const step of undo.splice(0)) step();
    await settle();
    expect(freed()).toEqual(["blob:1", "blob:2", "blob:3"]);
  });
});
