import { describe, expect, it, vi } from "vitest";
import { LocalModel } from "../core/model";
import { press, settle, standIns } from "../core/stand_ins";
import { exampleAbout, exampleRow } from "./example";
import front from "./index";

const view = standIns({ width: 8, height: 4 });

/** Answers what it is asked. */
class AskedModel extends LocalModel {
  readonly asked: Record<string, unknown>[] = [];
  readonly #heard: ((...args: unknown[]) => void)[] = [];
  answer: (content: Record<string, unknown>) => Record<string, unknown> = () => ({ error: "not asked" });

  override on(event: string, callback: (...args: unknown[]) => void): void {
    if (event === "msg:custom") this.#heard.push(callback);
    else super.on(event, callback);
  }

  override send(content?: unknown, _callbacks?: unknown, buffers?: ArrayBuffer[]): void {
    const question = content as Record<string, unknown>;
    this.asked.push({ ...question, bytes: buffers?.[0]?.byteLength });
    for (const hear of this.#heard) hear({ id: question.id, ...this.answer(question) }, []);
  }
}

async function show(values: Record<string, unknown>, state = new LocalModel()) {
  const model = new AskedModel({ state: "anywidget:s", _about: exampleAbout(), _added: [], ...values });
  const el = document.createElement("div");
  document.body.append(el);
  view.undo.push(await front().render({ model, el, host: { getModel: async () => state } }));
  await settle();
  return { el, model, state };
}

const all = (el: HTMLElement, query: string) => [...el.querySelectorAll<HTMLElement>(query)];
describe("the Comparison", () => {
  it("has a row a picture and a column a method, with names for screen readers and words as text", async () => {
    const { el } = await show({ _rows: [exampleRow("1", "<i>dog</i>"), exampleRow("2", "قطة")] });
    expect(all(el, "thead th").map(({ textContent }) => textContent)).toEqual([
      "picture",
      "CAMgradients",
      "LIMEgradients",
      "SISEgradients",
    ]);
    expect(all(el, ".inv-cmp-name").map(({ textContent }) => textContent)).toEqual(["<i>dog</i>", "قطة"]);
    expect(el.querySelector("tr[data-key] i, td b b")).toBeNull();
    expect(all(el, "td[aria-label]").map((cell) => cell.getAttribute("aria-label"))).toEqual([
      "CAM on <i>dog</i>",
      "LIME on <i>dog</i>",
      "CAM on قطة",
      "LIME on قطة",
    ]);
    expect(el.textContent).toContain("No map. <b>no</b> convolutions");
    expect(all(el, ".inv-cmp-chip").map(({ textContent }) => textContent?.replaceAll("\u00a0", " "))).toContain(
      "explainedwolf25.0 %",
    );
  });

  it("decodes and draws again what could not be drawn", async () => {
    const decode = vi.fn().mockRejectedValue(new Error("broken"));
    vi.stubGlobal("createImageBitmap", decode);
    const { el } = await show({ _rows: [exampleRow("1", "dog")] });
    expect(el.querySelector("[role=alert]")?.textContent).toContain("broken");
    decode.mockResolvedValue({ width: 8, height: 4, close() {} });
    decode.mockClear();
    el.querySelector<HTMLElement>("[role=alert] button")?.click();
    await settle();
    expect(decode).toHaveBeenCalled();
    expect(el.querySelector("[role=alert]")).toBeNull();
  });

  it("chooses a row's picture for all views, under the name that they know, and follows them", async () => {
    const state = new LocalModel();
    const rows = [exampleRow("1", "dog"), exampleRow("2", "cat", { known_as: ["cat.jpg"] })];
    const { el } = await show({ _rows: rows }, state);
    all(el, "tr[data-key='2'] td")[0]?.click();
    await settle();
    expect([state.get("picture"), state.get("target")]).toEqual(["cat.jpg", "wolf"]);
    state.set("picture", "dog");
    await settle();
    expect(all(el, "tr[data-chosen=true]").map(({ dataset }) => dataset.key)).toEqual(["1"]);
  });

  it("has a column more while a cluster map of one of its pictures is chosen", async () => {
    const state = new LocalModel();
    const { el } = await show({ _rows: [exampleRow("1", "dog"), exampleRow("2", "cat")] }, state);
    expect(all(el, "thead th")).toHaveLength(4);
    state.set("cluster_map", "cluster-2");
    await settle();
    expect(all(el, "thead th").at(-1)?.textContent).toContain("cluster map: wheel");
    expect(el.querySelector("tr[data-key='1']")?.textContent).toContain("of another picture");
    expect(el.querySelector("tr[data-key='2'] td:last-child")?.getAttribute("aria-label")).toBe("wheel on cat");
    state.set("cluster_map", "elsewhere");
    await settle();
    expect(all(el, "thead th")).toHaveLength(4);
  });

  it("probes with the keys, reads all cells of the row, and says it", async () => {
    const { el } = await show({ _rows: [exampleRow("1", "dog"), exampleRow("2", "cat")] });
    const cell = el.querySelector<HTMLElement>("tr[data-key='1'] td");
    press(cell, "Enter");
    await settle();
    expect(all(el, ".inv-cmp-reading").map(({ textContent }) => textContent)).toEqual([
      "pixel 4, 2",
      "0.625 · 50\u00a0% below",
      "-0.250 · 38\u00a0% below",
    ]);
    press(cell, "ArrowLeft");
    await settle();
    expect(all(el, ".inv-cmp-reading")[0]?.textContent).toBe("pixel 3, 2");
    await new Promise((resolve) => setTimeout(resolve, 600));
    expect(all(el, "[role=status]").at(-1)?.textContent).toMatch(/^pixel 3, 2; CAM: 0\.375 · /);
    press(cell, "Escape");
    await settle();
    expect(all(el, ".inv-cmp-reading")).toHaveLength(0);
  });

  it("keeps in its menu, where it is narrow, what its toolbar has no room for", async () => {
    const inWidth = vi.spyOn(HTMLElement.prototype, "clientWidth", "get");
    for (const [width, above] of [
      [272, 1],
      [900, 5],
    ] as const) {
      inWidth.mockReturnValue(width);
      const { el } = await show({ _rows: [exampleRow("1", "dog")] });
      expect(all(el, ".inv-cmp-controls > .inv-control:not(.inv-view-menu)")).toHaveLength(above);
      el.querySelector<HTMLElement>(".inv-view-menu > button")?.click();
      await settle();
      expect(all(el, ".inv-popover .inv-cmp-sorting")).toHaveLength(above === 1 ? 2 : 0);
      expect(all(el, ".inv-cmp-sorting")).toHaveLength(2);
    }
  });

  it("withholds what a game withholds", async () => {
    const rows = [{ key: "1", withheld: true }, exampleRow("2", "cat")];
    const { el, model } = await show({ _rows: rows });
    expect(el.querySelector("tr[data-key='1']")?.textContent).toBe(
      "Play to revealRow 1 stays hidden until you have played it.",
    );
    expect(el.querySelector("tr[data-key='1'] canvas")).toBeNull();
    model.set("_rows", [rows[0], { key: "2", withheld: true }]);
    await settle();
    expect(el.textContent).not.toContain("cat");
  });

  it("sends dropped files in parts and says what was wrong with one", async () => {
    const about = exampleAbout({ live: true, categories: ["dog", "wolf"], largest: 9_000_000 });
    const { el, model } = await show({ _rows: [exampleRow("1", "dog")], _about: about });
    model.answer = ({ name }) => (name === "bad.png" ? { error: "[inv-widgets] bad.png cannot be read" } : {});
    const files = [
      new File([new Uint8Array(5_000_000)], "good.png"),
      new File(["x"], "bad.png"),
      new File([new Uint8Array(9_000_001)], "huge.png"),
    ];
    const drop = new Event("drop", { bubbles: true, cancelable: true });
    Object.assign(drop, { dataTransfer: { files } });
    el.querySelector(".inv-comparison")?.dispatchEvent(drop);
    await settle();
    await settle();
    expect(drop.defaultPrevented).toBe(true);
    expect(model.asked.map(({ kind, name, part, parts, bytes }) => [kind, name, part, parts, bytes])).toEqual([
      ["upload", "good.png", 0, 2, 4_000_000],
      ["upload", "good.png", 1, 2, 1_000_000],
      ["upload", "bad.png", 0, 1, 1],
    ]);
    expect(model.asked[0]).toMatchObject({ target: null, methods: ["cam", "lime", "sise"] });
    expect(all(el, "[role=alert] li").map(({ textContent }) => textContent)).toEqual([
      "bad.png cannot be read",
      "huge.png is larger than 9 MB: give a smaller picture.",
    ]);
  });

  it("shows how far an added row is, and what went wrong", async () => {
    const status = { state: "working", method: "lime", steps: [3, 12], methods: ["cam", "lime"], error: "" };
    const row = exampleRow("added-1", "new", { added: true, after: null, status } as never);
    row.cells.splice(1);
    const { layout, maps, ...head } = row;
    expect(layout && maps).toBeTruthy();
    const { el, model } = await show({ _rows: [], _added: [head], _about: exampleAbout({ live: true }) });
    expect(el.querySelector("tr[data-key]")?.textContent).toContain("LIME …");
    expect(el.querySelector("tr[data-key]")?.textContent).toContain("3 of 12");
    expect(el.querySelector("tr[data-key]")?.textContent).toContain("not asked for");
    model.set("_added", [{ ...head, status: { ...status, state: "failed", error: "no <b>memory</b>" } }]);
    await settle();
    expect(all(el, "[role=alert]").map(({ textContent }) => textContent)).toContain("no <b>memory</b>");
  });

  it("marks added rows and says that they are in no mean; in a page they need no kernel", async () => {
    const status = { state: "stopped", method: "", steps: [0, 0], methods: ["cam", "lime"], error: "" };
    const row = exampleRow("added-1", "new", { added: true, after: null, status } as never);
    const { el, model } = await show({ _rows: [exampleRow("1", "dog"), exampleRow("2", "cat")], _added: [row] });
    expect(all(el, "tr[data-key]").map(({ dataset }) => dataset.key)).toEqual(["added-1", "1", "2"]);
    expect(all(el, ".inv-cmp-added").map(({ textContent }) => textContent)).toEqual(["added"]);
    expect(el.querySelector(".inv-cmp-means th")?.textContent).toContain("mean of 2 pictures");
    expect(el.querySelector(".inv-cmp-means th")?.textContent).toContain("without added rows");
    expect(all(el, "tr[data-key=added-1] canvas").length).toBeGreaterThan(1);
    expect(model.asked).toEqual([]);
    model.set("_added", []);
    await settle();
    expect(el.querySelector(".inv-cmp-means th")?.textContent).not.toContain("without added rows");
    expect(all(el, ".inv-cmp-added")).toHaveLength(0);
  });

  it("says what to do where there is nothing", async () => {
    const { el } = await show({ _rows: [] });
    expect(el.textContent).toContain("inv.Comparison(inv.compare(net, pictures))");
    expect(el.textContent).toContain("give run=");
  });
});
