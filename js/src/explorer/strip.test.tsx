import { expect, it } from "vitest";
import { LocalModel } from "../core/model";
import { press as pressOn, settle, standIns } from "../core/stand_ins";
import { examplePicture } from "./example";
import front from "./index";

/** happy-dom lays nothing out: the strip takes itself to be 1600 px wide. */
const view = standIns();
const COUNT = 3000;

async function show(count = COUNT) {
  const heads = Array.from({ length: count }, (_, i) => ({
    key: String(i),
    name: `p${i}.jpg`,
    target_name: `c${i % 7}`,
  }));
  const model = new LocalModel({
    state: "anywidget:s",
    _pictures: [{ ...examplePicture("p0.jpg", "c0"), key: "0" }, ...heads.slice(1)],
  });
  const sent: Record<string, unknown>[] = [];
  model.send = (content) => sent.push(content as Record<string, unknown>);
  const state = new LocalModel();
  const el = document.createElement("div");
  document.body.append(el);
  view.undo.push(await front().render({ model, el, host: { getModel: async () => state } }));
  await settle();
  const list = el.querySelector<HTMLElement>("[role=listbox]") as HTMLElement;
  const options = () => [...list.querySelectorAll<HTMLElement>("[role=option]")];
  const names = () => options().map((one) => one.getAttribute("aria-label")?.split(",")[0]);
  const places = () => options().map((one) => Number(one.getAttribute("aria-posinset")));
  const press = async (key: string) => {
    pressOn(document.activeElement, key);
    await settle();
  };
  const scroll = async (left: number) => {
    list.scrollLeft = left;
    list.dispatchEvent(new Event("scroll"));
    await settle();
  };
  const search = async (text: string) => {
    const input = el.querySelector<HTMLInputElement>("input[type=search]") as HTMLInputElement;
    input.value = text;
    input.dispatchEvent(new Event("input", { bubbles: true }));
    await settle();
  };
  return { el, model, state, sent, list, options, names, places, press, scroll, search };
}

it("holds the thumbnails in sight only, and each says its place among all", async () => {
  const { options, names, places, list, scroll } = await show();
  expect(options().length).toBeLessThan(60);
  expect(names().slice(0, 3)).toEqual(["p0.jpg", "p1.jpg", "p2.jpg"]);
  expect(new Set(options().map((one) => one.getAttribute("aria-setsize")))).toEqual(new Set(["3000"]));
  expect(list.querySelector<HTMLElement>(".inv-track")?.style.width).toBe(`${54 * COUNT}px`);
  await scroll(54 * 2000);
  expect(options().length).toBeLessThan(60);
  expect(names()).toContain("p2000.jpg");
  expect(names()).toContain("p2025.jpg");
  // The chosen one is still there: the Tab key leads to it.
  expect(places()[0]).toBe(1);
  expect(
    options()
      .filter((one) => one.tabIndex === 0)
      .map((one) => one.getAttribute("aria-posinset")),
  ).toEqual(["1"]);
  expect(places()).toEqual([...places()].sort((one, two) => one - two));
  expect(options()[1]?.style.left).toBe(`${54 * ((places()[1] ?? 0) - 1)}px`);
});

it("asks for thumbnails in sight when the scrolling ends", async () => {
  const { sent, scroll } = await show();
  const asked = () => sent.filter(({ kind }) => kind === "thumbnails").map(({ keys }) => (keys as string[])[0]);
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(asked()).toEqual(["1"]); // of the first the thumbnail came with it
  await scroll(54 * 500);
  await scroll(54 * 2000);
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(asked()).toEqual(["1"]); // one question at a time
});

it("moves by arrows, screenfuls, Home and End, and the focus goes along", async () => {
  const { options, press, state, list } = await show();
  options()[0]?.focus();
  const focused = () => document.activeElement?.getAttribute("aria-label");
  await press("ArrowRight");
  expect([state.get("picture"), focused()]).toEqual(["p1.jpg", "p1.jpg, c1"]);
  await press("End");
  expect([state.get("picture"), focused()]).toEqual(["p2999.jpg", "p2999.jpg, c3"]);
  expect(document.activeElement?.getAttribute("aria-selected")).toBe("true");
  expect(list.scrollLeft).toBeGreaterThan(54 * 2900);
  expect(options().length).toBeLessThan(60);
  await press("ArrowRight");
  expect(focused()).toBe("p2999.jpg, c3");
  await press("PageUp");
  expect(focused()).toBe("p2971.jpg, c3");
  await press("Home");
  expect([focused(), list.scrollLeft]).toEqual(["p0.jpg, c0", 0]);
  await press("PageDown");
  expect(focused()).toBe("p28.jpg, c0");
  expect(options().filter((one) => one.tabIndex === 0)).toEqual([document.activeElement]);
});

it("keeps what has the focus where another view chooses far away, and does not take the focus there", async () => {
  const { options, state, names, list } = await show();
  options()[0]?.focus();
  state.set("picture", "p1500.jpg");
  await settle();
  expect(document.activeElement?.getAttribute("aria-label")).toBe("p0.jpg, c0");
  expect(list.querySelector("[aria-selected=true]")?.getAttribute("aria-posinset")).toBe("1501");
  expect(names()).toContain("p1500.jpg");
  (document.activeElement as HTMLElement).blur();
  state.set("picture", "p2500.jpg");
  await settle();
  expect(names()).not.toContain("p0.jpg");
  expect(document.activeElement).toBe(document.body);
});

it("finds among all names and classes, and shows from the first that was found", async () => {
  const { search, names, places, options, scroll, list, press } = await show();
  await scroll(54 * 2000);
  await search("p299");
  expect(names()).toEqual(["p299.jpg", ...Array.from({ length: 10 }, (_, i) => `p299${i}.jpg`)]);
  expect(places()).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
  expect(options()[0]?.getAttribute("aria-setsize")).toBe("11");
  expect([list.scrollLeft, options()[0]?.tabIndex]).toEqual([0, 0]);
  options()[2]?.click();
  await settle();
  expect(options()[2]?.getAttribute("aria-selected")).toBe("true");
  options()[2]?.focus();
  await press("ArrowRight");
  expect(document.activeElement?.getAttribute("aria-label")).toBe("p2992.jpg, c3");
  await search("");
  expect(names()).toContain("p2992.jpg"); // what is chosen is in sight
  expect(options()[0]?.getAttribute("aria-setsize")).toBe("3000");
  await search("nothing of the kind");
  expect(options()).toEqual([]);
  expect(list.textContent).toBe("No picture is called so.");
});

it("of withheld pictures says the number alone, wherever they stand", async () => {
  const { model, scroll, search, options, el } = await show();
  const heads = model.get("_pictures") as Record<string, unknown>[];
  model.set(
    "_pictures",
    heads.map((head, i) => (i % 2 ? { key: String(i), withheld: true } : head)),
  );
  await scroll(54 * 2000);
  const one = options().find((option) => option.getAttribute("aria-posinset") === "2002");
  expect([one?.textContent, one?.getAttribute("aria-label")]).toEqual([
    "2002",
    "Picture 2,002, hidden until you have played it",
  ]);
  expect(el.innerHTML).not.toContain("p2001.jpg");
  await search("2002"); // by its number, and the name of another
  expect(options().map((option) => option.textContent)).toEqual(["2002", "p"]);
});
