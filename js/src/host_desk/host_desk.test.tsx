import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type Callback, LocalModel } from "../core/model";
import type { Desk, Player } from "./desk_data";
import front from "./index";
import { qrPath } from "./invite";

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

  /** Answer the last question of a kind. */
  answer(kind: string, content: Record<string, unknown> = { ok: true }, buffers: DataView[] = []): void {
    const id = this.sent.filter((message) => message.kind === kind).at(-1)?.id;
    for (const listener of this.#listeners) listener({ id, ...content }, buffers);
  }

  kinds(): unknown[] {
    return this.sent.map(({ kind }) => kind);
  }
}

const desk: Partial<Desk> = {
  turn: 1,
  title: "What does it look at?",
  status: "running",
  link: "http://192.168.0.7:8765/",
  qr: [
    [1, 1, 0],
    [0, 1, 0],
    [1, 0, 1],
  ],
  n_players: 2,
  n_active: 1,
  n_rounds: 5,
  won: 3,
  lost: 1,
  resigned: 1,
  n_maps: 8,
  n_played: 4,
  coverage: {
    pictures: ["church.jpg", "secret-dog.jpg"],
    numbers: [1, 2],
    n_pictures: 2,
    layers: ["block 3, layer 1", "block 3, layer 2"],
    cells: [
      [{ maps: 2, played: 2, rounds: 4 }, null],
      [
        { maps: 2, played: 1, rounds: 1 },
        { maps: 1, played: 0, rounds: 0 },
      ],
    ],
  },
  agreement: { guess_right: 0.75, same_guess: 0.5, shared_label: null, pairs: 0 },
  leaderboard: [{ nickname: "<b>fox</b>", points: 40, rounds: 3, wins: 2 }],
  players: [
    { nickname: "<b>fox</b>", rounds: 3, last_seen: new Date().toISOString() },
    { nickname: "otter", rounds: 2, last_seen: "2020-01-01T00:00:00Z", id: "p-2" },
  ],
};

