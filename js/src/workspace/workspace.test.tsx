import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { type Callback, type Host, LocalModel } from "../core/model";
import front from "./index";

class Kernel extends LocalModel {
  readonly sent: Record<string, unknown>[] = [];

  override send(content: unknown): void {
    this.sent.push(content as Record<string, unknown>);
  }

  override on(event: string, callback: Callback): void {
    super.on(event, callback);
  }
}

/** Panes are opened after the frame is drawn, step by step: many short waits, so that a busy machine delays all alike. */
const soon = async () => {
  for (let turn = 0; turn < 12; turn++) await new Promise((resolve) => setTimeout(resolve, 5));
};

let observed: (() => void)[] = [];
let width = 1400;
let el: HTMLElement;
let close: () => void;
let model: Kernel;
let editor: LocalModel;
let opened: string[];
let closed: string[];
let failing: Set<string>;

beforeEach(() => {
  observed = [];
  width = 1400;
  [opened, closed, failing] = [[], [], new Set()];
  vi.stubGlobal(
    "ResizeObserver",
    class {
      constructor(callback: () => void) {
        observed.push(callback);
      }
      observe() {}
      disconnect() {}
    },
  );
  Object.defineProperty(HTMLElement.prototype, "clientWidth", { configurable: true, get: () => width });
});
afterEach(async () => {
  close();
  await soon();
  el.remove();
  vi.unstubAllGlobals();
});

const host: Host = {
  getModel: async (reference) => (reference === "anywidget:synonyms" ? editor : new LocalModel({ language: "en" })),
  getWidget: async (reference) => ({
    render: async ({ el: place, signal }) => {
      const name = String(reference).replace("anywidget:", "");
      if (failing.has(name)) throw new Error(`${name} is broken`);
      opened.push(name);
      const child = document.createElement("p");
      child.textContent = `this is the ${name}`;
      place.append(child);
      signal?.addEventListener("abort", () => closed.push(name));
    },
  }),
};

async function open(values: Record<string, unknown> = {}, given: Host = host, live: object = {}) {
  editor = new LocalModel({ _file: { state: "saved" } });
  model = new Kernel({
    state: "anywidget:state",
    _game: "anywidget:game",
    _explorer: "anywidget:explorer",
    _chart: null,
    _synonyms: "anywidget:synonyms",
    _labels: { state: "ready", rounds: 0, labels: 0 },
    ...values,
  });
  Object.defineProperty(model, "widget_manager", { value: { get_model: async () => live } });
  el = document.createElement("div");
  document.body.append(el);
  close = await front().render({ model, el, host: given });
  await soon();
}

const tabs = (side = 0) => [...el.querySelectorAll<HTMLElement>(`[role=tablist][data-side="${side}"] [role=tab]`)];
const selected = (side = 0) => tabs(side).find((tab) => tab.getAttribute("aria-selected") === "true")?.textContent;
const seen = () => [...el.querySelectorAll<HTMLElement>("[role=tabpanel]")].filter((panel) => !panel.hidden);
const pane = (name: string) => el.querySelector<HTMLElement>(`[data-pane=${name}]`);

it("shows one pane at a time, opens a pane when it is first shown, and keeps it", async () => {
  await open();
  expect([selected(), opened]).toEqual(["Game", ["game"]]);
  expect(seen().map(({ dataset }) => dataset.pane)).toEqual(["game"]);
  expect(seen()[0]?.getAttribute("aria-labelledby")).toBe(tabs()[0]?.id);
  expect(tabs()[0]?.getAttribute("aria-controls")).toBe(seen()[0]?.id);
  tabs()[1]?.click();
  await soon();
  expect([selected(), opened]).toEqual(["Explorer", ["game", "explorer"]]);
  tabs()[0]?.click();
  await soon();
  expect(opened).toEqual(["game", "explorer"]);
  expect(pane("explorer")?.hidden).toBe(true);
  expect(closed).toEqual([]);
  close();
  await soon();
  expect(closed.sort()).toEqual(["explorer", "game"]);
});

it("tabs are one stop of the Tab key, guarded, and arrows go along", async () => {
  await open();
  expect(tabs().map((tab) => tab.tabIndex)).toEqual([0, -1, -1, -1]);
  for (const element of el.querySelectorAll("button")) {
    expect(element.hasAttribute("data-lm-suppress-shortcuts")).toBe(true);
  }
  for (const [key, name] of [
    ["ArrowRight", "Explorer"],
    ["End", "Synonyms"],
    ["ArrowLeft", "Chart"],
    ["Home", "Game"],
  ] as const) {
    document.activeElement === document.body && tabs()[0]?.focus();
    document.activeElement?.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
    await soon();
    expect(selected()).toBe(name);
    expect(document.activeElement?.textContent).toBe(name);
  }
});

