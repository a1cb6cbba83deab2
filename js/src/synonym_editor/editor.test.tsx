import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type Callback, LocalModel } from "../core/model";
import front from "./index";

class Kernel extends LocalModel {
  readonly sent: Record<string, unknown>[] = [];
  readonly #listeners = new Set<Callback>();

  override on(event: string, callback: Callback): void {
    if (event === "msg:custom") this.#listeners.add(callback);
    else super.on(event, callback);
  }

  override off(event?: string | null, callback?: Callback | null): void {
    if (event === "msg:custom" && callback) this.#listeners.delete(callback);
    else super.off(event, callback);
  }

  override send(content: unknown): void {
    this.sent.push(content as Record<string, unknown>);
  }

  get listeners(): number {
    return this.#listeners.size;
  }

  /** Answer whatever was asked. */
  async answerAll(): Promise<void> {
    for (const { id } of this.sent) for (const listener of [...this.#listeners]) listener({ id, ok: true }, []);
    await soon();
  }

  async answer(content: Record<string, unknown> = { ok: true }): Promise<void> {
    const id = this.sent.at(-1)?.id;
    for (const listener of [...this.#listeners]) listener({ id, ...content }, []);
    await soon();
  }
}

const soon = () => new Promise((resolve) => setTimeout(resolve, 5));
const markup = "<img src=x onerror=alert(1)>";
const words = (turn: number, more: Record<string, unknown> = {}) => ({
  turn,
  withheld: false,
  groups: [
    [
      "pillar",
      [
        ["pillar", 3, ""],
        ["column", 12, "table"],
        ["post", 1, "you"],
      ],
    ],
    [
      "fur",
      [
        ["fur", 7, ""],
        ["pelt", 2, "WordNet"],
      ],
    ],
    ["window", [["window", 8, ""]]],
    ["بحر", [["بحر", 2, ""]]],
    [markup, [[markup, 1, ""]]],
  ],
  changed: ["post"],
  undo: true,
  redo: false,
  ...more,
});
const file = (state: string, message = "") => ({ path: "/home/ada/synonyms.csv", state, message });

let kernel: Kernel;
let el: HTMLElement;
let close: () => void;

async function open(values: Record<string, unknown> = {}, language = "en") {
  kernel = new Kernel({ _words: words(1), _file: file("unsaved"), state: "anywidget:state", ...values });
  el = document.createElement("div");
  document.body.append(el);
  const host = { getModel: async () => new LocalModel({ language }) };
  close = await front().render({ model: kernel, el, host });
  await soon();
}

const named = (name: string) => el.querySelector<HTMLElement>(`[data-word="${CSS.escape(name)}"]`);
const groupNamed = (name: string) => el.querySelector<HTMLElement>(`[data-group="${CSS.escape(name)}"]`);
const button = (text: string) =>
  [...el.querySelectorAll<HTMLButtonElement>("button")].find(
    (one) => one.textContent?.trim() === text || one.getAttribute("aria-label") === text,
  );
const inGroup = (name: string) =>
  [...(el.querySelector(`[data-name="${CSS.escape(name)}"]`)?.querySelectorAll("[data-word]") ?? [])].map(
    (one) => (one as HTMLElement).dataset.word,
  );
const told = () => [...el.querySelectorAll('[role="status"]')].map((one) => one.textContent).join(" | ");
const last = () => {
  const { id: _, ...content } = kernel.sent.at(-1) ?? {};
  return content;
};
async function press(key: string, on: Element | null = document.activeElement, more: KeyboardEventInit = {}) {
  on?.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true, composed: true, ...more }));
  await soon();
}
async function click(element: HTMLElement | null | undefined) {
  element?.click();
  await soon();
}

beforeEach(() => {
  Element.prototype.scrollIntoView = vi.fn();
});
afterEach(() => {
  close();
  el.remove();
});

describe("what it shows", () => {
  it("groups with their words and counts, then words by themselves; markup as text", async () => {
    await open();
    expect(inGroup("pillar")).toEqual(["pillar", "column", "post"]);
    expect(named("column")?.textContent).toBe("column12");
    expect(named("column")?.getAttribute("aria-label")).toBe("column, said 12 times, by the shipped table");
    expect(named("post")?.getAttribute("aria-label")).toBe("post, said 1 time, put here by hand, not saved yet");
    expect(el.querySelector(".inv-alone")?.querySelectorAll("[data-word]").length).toBe(3);
    expect(el.querySelector("img")).toBeNull();
    expect(named(markup)?.textContent).toContain(markup);
    expect(el.textContent).toContain("1 change not saved");
  });

  it("every element that takes the focus is guarded, and one word is a stop of the Tab key", async () => {
    await open();
    for (const element of el.querySelectorAll("button, input")) {
      expect(element.hasAttribute("data-lm-suppress-shortcuts"), element.outerHTML).toBe(true);
    }
    const stops = [...el.querySelectorAll<HTMLElement>("[data-word], [data-group]")].filter(
      (one) => one.tabIndex === 0,
    );
    expect(stops.map(({ dataset }) => dataset.group)).toEqual(["pillar"]);
  });

  it("nothing, or what is withheld, with words that say what to do", async () => {
    await open({ _words: { turn: 1, groups: [] } });
    expect(el.textContent).toContain("What people say in the game appears here.");
    kernel.set("_words", words(2));
    await soon();
    await click(named("column"));
    kernel.set("_words", { turn: 3, withheld: true, groups: [] });
    await soon();
    expect(el.textContent).toContain("Play to reveal");
    expect(el.textContent).not.toContain("column");
  });

  it("in Italian", async () => {
    await open({}, "it");
    expect(el.textContent).toContain("Parole da sole");
    expect(el.textContent).toContain("1 modifica non salvata");
  });

  it("finds words, and only part of thousands at once", async () => {
    const many = Array.from({ length: 5000 }, (_, i) => [`word${i}`, [[`word${i}`, 1, ""]]]);
    await open({ _words: words(1, { groups: many }) });
    expect(el.querySelectorAll("[data-word]").length).toBe(160);
    await click(button("Show 4,840 more"));
    expect(el.querySelectorAll("[data-word]").length).toBe(320);
    const search = el.querySelector<HTMLInputElement>('input[type="search"]');
    if (search) search.value = "word4999";
    search?.dispatchEvent(new Event("input", { bubbles: true }));
    await soon();
    expect([...el.querySelectorAll<HTMLElement>("[data-word]")].map(({ dataset }) => dataset.word)).toEqual([
      "word4999",
    ]);
  });
});

describe("keys", () => {
  it("pick a word up with Space, choose with arrows or a letter, drop it; the focus stays with it", async () => {
    await open();
    named("column")?.focus();
    await press(" ");
    expect(named("column")?.dataset.held).toBe("true");
    expect(told()).toContain("column picked up");
    await press("ArrowDown");
    expect(told()).toContain("fur, 1 of 5");
    await press("w");
    expect(told()).toContain("window, 2 of 5");
    expect(el.querySelector('[data-name="window"]')?.getAttribute("data-over")).toBe("true");
    await press("Enter");
    expect(last()).toEqual({ kind: "move", word: "column", group: "window" });
    // At once, before the kernel has answered.
    expect(inGroup("window")).toEqual(["window", "column"]);
    expect(document.activeElement).toBe(named("column"));
    kernel.set("_words", words(2));
    await kernel.answer({ ok: true, turn: 2 });
    expect(inGroup("pillar")).toContain("column"); // the kernel decides
    expect(told()).toContain("column now counts as window.");
  });

  it("End leads outside of all groups; Escape leaves it; a group is united with another", async () => {
    await open();
    named("pelt")?.focus();
    await press(" ");
    await press("End");
    expect(told()).toContain("words by themselves");
    await press(" ");
    expect(last()).toEqual({ kind: "split", word: "pelt" });
    const count = kernel.sent.length;
    named("fur")?.focus();
    await press(" ");
    await press("ArrowRight");
    await press("Escape");
    expect(kernel.sent.length).toBe(count);
    expect(told()).toContain("Left where it was.");
    groupNamed("pillar")?.focus();
    await press(" ");
    await press("f");
    await press(" ");
    expect(last()).toEqual({ kind: "unite", group: "pillar", into: "fur" });
  });

  it("arrows go from word to word; Ctrl+Z undoes, but not in a field", async () => {
    await open();
    groupNamed("pillar")?.focus();
    await press("ArrowRight");
    expect(document.activeElement).toBe(named("pillar"));
    await press("End");
    expect(document.activeElement).toBe(named(markup));
    await press("z", document.activeElement, { ctrlKey: true });
    expect(last()).toEqual({ kind: "undo" });
    await press("z", document.activeElement, { ctrlKey: true, shiftKey: true }); // though the answer is on its way
    expect(last()).toEqual({ kind: "redo" });
    await kernel.answerAll();
    const count = kernel.sent.length;
    await press("z", el.querySelector("input"), { ctrlKey: true });
    await press("z", document.activeElement, { ctrlKey: true, shiftKey: true }); // there is nothing to redo
    expect(kernel.sent.length).toBe(count);
  });
});

describe("menus", () => {
  it("move a word where one types", async () => {
    await open();
    await click(named("column"));
    expect(el.querySelector('[role="dialog"]')?.textContent).toContain("said 12 times");
    await click(button("Move to …"));
    const field = el.querySelector<HTMLInputElement>(".inv-menu input");
    expect(document.activeElement).toBe(field);
    if (field) field.value = "fu";
    field?.dispatchEvent(new Event("input", { bubbles: true }));
    await soon();
    await press("Enter", field);
    expect(last()).toEqual({ kind: "move", word: "column", group: "fur" });
    expect(el.querySelector('[role="dialog"]')).toBeNull();
  });

  it("split, name after, rename and unite", async () => {
    await open();
    await click(named("column"));
    await click(button("Name the group after it"));
    expect(last()).toEqual({ kind: "rename", group: "pillar", name: "column" });
    await click(named("pelt"));
    await click(button("Let it stand by itself"));
    expect(last()).toEqual({ kind: "split", word: "pelt" });
    await click(named("window"));
    await click(button("Rename"));
    const field = el.querySelector<HTMLInputElement>(".inv-name-field");
    expect(field?.getAttribute("aria-label")).toBe("New name of window");
    if (field) field.value = " Pane ";
    await press("Enter", field);
    expect(last()).toEqual({ kind: "rename", group: "window", name: "pane" });
  });

  it("Escape closes them and gives the focus back", async () => {
    await open();
    await click(named("column"));
    await press("Escape", el.querySelector(".inv-menu"));
    expect(el.querySelector('[role="dialog"]')).toBeNull();
    expect(document.activeElement).toBe(named("column"));
  });
});

describe("dragging", () => {
  it("moves a word to the group under the pointer, and is no click", async () => {
    await open();
    const target = el.querySelector<HTMLElement>('[data-name="fur"]');
    document.elementFromPoint = () => target;
    const fire = (type: string, x: number, on: EventTarget = window) =>
      on.dispatchEvent(
        new PointerEvent(type, {
          bubbles: true,
          clientX: x,
          clientY: 9,
          button: 0,
          pointerId: 1,
          pointerType: "mouse",
        }),
      );
    const word = named("column");
    fire("pointerdown", 0, word as HTMLElement);
    fire("pointermove", 3);
    await soon();
    expect(word?.dataset.held).toBe("false");
    fire("pointermove", 40);
    await soon();
    expect(word?.dataset.held).toBe("true");
    expect(target?.dataset.over).toBe("true");
    expect(el.querySelector<HTMLElement>(".inv-ghost")?.hidden).toBe(false);
    fire("pointerup", 40);
    word?.click();
    await soon();
    expect(last()).toEqual({ kind: "move", word: "column", group: "fur" });
    expect(el.querySelector('[role="dialog"]')).toBeNull();
    expect(el.querySelector<HTMLElement>(".inv-ghost")?.hidden).toBe(true);
  });
});

describe("the file", () => {
  it("is called saved only when the kernel has written it", async () => {
    await open();
    button("Save")?.focus();
    await click(button("Save"));
    expect(last()).toEqual({ kind: "save" });
    expect(told()).toContain("Saving …");
    const sent = kernel.sent.length;
    await click(button("Save"));
    expect([kernel.sent.length, document.activeElement]).toEqual([sent, button("Save")]);
    kernel.set("_file", file("failed", "[inv-widgets] No space left"));
    await kernel.answer({ error: "No space left", code: "refused" });
    expect(el.querySelector('[role="alert"]')?.textContent).toContain("No space left");
    expect(told()).not.toContain("Saved");
    await click(button("Save"));
    kernel.set("_file", file("saved"));
    kernel.set("_words", words(2, { changed: [] }));
    await kernel.answer();
    expect(told()).toContain("Saved");
    expect(button("Save")?.getAttribute("aria-disabled")).toBe("true");
    kernel.set("_file", file("unsaved"));
    await soon();
    expect(el.querySelector(".inv-file")?.textContent).not.toContain("Saved");
  });

  it.each([
    ["Put both together", "both"],
    ["Keep mine", "mine"],
    ["Take theirs", "theirs"],
  ])("was changed by somebody else: %s", async (text, how) => {
    await open({ _file: file("conflict") });
    expect(el.querySelector('[role="alert"]')?.textContent).toContain("was changed by somebody else");
    await click(button(text));
    expect(last()).toEqual({ kind: "resolve", how });
  });

  it("what the kernel refuses is told, and taken back", async () => {
    await open();
    await click(named("pelt"));
    await click(button("Let it stand by itself"));
    expect(inGroup("fur")).toEqual(["fur"]);
    await kernel.answer({ error: "[inv-widgets] There is no group", code: "gone" });
    expect(inGroup("fur")).toEqual(["fur", "pelt"]);
    expect(el.querySelector('[role="alert"]')?.textContent).toContain("changed meanwhile");
  });
});

it("leaves nothing behind", async () => {
  await open();
  close();
  expect(kernel.listeners).toBe(0);
  expect(el.childElementCount).toBe(0);
});
