import { describe, expect, it } from "vitest";
import { LocalModel } from "../core/model";
import type { Column, Picture } from "../core/payload";
import { press, settle, standIns } from "../core/stand_ins";
import { examplePicture } from "./example";
import front from "./index";

const view = standIns();

/** A picture with so many columns of so many cards each. */
function manyColumns(columns: number, cards: number): Picture {
  const picture = examplePicture();
  const [column] = picture.columns as [Column];
  const [map] = column.cluster_maps as [Column["cluster_maps"][number]];
  return {
    ...picture,
    columns: Array.from({ length: columns }, (_, i) => ({
      ...column,
      layer: `features.${i}`,
      layer_in_block: i + 1,
      cluster_maps: Array.from({ length: cards }, (_, k) => ({ ...map, id: `id-${i}-${k}`, number: k + 1 })),
    })),
  };
}

async function show(picture: Picture, state = new LocalModel()) {
  const el = document.createElement("div");
  document.body.append(el);
  const model = new LocalModel({ state: "anywidget:s", _pictures: [picture] });
  view.undo.push(await front().render({ model, el, host: { getModel: async () => state } }));
  await settle();
  const column = (i: number) => el.querySelectorAll<HTMLElement>("section.inv-column")[i] as HTMLElement;
  const cards = (i: number) => column(i).querySelectorAll("button.inv-card").length;
  return { el, state, column, cards };
}

describe("very many cards", () => {
  it("are in the page near sight only; every layer keeps its name, its head and its room", async () => {
    const { el, column, cards } = await show(manyColumns(40, 10));
    expect(el.querySelectorAll("section.inv-column").length).toBe(40);
    expect([cards(0), cards(15), cards(16), cards(39)]).toEqual([10, 10, 0, 0]);
    expect(column(39).getAttribute("aria-label")).toBe("block 1, layer 40");
    expect(column(39).querySelector("h3")?.textContent).toBe("block 1, layer 40");
    expect(Number.parseInt((column(39).lastElementChild as HTMLElement).style.height, 10)).toBeGreaterThan(1000);
  });

  it("come with their column, and go with it", async () => {
    const { column, cards } = await show(manyColumns(40, 10));
    view.saw?.(column(30), true);
    view.saw?.(column(12), false);
    await settle();
    expect([cards(12), cards(13), cards(29), cards(30)]).toEqual([0, 10, 0, 10]);
  });

  it("are reached by keys, however far, and what has the focus stays", async () => {
    const { el, column, cards } = await show(manyColumns(40, 10));
    el.querySelector<HTMLElement>("button.inv-card")?.focus();
    press(document.activeElement, "End");
    await settle();
    expect((document.activeElement as HTMLElement).dataset.id).toBe("id-39-0");
    view.saw?.(column(39), false);
    await settle();
    expect(cards(39)).toBe(10);
    press(document.activeElement, "ArrowLeft");
    await settle();
    expect((document.activeElement as HTMLElement).dataset.id).toBe("id-38-0");
  });

  it("are there where one is opened in another view", async () => {
    const { el, state, cards } = await show(manyColumns(40, 10));
    state.set("cluster_map", "id-33-4");
    await settle();
    expect([cards(32), cards(33)]).toEqual([0, 10]);
    expect(el.querySelector("[data-id='id-33-4']")?.getAttribute("aria-expanded")).toBe("true");
  });

  it("are all there up to some hundreds", async () => {
    const { cards } = await show(manyColumns(30, 10));
    expect([cards(0), cards(29)]).toEqual([10, 10]);
    expect(view.saw).toBeUndefined();
  });
});