const undo: (() => void)[] = [];
beforeEach(() => {
  vi.stubGlobal(
    "IntersectionObserver",
    class {
      observe() {}
      disconnect() {}
    },
  );
});
afterEach(() => {
  vi.useRealTimers();
  for (const step of undo.splice(0)) step();
  document.body.replaceChildren();
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

const settle = async () => {
  for (let turn = 0; turn < 6; turn++) await new Promise((resolve) => setTimeout(resolve, 5));
};

async function show(values: Partial<Desk> = {}, language = "en") {
  const model = new Kernel({ _desk: { ...desk, ...values }, language, height: 680 });
  const el = document.createElement("div");
  document.body.append(el);
  const dispose = await front().render({ model, el });
  undo.push(dispose);
  await settle();
  return { el, model, dispose };
}

const button = (el: HTMLElement, words: string) =>
  [...el.querySelectorAll("button")].find(
    (candidate) => candidate.textContent === words || candidate.getAttribute("aria-label") === words,
  );

describe("the host's desk", () => {
  it("shows the numbers, in the host's language", async () => {
    const { el } = await show({ n_rounds: 12345 }, "it");
    expect(el.querySelector(".inv-big")?.textContent).toContain("12.345");
    expect(el.querySelector(".inv-status")?.textContent).toBe("In corso");
    expect(el.querySelector("[role=progressbar]")?.getAttribute("aria-valuetext")).toBe(
      "4 parti su 8 giocate almeno una volta",
    );
    expect(el.querySelector(".inv-big")?.textContent).toContain("75\u00a0%3 di 4 risposte");
    expect(el.querySelector(".inv-agreement")?.textContent).toContain("La stessa risposta50\u00a0%");
    expect(el.querySelector(".inv-agreement")?.textContent).toContain("Servono due giocatori");
  });

  it("names no picture until the host asks for names: they would give answers away", async () => {
    const { el } = await show();
    expect(el.outerHTML).not.toContain("secret-dog");
    expect(el.outerHTML).not.toContain("church");
    el.querySelector<HTMLInputElement>(".inv-toggle input")?.click();
    await settle();
    expect([...el.querySelectorAll("tbody th")].map((cell) => cell.textContent)).toEqual([
      "church.jpg",
      "secret-dog.jpg",
    ]);
    el.querySelector<HTMLInputElement>(".inv-toggle input")?.click();
    await settle();
    expect(el.outerHTML).not.toContain("secret-dog");
  });

  it("has the coverage as a table with words, coloured by rounds a part", async () => {
    const { el } = await show();
    const cells = [...el.querySelectorAll("td")];
    expect(cells.map((cell) => cell.textContent)).toEqual([
      "4 rounds; 2 of 2 parts played",
      "no part",
      "1 round; 1 of 2 parts played",
      "0 rounds; 0 of 1 part played",
    ]);
    expect(el.querySelector("caption")?.textContent).toContain("layer");
    expect([...el.querySelectorAll("thead th")].map((cell) => cell.getAttribute("scope"))).toEqual(
      Array(3).fill("col"),
    );
    const colours = cells.map((cell) => cell.querySelector<HTMLElement>(".inv-cell")?.style.backgroundColor);
    expect(colours[0]).not.toBe("");
    expect(colours[0]).not.toBe(colours[2]);
    expect(colours[3]).toBe("");
  });

  it("pauses and goes on at once, and asks before it ends the game", async () => {
    const { el, model } = await show();
    button(el, "Pause")?.focus();
    button(el, "Pause")?.click();
    await settle();
    expect(model.sent.at(-1)).toMatchObject({ kind: "status", status: "paused" });
    const sent = model.sent.length;
    button(el, "Pause")?.click();
    button(el, "End …")?.click();
    await settle();
    expect(model.sent).toHaveLength(sent);
    expect(el.querySelector("[role=alertdialog]")).toBeNull();
    // Disabled in words only: it keeps the focus, and goes on under it.
    expect(button(el, "Pause")?.getAttribute("aria-disabled")).toBe("true");
    expect(document.activeElement?.textContent).toBe("Pause");
    model.answer("status");
    model.set("_desk", { ...desk, turn: 2, status: "paused" });
    await settle();
    expect(document.activeElement?.textContent).toBe("Resume");
    expect(button(el, "Resume")?.hasAttribute("aria-disabled")).toBe(false);
    button(el, "Resume")?.click();
    await settle();
    expect(model.sent.at(-1)).toMatchObject({ kind: "status", status: "running" });
    model.answer("status");
    await settle();

    const asked = model.sent.length;
    button(el, "End …")?.click();
    await settle();
    expect(model.sent).toHaveLength(asked);
    expect(document.activeElement?.textContent).toBe("Cancel");
    document.activeElement?.dispatchEvent(new KeyboardEvent("keydown", { key: "Escape", bubbles: true }));
    await settle();
    expect(el.querySelector("[role=alertdialog]")).toBeNull();
    expect(document.activeElement?.textContent).toBe("End …");
    button(el, "End …")?.click();
    await settle();
    button(el, "End the game")?.click();
    expect(model.sent.at(-1)).toMatchObject({ kind: "status", status: "ended" });
    model.answer("status");
    model.set("_desk", { ...desk, turn: 3, status: "ended" });
    await settle();
    expect(button(el, "End …")).toBeUndefined();
    expect(document.activeElement?.textContent).toBe("Open again");
  });

  it("offers the rounds as a file, byte for byte", async () => {
    const { el, model } = await show();
    let blob: Blob | undefined;
    URL.createObjectURL = (given) => {
      blob = given as Blob;
      return "blob:rounds";
    };
    let name = "";
    vi.spyOn(HTMLAnchorElement.prototype, "click").mockImplementation(function (this: HTMLAnchorElement) {
      name = `${this.download} ${this.href}`;
    });
    button(el, "Parquet")?.focus();
    button(el, "Parquet")?.click();
    await settle();
    expect(model.sent.at(-1)).toMatchObject({ kind: "export", format: "parquet" });
    expect(document.activeElement).toBe(button(el, "Parquet"));
    expect(button(el, "Parquet")?.getAttribute("aria-disabled")).toBe("true");
    const whole = new Uint8Array([9, 80, 65, 82, 49, 9]);
    model.answer("export", { ok: true, name: "rounds.parquet", type: "application/x" }, [
      new DataView(whole.buffer, 1, 4),
    ]);
    await settle();
    expect(name).toBe("rounds.parquet blob:rounds");
    expect([...new Uint8Array((await blob?.arrayBuffer()) ?? new ArrayBuffer(0))]).toEqual([80, 65, 82, 49]);
    expect(blob?.type).toBe("application/x");
    expect(el.textContent).toContain("rounds.parquet is downloaded.");
    expect(document.querySelector("body > a")).toBeNull();
  });

  it("deletes a player's data after a question, and says what went wrong", async () => {
    const { el, model } = await show();
    button(el, "Delete the data of otter")?.click();
    await settle();
    expect(model.kinds()).not.toContain("forget");
    expect(el.querySelector("[role=alertdialog]")?.textContent).toContain("otter");
    button(el, "Delete the data")?.click();
    await settle();
    expect(model.sent.at(-1)).toMatchObject({ kind: "forget", player: "p-2" });
    model.answer("forget", { error: "[inv-widgets] The disk is full.", code: "store-full", retry: true });
    await settle();
    expect(el.querySelector("[role=alert]")?.textContent).toContain("make room");
    expect(el.querySelector("[role=alertdialog]")).not.toBeNull();
    button(el, "Delete the data")?.click();
    await settle();
    model.answer("forget");
    await settle();
    expect(el.querySelector("[role=alert]")).toBeNull();
    expect(el.querySelector("[role=alertdialog]")).toBeNull();
  });

  it("keeps the focus at hand when a player is deleted: the next one's button, the heading, the desk's title", async () => {
    const [fox, otter] = desk.players as [Player, Player];
    const { el, model } = await show({ players: [fox, otter, { ...fox, nickname: "bee" }] });
    const forget = async (name: string, rest: Partial<Desk>, turn: number) => {
      button(el, `Delete the data of ${name}`)?.click();
      await settle();
      button(el, "Delete the data")?.focus();
      button(el, "Delete the data")?.click();
      await settle();
      // As the kernel sends them: the numbers, then the answer.
      model.set("_desk", { ...desk, ...rest, turn });
      model.answer("forget");
      await settle();
      await new Promise((resolve) => requestAnimationFrame(resolve));
    };
    await forget("otter", { players: [fox, { ...fox, nickname: "bee" }] }, 2);
    expect(document.activeElement).toBe(button(el, "Delete the data of bee"));
    await forget("bee", { players: [fox] }, 3);
    expect(document.activeElement).toBe(button(el, "Delete the data of <b>fox</b>"));
    await forget("<b>fox</b>", { players: [] }, 4);
    expect(document.activeElement?.textContent).toBe("Players");
    model.set("_desk", { ...desk, players: [otter], turn: 5 });
    await settle();
    await forget("otter", { players: [], n_players: 0, n_rounds: 0 }, 6);
    expect(el.querySelector(".inv-invitation")).not.toBeNull();
    expect(document.activeElement).toBe(el.querySelector("h2"));
  });

  it("says that there is no kernel, as in a notebook that was saved", async () => {
    const model = new Kernel({ _desk: desk, layout: { model_id: "l" } });
    const manager = { get_model: async (id: string) => ({ comm_live: id !== "l" }) };
    Object.defineProperty(model, "widget_manager", { value: manager });
    const el = document.createElement("div");
    document.body.append(el);
    undo.push(await front().render({ model, el }));
    await settle();
    expect(el.querySelector(".inv-banner")?.textContent).toContain("kernel is gone");
  });

  it("shows nicknames as text, and the link as one only where it is a page", async () => {
    const { el, model } = await show();
    expect(el.querySelector("bdi b")).toBeNull();
    expect(el.querySelector(".inv-ranks bdi")?.textContent).toBe("<b>fox</b>");
    expect(el.querySelector<HTMLAnchorElement>(".inv-play-link a")?.getAttribute("href")).toBe(desk.link);
    model.set("_desk", { ...desk, turn: 2, link: "javascript:alert(1)" });
    await settle();
    expect(el.querySelector(".inv-play-link a")).toBeNull();
  });

  it("invites while nobody is there, and shows the code large for those who come late", async () => {
    const { el, model } = await show({ n_players: 0, n_rounds: 0 });
    expect(el.querySelector(".inv-invitation svg")?.getAttribute("aria-label")).toContain("QR");
    expect(el.querySelector(".inv-numbers")).toBeNull();
    model.set("_desk", { ...desk, turn: 2 });
    await settle();
    expect(el.querySelector(".inv-invitation")).toBeNull();
    const opener = el.querySelector<HTMLElement>(".inv-qr-button");
    opener?.click();
    await settle();
    const dialog = el.querySelector("[role=dialog]");
    expect(dialog?.contains(document.activeElement)).toBe(true);
    document.activeElement?.dispatchEvent(new KeyboardEvent("keydown", { key: "Escape", bubbles: true }));
    await settle();
    expect(el.querySelector("[role=dialog]")).toBeNull();
    expect(document.activeElement).toBe(opener);
  });

  it("draws each dark module of the code once", () => {
    expect(qrPath(desk.qr ?? [])).toBe("M4 4h2v1h-2zM5 5h1v1h-1zM4 6h1v1h-1zM6 6h1v1h-1z");
  });

  it("asks for fresh numbers every three seconds, one question at a time, and stops when it is closed", async () => {
    vi.useFakeTimers();
    const model = new Kernel({ _desk: desk });
    const el = document.createElement("div");
    document.body.append(el);
    const dispose = await front().render({ model, el });
    await vi.advanceTimersByTimeAsync(50);
    expect(model.kinds()).toEqual(["refresh"]);
    await vi.advanceTimersByTimeAsync(7_000);
    expect(model.kinds()).toEqual(["refresh"]);
    model.answer("refresh");
    await vi.advanceTimersByTimeAsync(3_000);
    expect(model.kinds()).toEqual(["refresh", "refresh"]);
    model.answer("refresh");
    dispose();
    await vi.advanceTimersByTimeAsync(20_000);
    expect(model.kinds()).toHaveLength(2);
    expect(model.listeners).toBe(0);
    expect(el.childElementCount).toBe(0);
  });

  it("does not go back to numbers that were overtaken", async () => {
    const { el, model } = await show({ turn: 5, n_rounds: 50 });
    model.set("_desk", { ...desk, turn: 4, n_rounds: 40 });
    await settle();
    expect(el.querySelector(".inv-big")?.textContent).toContain("50");
  });

  it("says what is wrong with the store, and what helps", async () => {
    const { el, model } = await show({ trouble: { code: "store-newer", message: "[inv-widgets] x" } });
    expect(el.querySelector("[role=alert]")?.textContent).toContain("update inv-widgets");
    model.set("_desk", { ...desk, turn: 2, trouble: { code: "unknown", message: "[inv-widgets] Two of that name." } });
    await settle();
    expect(el.querySelector("[role=alert]")?.textContent).toContain("Two of that name.");
  });

  it("marks every focusable element for JupyterLab", async () => {
    const { el } = await show({ status: "paused" });
    button(el, "End …")?.click();
    await settle();
    const focusable = [...el.querySelectorAll("a, button, input, select, [tabindex]")];
    expect(focusable.length).toBeGreaterThan(12);
    expect(focusable.filter((element) => !element.hasAttribute("data-lm-suppress-shortcuts"))).toEqual([]);
  });
});