it("shows two panes side by side where there is room; what is chosen twice changes places", async () => {
  await open({ arrangement: "side by side" });
  expect([selected(0), selected(1)]).toEqual(["Game", "Explorer"]);
  expect(seen().map(({ dataset }) => [dataset.pane, dataset.side])).toEqual([
    ["game", "0"],
    ["explorer", "1"],
  ]);
  tabs(1)[0]?.click();
  await soon();
  expect([selected(0), selected(1)]).toEqual(["Explorer", "Game"]);
  expect(model.get("shown")).toEqual(["explorer", "game"]);
  expect(opened.sort()).toEqual(["explorer", "game"]);
  width = 700;
  for (const tell of observed) tell();
  await soon();
  expect(seen().map(({ dataset }) => dataset.pane)).toEqual(["explorer"]);
  expect(el.querySelector('[aria-label="Side by side"]')).toBeNull();
  width = 1400;
  for (const tell of observed) tell();
  await soon();
  el.querySelector<HTMLElement>('[aria-label="Side by side"]')?.click();
  await soon();
  expect(model.get("arrangement")).toBe("tabs");
});

it("says what to do before there are labels, and shows the chart when there are", async () => {
  await open({ shown: ["chart", "game"], _labels: { state: "working" } });
  expect(pane("chart")?.textContent).toContain("Opening");
  expect(el.querySelector(".inv-workspace-status")?.textContent).toBe("Updating the labels …");
  model.set("_labels", { state: "ready", rounds: 0, labels: 0 });
  await soon();
  expect(pane("chart")?.textContent).toContain("Play a round: what people see appears here by itself.");
  model.set("_chart", "anywidget:chart");
  model.set("_labels", { state: "ready", rounds: 1, labels: 12 });
  await soon();
  expect(pane("chart")?.textContent).toContain("this is the chart");
  expect(el.querySelector(".inv-workspace-status")?.textContent).toBe("1 round · 12 labels");
  model.set("_chart", null);
  await soon();
  expect(closed).toEqual(["chart"]);
  expect(pane("chart")?.textContent).not.toContain("this is the chart");
  pane("chart")?.querySelector<HTMLElement>("button")?.click();
  await soon();
  expect(selected()).toBe("Game");
});

it("without a kernel says so in the place of what comes no more", async () => {
  await open({ shown: ["chart", "game"], _labels: { state: "working" } }, host, { comm_live: false });
  expect(pane("chart")?.textContent).toContain("The kernel is gone.");
  expect(pane("chart")?.textContent).not.toContain("Opening");
  expect(el.querySelector(".inv-workspace-status")?.textContent).toBe("The kernel is gone.");
});

it("an analysis that failed is told in the chart's pane, not in the game", async () => {
  await open({ shown: ["game", "chart"], _labels: { state: "failed", message: "[inv-widgets] out of words" } });
  expect(pane("game")?.querySelector("[role=alert]")).toBeNull();
  el.querySelector<HTMLElement>(".inv-workspace-status button")?.click();
  await soon();
  expect(pane("chart")?.querySelector("[role=alert]")?.textContent).toContain("out of words");
  pane("chart")?.querySelector<HTMLElement>("[role=alert] button")?.click();
  expect(model.sent.map(({ kind }) => kind)).toEqual(["refresh"]);
});

it("a pane that fails leaves the others alone, and can be tried again", async () => {
  failing.add("explorer");
  await open({ arrangement: "side by side" });
  expect(pane("explorer")?.querySelector("[role=alert]")?.textContent).toContain("explorer is broken");
  expect(pane("game")?.textContent).toContain("this is the game");
  failing.clear();
  pane("explorer")?.querySelector<HTMLElement>("[role=alert] button")?.click();
  await soon();
  expect(pane("explorer")?.textContent).toBe("this is the explorer");
});

it("a host that cannot draw a widget in another says what to do", async () => {
  await open({}, { getModel: host.getModel });
  expect(pane("game")?.querySelector("[role=alert]")?.textContent).toContain("anywidget 0.11");
});

it("marks synonyms that are not saved", async () => {
  await open();
  expect(tabs()[3]?.textContent).toBe("Synonyms");
  editor.set("_file", { state: "unsaved" });
  await soon();
  expect(tabs()[3]?.textContent).toBe("SynonymsSynonyms not saved");
});

it("has a comparison where there is one, among the others", async () => {
  await open({ shown: ["comparison", "game"] });
  expect(tabs().map(({ textContent }) => textContent)).toEqual(["Game", "Explorer", "Chart", "Synonyms"]);
  expect(selected()).toBe("Game"); // a saved notebook can name a pane that is not there
  model.set("_comparison", "anywidget:comparison");
  await soon();
  expect(tabs().map(({ textContent }) => textContent)).toEqual(["Game", "Explorer", "Chart", "Comparison", "Synonyms"]);
  expect(selected()).toBe("Comparison");
  expect(pane("comparison")?.textContent).toBe("this is the comparison");
  tabs()[3]?.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowLeft", bubbles: true, cancelable: true }));
  await soon();
  expect(selected()).toBe("Chart");
  tabs()[2]?.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowRight", bubbles: true, cancelable: true }));
  await soon();
  expect([selected(), document.activeElement?.textContent]).toEqual(["Comparison", "Comparison"]);
});
