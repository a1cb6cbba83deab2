import { describe, expect, it, vi } from "vitest";
import { LocalModel, type Model } from "../core/model";
import { press, settle, standIns } from "../core/stand_ins";
import { answered, examplePicture } from "./example";
import front from "./index";

const on = LocalModel.prototype.on;
const view = standIns();

async function show(values: Record<string, unknown>, state: Model = new LocalModel()) {
  const model = new LocalModel({ state: "anywidget:s", ...values });
  const el = document.createElement("div");
  document.body.append(el);
  const host = { getModel: async () => state };
  view.undo.push(await front().render({ model, el, host }));
  await settle();
  return { el, model, state };
}

const cards = (el: HTMLElement) => [...el.querySelectorAll<HTMLElement>("button.inv-card")];
const names = (el: HTMLElement) => cards(el).map((card) => card.getAttribute("aria-label"));
describe("the Explorer", () => {
  it("has a column a layer and a card a cluster map, with names for screen readers", async () => {
    const { el } = await show({ _pictures: [examplePicture("dog.jpg", "dog", ["wheel", "window"])] });
    expect([...el.querySelectorAll("section.inv-column")].map((s) => s.getAttribute("aria-label"))).toEqual([
      "block 1, layer 1",
      "block 1, layer 2",
    ]);
    expect(names(el)[0]).toBe("cluster 1, 35.0\u00a0%, 3 maps, labels: wheel, window");
    expect(el.querySelector(".inv-stack")?.getAttribute("aria-label")).toBe(
      "Weight: shown 56.9\u00a0%, dropped 30.0\u00a0%, pruned 13.1\u00a0%",
    );
    expect(el.querySelector(".inv-detail")).toBeNull();
  });

  it("marks every focusable element for JupyterLab", async () => {
    const state = new LocalModel({ cluster_map: "id-0-0" });
    const { el } = await show({ _pictures: [examplePicture(), examplePicture("cat.jpg")] }, state);
    el.querySelector<HTMLElement>(".inv-menu button")?.click();
    await settle();
    const focusable = [...el.querySelectorAll("button, input, select, [tabindex]")];
    expect(focusable.length).toBeGreaterThan(15);
    expect(focusable.filter((element) => !element.hasAttribute("data-lm-suppress-shortcuts"))).toEqual([]);
  });

  it("keeps the focus on a button of the menu that has nothing left to do", async () => {
    const { el, model } = await show({ _pictures: [examplePicture()] });
    el.querySelector<HTMLElement>(".inv-menu button")?.click();
    await settle();
    const [all, none] = [...el.querySelectorAll<HTMLButtonElement>(".inv-checks .inv-actions button")];
    none?.focus();
    none?.click();
    await settle();
    expect(model.get("hidden_layers")).toEqual(["features.0", "features.1"]);
    expect([document.activeElement, none?.getAttribute("aria-disabled")]).toEqual([none, "true"]);
    all?.click();
    await settle();
    expect(model.get("hidden_layers")).toEqual([]);
    press(none, "Escape");
    await settle();
    expect(el.querySelector(".inv-checks")).toBeNull();
  });

  it("is one stop of the Tab key, and arrows move", async () => {
    const { el } = await show({ _pictures: [examplePicture()] });
    const stops = () => cards(el).filter((card) => card.tabIndex === 0);
    expect(stops().map((card) => card.dataset.id)).toEqual(["id-0-0"]);
    stops()[0]?.focus();
    press(document.activeElement, "ArrowDown");
    press(document.activeElement, "ArrowRight");
    await settle();
    expect((document.activeElement as HTMLElement).dataset.id).toBe("id-1-1");
    expect(stops().map((card) => card.dataset.id)).toEqual(["id-1-1"]);
  });

  it("opens a detail, closes it by Esc and gives the focus back", async () => {
    const { el, state } = await show({ _pictures: [examplePicture()] });
    cards(el)[3]?.click();
    await settle();
    expect(state.get("cluster_map")).toBe("id-1-1");
    expect(state.get("layer")).toBe("features.1");
    const detail = el.querySelector(".inv-detail");
    expect(detail?.getAttribute("aria-label")).toBe("cluster 2 of block 1, layer 2");
    expect(detail?.contains(document.activeElement)).toBe(true);
    press(document.activeElement, "Escape");
    await settle();
    expect(el.querySelector(".inv-detail")).toBeNull();
    expect(state.get("cluster_map")).toBeNull();
    expect((document.activeElement as HTMLElement).dataset.id).toBe("id-1-1");
  });

  it("lets two views on one State follow each other, and the second does not take the focus", async () => {
    const state = new LocalModel();
    const pictures = [examplePicture(), examplePicture("cat.jpg", "cat")];
    const [one, two] = [await show({ _pictures: pictures }, state), await show({ _pictures: pictures }, state)];
    one.el.querySelectorAll<HTMLElement>("[role=option]")[1]?.click();
    await settle();
    expect(two.el.querySelector("h2")?.textContent).toBe("cat.jpg");
    cards(one.el)[0]?.click();
    await settle();
    expect(two.el.querySelector(".inv-detail")).not.toBeNull();
    expect(one.el.contains(document.activeElement)).toBe(true);
    const select = two.el.querySelector<HTMLSelectElement>("select");
    if (select) {
      select.value = "inferno";
      select.dispatchEvent(new Event("change", { bubbles: true }));
    }
    await settle();
    expect(state.get("colour_map")).toBe("inferno");
    expect(one.el.querySelector<HTMLSelectElement>("select")?.value).toBe("inferno");
  });

  it("shows what people typed as text, never as markup", async () => {
    const nasty = ["<img src=x onerror=alert(1)>", "🦊 fox", "עברית", "<script>x</script>"];
    const { el } = await show({ _pictures: [examplePicture("<b>dog</b>.jpg", "<i>dog</i>", nasty)] });
    cards(el)[0]?.click();
    await settle();
    expect(el.querySelectorAll(".inv-title h2 b, i, script, img:not([alt=''])")).toHaveLength(0);
    expect(el.querySelector("h2")?.textContent).toBe("<b>dog</b>.jpg");
    expect(el.querySelector(".inv-card-labels")?.textContent).toBe(nasty.join(", "));
    expect(el.querySelector(".inv-detail h3")?.textContent).toBe(nasty.join(", "));
    expect(el.querySelector(".inv-card-labels")?.getAttribute("dir")).toBe("auto");
  });

  it("says what to do when the run is empty", async () => {
    const { el } = await show({ _pictures: [] });
    expect(el.textContent).toContain("Nothing to explore yet");
  });

  it("turns an error into an alert, never into an empty output", async () => {
    const broken = { ...examplePicture(), columns: [{ title: "no clusters" }] };
    const { el } = await show({ _pictures: [broken] });
    expect(el.querySelector("[role=alert]")?.textContent).toContain("could not be drawn");
  });

  it("works alone when its State cannot be reached", async () => {
    const model = new LocalModel({ state: "anywidget:gone", _pictures: [examplePicture()] });
    const el = document.createElement("div");
    const host = { getModel: () => Promise.reject(new Error("no such model")) };
    view.undo.push(await front().render({ model, el, host }));
    expect(cards(el)).toHaveLength(4);
  });

  it("asks for a picture that did not come with the first ones", async () => {
    const sent: Record<string, unknown>[] = [];
    const listeners: ((...args: unknown[]) => void)[] = [];
    vi.spyOn(LocalModel.prototype, "on").mockImplementation(function (this: LocalModel, event, callback) {
      if (event === "msg:custom") listeners.push(callback);
      else on.call(this, event, callback);
    });
    const answer = (...args: unknown[]) => {
      for (const listener of listeners) listener(...args);
    };
    const { el, model } = await show({ _pictures: [examplePicture()] });
    model.send = (content) => {
      sent.push(content as Record<string, unknown>);
    };
    model.set("_pictures", [examplePicture(), { key: "1", name: "later.jpg", target_name: "cat" }]);
    await settle();
    el.querySelectorAll<HTMLElement>("[role=option]")[1]?.click();
    await settle();
    const questions = sent.filter(({ kind }) => kind === "picture");
    expect(questions).toEqual([expect.objectContaining({ kind: "picture", key: "1" })]);
    expect(el.querySelector(".inv-loading")).not.toBeNull();
    const [picture, buffers] = answered({ ...examplePicture("later.jpg", "cat"), key: "1" });
    answer({ id: questions[0]?.id, picture }, buffers);
    await settle();
    expect(cards(el)).toHaveLength(4);
    expect(el.querySelector("h2")?.textContent).toBe("later.jpg");
  });

  it("shows a withheld picture as a card with a number, and what it was is nowhere in the page", async () => {
    const state = new LocalModel({ language: "it" });
    const pictures = [examplePicture("cat.jpg", "cat"), examplePicture("dog.jpg", "dog")];
    const { el, model } = await show({ _pictures: pictures }, state);
    const options = () => [...el.querySelectorAll<HTMLElement>("[role=option]")];
    options()[1]?.click();
    await settle();
    cards(el)[0]?.click();
    await settle();
    expect(el.querySelector(".inv-detail")).not.toBeNull();
    model.set("_pictures", [pictures[0], { key: pictures[1]?.key, withheld: true }]);
    options()[1]?.click();
    await settle();
    expect(cards(el)).toEqual([]);
    expect(el.querySelector(".inv-detail")).toBeNull();
    expect(el.querySelector(".inv-withheld")?.textContent).toBe(
      "Gioca per scoprirlaL’immagine 2 di 2 resta nascosta finché non l’hai giocata.",
    );
    expect(el.outerHTML).not.toContain("dog");
    expect(options()[1]?.textContent).toBe("2");
    expect(options()[1]?.getAttribute("aria-label")).toBe("Immagine 2, nascosta finché non l’hai giocata");
    expect(options()[1]?.getAttribute("aria-selected")).toBe("true");
    // The keyboard reaches it and leaves it.
    press(options()[1] ?? null, "ArrowLeft");
    await settle();
    expect(el.querySelector("h2")?.textContent).toBe("cat.jpg");
    press(options()[0] ?? null, "ArrowRight");
    await settle();
    expect(el.querySelector(".inv-withheld")).not.toBeNull();
    expect(document.activeElement).toBe(options()[1]);
    model.set("_pictures", pictures);
    await settle();
    expect(el.querySelector("h2")?.textContent).toBe("dog.jpg");
    expect(el.querySelector(".inv-withheld")).toBeNull();
    expect(cards(el)).toHaveLength(4);
  });

  it("decodes and draws again what could not be drawn, and keeps the focus", async () => {
    const decode = vi.fn().mockRejectedValue(new Error("broken"));
    vi.stubGlobal("createImageBitmap", decode);
    const { el } = await show({ _pictures: [examplePicture()] });
    const alert = () => el.querySelector("[role=alert]");
    const again = async () => {
      alert()?.querySelector("button")?.focus();
      alert()?.querySelector("button")?.click();
      await settle();
    };
    expect(alert()?.textContent).toContain("broken");
    const before = decode.mock.calls.length;
    await again();
    expect(decode.mock.calls.length).toBeGreaterThan(before);
    expect(alert()?.textContent).toContain("broken");
    decode.mockResolvedValue({ width: 8, height: 6, close() {} });
    await again();
    expect(alert()).toBeNull();
    await vi.waitFor(() => expect(document.activeElement?.className).toBe("inv-explorer"));
  });

  it("says which browsers decode an AVIF", async () => {
    vi.stubGlobal("createImageBitmap", vi.fn().mockRejectedValue(new Error("broken")));
    const { el } = await show({ _pictures: [{ ...examplePicture(), image_type: "image/avif" }] });
    expect(el.querySelector("[role=alert]")?.textContent).toContain("an AVIF, which takes a browser of 2024 or newer");
  });

  it("leaves nothing behind", async () => {
    const state = new LocalModel();
    const off = vi.spyOn(state, "off");
    const on = vi.spyOn(state, "on");
    const { el } = await show({ _pictures: [examplePicture(), examplePicture("cat.jpg")] }, state);
    for (const step of view.undo.splice(0)) step();
    expect(el.childElementCount).toBe(0);
    expect(off.mock.calls.length).toBe(on.mock.calls.length);
    expect(URL.revokeObjectURL).toHaveBeenCalledTimes(2);
  });
});
