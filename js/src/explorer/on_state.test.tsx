import { describe, expect, it } from "vitest";
import { LocalModel, type Model } from "../core/model";
import { settle, standIns } from "../core/stand_ins";
import { examplePicture } from "./example";
import front from "./index";

const view = standIns();

async function show(values: Record<string, unknown>, state: Model = new LocalModel()) {
  const model = new LocalModel({ state: "anywidget:s", ...values });
  const el = document.createElement("div");
  document.body.append(el);
  view.undo.push(await front().render({ model, el, host: { getModel: async () => state } }));
  await settle();
  return { el, model, state };
}

const names = (el: HTMLElement) =>
  [...el.querySelectorAll("button.inv-card")].map((card) => card.getAttribute("aria-label"));

describe("an Explorer on a State", () => {
  it("moves to another State when it is given one", async () => {
    const states: Record<string, LocalModel> = {
      "anywidget:one": new LocalModel({ picture: "dog.jpg" }),
      "anywidget:two": new LocalModel({ picture: "cat.jpg", colour_map: "turbo" }),
    };
    const model = new LocalModel({
      state: "anywidget:one",
      _pictures: [examplePicture(), examplePicture("cat.jpg")],
    });
    const el = document.createElement("div");
    document.body.append(el);
    const host = { getModel: async (reference: unknown) => states[String(reference)] as Model };
    view.undo.push(await front().render({ model, el, host }));
    await settle();
    expect(el.querySelector("h2")?.textContent).toBe("dog.jpg");
    model.set("state", "anywidget:two");
    await settle();
    expect(el.querySelector("h2")?.textContent).toBe("cat.jpg");
    expect(el.querySelector<HTMLSelectElement>("select")?.value).toBe("turbo");
    expect(el.querySelectorAll(".inv-explorer")).toHaveLength(1);
    // The first State is let go.
    states["anywidget:one"]?.set("picture", "dog.jpg");
    expect(el.querySelector("h2")?.textContent).toBe("cat.jpg");
  });

  it("lets a group of layers stand out that was chosen here or elsewhere", async () => {
    const groups = { early: ["features.0"], late: ["features.1"] };
    const { el, state } = await show({ _pictures: [examplePicture()] }, new LocalModel({ groups, group: "late" }));
    const bands = () => [...el.querySelectorAll<HTMLButtonElement>(".inv-band button")];
    const chosen = () => [...el.querySelectorAll("[data-chosen=true]")].map((run) => run.getAttribute("aria-label"));
    expect(bands().map((band) => band.textContent)).toEqual(["early", "late"]);
    expect(chosen()).toEqual(["late"]);
    expect(el.querySelector("[data-chosen=true] section")?.getAttribute("aria-label")).toBe("block 1, layer 2");
    bands()[0]?.click();
    await settle();
    expect([state.get("group"), chosen(), bands()[0]?.getAttribute("aria-pressed")]).toEqual([
      "early",
      ["early"],
      "true",
    ]);
    bands()[0]?.click();
    await settle();
    expect([state.get("group"), chosen()]).toEqual([null, []]);
    expect(bands().every((band) => band.hasAttribute("data-lm-suppress-shortcuts"))).toBe(true);
  });

  it("keeps to the layers that were brushed, says so, and lets them go", async () => {
    const state = new LocalModel({ layers: ["features.1"], cluster_map: "id-0-0" });
    const { el } = await show({ _pictures: [examplePicture()] }, state);
    const columns = () => [...el.querySelectorAll("section.inv-column")].map((one) => one.getAttribute("aria-label"));
    const said = () => el.querySelector(".inv-chip-choice")?.textContent;
    expect(columns()).toEqual(["block 1, layer 2"]);
    expect(said()).toBe("layersblock 1, layer 21 of 2All layers");
    expect(el.querySelector(".inv-detail")?.getAttribute("aria-label")).toBe("cluster 1 of block 1, layer 1");
    el.querySelector<HTMLElement>(".inv-chip-choice button")?.click();
    await settle();
    expect(columns()).toEqual(["block 1, layer 1", "block 1, layer 2"]);
    expect([said(), state.get("layers")]).toEqual([undefined, []]);
  });

  it("says in how many pictures a label stands, and of how many it knows", async () => {
    const state = new LocalModel({ label: "ear" });
    const head = (i: number, labels?: string[]) => ({
      ...{ key: `far ${i}`, name: `${i}.jpg`, target_name: "dog" },
      ...(labels ? { labels } : {}),
    });
    const dog = examplePicture("dog.jpg", "dog", ["ear"]);
    const { el, model } = await show({ _pictures: [dog, head(1, ["ear"]), head(2, [])] }, state);
    const said = () => el.querySelector(".inv-chip-choice")?.textContent;
    expect(said()).toBe("labelearin 2 of 3 pictures");
    model.set("_pictures", [dog, head(1), { key: "x", withheld: true }]);
    await settle();
    expect(said()).toBe("labelearin 1 of the 1 picture that is known here");
  });

  it("is Italian where State says so, in names for screen readers too", async () => {
    const state = new LocalModel({ language: "it", cluster_map: "id-0-0", layers: ["features.0"] });
    const { el } = await show(
      { _pictures: [examplePicture("dog.jpg", "dog"), examplePicture("cat.jpg", "cat")] },
      state,
    );
    el.querySelector<HTMLElement>(".inv-menu button")?.click();
    await settle();
    const heard = [...el.querySelectorAll("[aria-label], [title]")].flatMap((each) =>
      ["aria-label", "title"].map((name) => each.getAttribute(name) ?? ""),
    );
    const all = `${el.querySelector(".inv-content")?.textContent} ${heard.join(" ")}`;
    expect(el.querySelector(".inv-detail")?.getAttribute("aria-label")).toBe("cluster 1 di blocco 1, strato 1");
    expect(names(el)[0]).toBe("cluster 1, 35,0\u00a0%, 3 mappe");
    for (const words of [
      "predetta e spiegata",
      "opacità",
      "Tutti gli strati",
      "Mostra tutte",
      "2 immagini",
      "Chiudi (Esc)",
    ])
      expect(all).toContain(words);
    expect(all).not.toMatch(/\b(layers?|block|picture|columns|weight|shown|view|opacity|maps|close|show)\b/i);
    expect(el.querySelector(".inv-content")?.getAttribute("lang")).toBe("it");
    state.set("language", "en");
    await settle();
    expect(names(el)[0]).toBe("cluster 1, 35.0\u00a0%, 3 maps");
  });
});
