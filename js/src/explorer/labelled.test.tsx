import { beforeEach, describe, expect, it, vi } from "vitest";
import { LocalModel, type Model } from "../core/model";
import { ChannelMaps, type ClusterMap, type Picture } from "../core/payload";
import { press, settle, standIns } from "../core/stand_ins";
import { examplePicture, labelledPicture } from "./example";
import front from "./index";
import { ofWindow } from "./rounds";

const view = standIns();

// Without a layout everything is 0 wide, and a detail of no width shows nothing.
beforeEach(() => {
  vi.spyOn(HTMLElement.prototype, "clientWidth", "get").mockReturnValue(400);
});

async function show(picture: Picture, state: Model = new LocalModel()) {
  const model = new LocalModel({ state: "anywidget:s", _pictures: [picture] });
  const el = document.createElement("div");
  document.body.append(el);
  view.undo.push(await front().render({ model, el, host: { getModel: async () => state } }));
  await settle();
  const detail = () => el.querySelector<HTMLElement>(".inv-detail") as HTMLElement;
  const part = (name: string) => detail().querySelector<HTMLElement>(`section[aria-label="${name}"]`);
  const members = () => [...detail().querySelectorAll<HTMLButtonElement>("[data-member]")];
  return { el, state, detail, part, members };
}

const opened = () => show(labelledPicture(), new LocalModel({ cluster_map: "merged" }));
const words = (element: Element | null | undefined) => element?.textContent?.replace(/\s+/g, " ").trim();
/** The first cluster map, with other labels and nothing merged. */
function called(labels: ClusterMap["labels"]): Picture {
  const picture = examplePicture();
  const cluster = picture.columns[0]?.cluster_maps[0] as ClusterMap;
  cluster.labels = labels;
  return { ...picture, support: { rounds: 3, players: 2 } };
}

describe("a card", () => {
  it("is headed by its best labels; its number and how many were merged stand quietly", async () => {
    const { el } = await show(labelledPicture());
    const card = el.querySelector('[data-id="merged"]');
    expect(card?.getAttribute("aria-label")).toBe("cluster 1, 56.9\u00a0%, 6 maps, merged of 2, labels: arch");
    expect(card?.querySelector(".inv-card-labels")?.textContent).toBe("arch");
    expect(card?.querySelector(".inv-card-labels")?.getAttribute("data-low")).toBe("false");
    expect(words(card?.querySelector(".inv-card-foot"))).toBe("cluster 12 merged");
    expect(el.querySelector('[data-id="id-0-0"] .inv-card-labels')).toBeNull();
  });

  it("is marked where few stand behind its label", async () => {
    const { el } = await show(called([{ name: "edge", score: 1, best: true, rounds: 1, players: 1, low: true }]));
    const label = el.querySelector('[data-id="id-0-0"] .inv-card-labels');
    expect(label?.getAttribute("data-low")).toBe("true");
    expect(label?.getAttribute("title")).toBe("edge (low support)");
  });
});

describe("the detail of a merged cluster map", () => {
  it("has all labels with their scores, stacked by member", async () => {
    const { detail, part } = await opened();
    expect(detail().querySelector("h3")?.textContent).toBe("arch");
    const rows = [...(part("Labels")?.querySelectorAll(".inv-labels > li") ?? [])];
    expect(rows.map((row) => row.querySelector(".inv-label-name")?.textContent)).toEqual(["arch", "roof", "stone"]);
    expect(rows.map((row) => row.querySelector(".inv-number")?.textContent)).toEqual(["4.48", "1.15", "0.43"]);
    const bars = rows.map((row) => [...row.querySelectorAll<HTMLElement>(".inv-label-bar > span")]);
    const colours = bars.map((bar) => bar.map((each) => each.style.getPropertyValue("--member")));
    expect(colours).toEqual([
      ["var(--inv-member-1)", "var(--inv-member-2)"],
      ["var(--inv-member-2)"],
      ["var(--inv-member-1)"],
    ]);
    // The longest bar is full, and the others keep its scale.
    const lengths = bars.map((bar) => bar.reduce((sum, each) => sum + Number.parseFloat(each.style.width), 0));
    expect(lengths[0]).toBeCloseTo(100, 1);
    expect(lengths[1]).toBeCloseTo((100 * 1.1538) / 4.4769, 1);
    expect(rows.map((row) => row.getAttribute("data-low"))).toEqual(["false", "false", "true"]);
    expect(words(rows[0]?.querySelector(".inv-visually-hidden"))).toBe(
      "member 1 3.32; member 2 1.15; 10 rounds, 8 players",
    );
    expect(words(rows[2]?.querySelector(".inv-visually-hidden"))).toBe(
      "member 1 0.43; 2 rounds, 2 players; low support",
    );
    expect(words(part("Labels")?.querySelector(".inv-note"))).toBe(
      "low support: fewer than 3 rounds or 2 players said it",
    );
    expect(words(part("Labels")?.querySelector(".inv-legend"))).toBe("member 1member 2");
  });

  it("tells wins, losses, resigns and what was shown", async () => {
    const { part } = await opened();
    expect(words(part("Rounds"))).toContain("Rounds 10 by 8 players");
    expect([...(part("Rounds")?.querySelectorAll("li") ?? [])].map(words)).toEqual(["7won", "2lost", "1resigned"]);
    expect(words(part("Rounds"))).toContain("8.4 % of the picture was shown when they answered, on average (step 1.6)");
    expect(part("Rounds")?.querySelectorAll("canvas")).toHaveLength(1);
  });

  it("has the channels of all members, heaviest first, with their thumbnails", async () => {
    const thumbnail = vi.spyOn(ChannelMaps.prototype, "thumbnail");
    const { detail } = await opened();
    expect(thumbnail.mock.results.map(({ value }) => [...value])).toEqual([
      [16, 17, 18, 19],
      [24, 25, 26, 27],
    ]);
    const channels = [...detail().querySelectorAll(".inv-channels li, .inv-channels-plain li")].map(
      (each) => each.querySelector(".inv-number")?.textContent,
    );
    expect(channels).toEqual(["#4", "#300", "#5", "#7", "#6", "#70000"]);
    expect(detail().querySelectorAll(".inv-channels canvas")).toHaveLength(2);
  });

  it("opens into its members one by one, and leads back", async () => {
    const { state, detail, part, members } = await opened();
    expect(members().map((each) => each.getAttribute("aria-label"))).toEqual([
      "Open member 1: cluster 1, 35.0\u00a0%, 3 maps, labels: arch",
      "Open member 2: cluster 2, 21.9\u00a0%, 3 maps, labels: arch, roof",
    ]);
    members()[1]?.click();
    await settle();
    expect(state.get("cluster_map")).toBe("id-1-1");
    expect(detail().getAttribute("aria-label")).toBe("member 2 of cluster 1 of block 1, layer 2");
    expect(detail().querySelector("h3")?.textContent).toBe("arch, roof");
    expect(document.activeElement).toBe(detail().querySelector("h3"));
    expect(members()).toEqual([]);
    expect(words(part("Rounds"))).toContain("Rounds 4 by 4 players");
    expect(detail().querySelector<HTMLElement>(".inv-label-bar > span")?.style.width).toBe("100%");
    // The card of the merged one stays chosen.
    expect(detail().parentElement?.querySelector('[data-id="merged"]')?.getAttribute("aria-expanded")).toBe("true");

    const button = (name: string) => detail().querySelector<HTMLButtonElement>(`button[aria-label="${name}"]`);
    expect(button("Next member")?.getAttribute("aria-disabled")).toBe("true");
    button("Previous member")?.click();
    await settle();
    expect(state.get("cluster_map")).toBe("id-1-0");
    detail().querySelector<HTMLButtonElement>("nav button")?.click();
    await settle();
    expect(state.get("cluster_map")).toBe("merged");
    expect(document.activeElement).toBe(members()[0]);
    members()[1]?.click();
    await settle();
    detail().querySelector<HTMLButtonElement>("nav button")?.click();
    await settle();
    expect(document.activeElement).toBe(members()[1]);
    expect(members().map(({ tabIndex }) => tabIndex)).toEqual([-1, 0]);
  });

  it("opens at a member that another view names, such as a round of the game", async () => {
    const state = new LocalModel();
    const { detail } = await show(labelledPicture(), state);
    state.set("cluster_map", "id-1-1");
    await settle();
    expect(detail().getAttribute("aria-label")).toBe("member 2 of cluster 1 of block 1, layer 2");
    // It was not opened here: it does not take the focus.
    expect(detail().contains(document.activeElement)).toBe(false);
    press(detail(), "Escape");
    await settle();
    expect(detail()).toBeNull();
    expect(state.get("cluster_map")).toBeNull();
  });

  it("is walked by arrows from member to member, and every stop is marked for JupyterLab", async () => {
    const { detail, members } = await opened();
    members()[0]?.focus();
    press(document.activeElement, "ArrowRight");
    await settle();
    expect(document.activeElement).toBe(members()[1]);
    expect(members().map(({ tabIndex }) => tabIndex)).toEqual([-1, 0]);
    members()[1]?.click();
    await settle();
    const focusable = [...detail().querySelectorAll("button, input, [tabindex]")];
    expect(focusable.length).toBeGreaterThan(4);
    expect(focusable.filter((element) => !element.hasAttribute("data-lm-suppress-shortcuts"))).toEqual([]);
  });
});

describe("the labels of one cluster map", () => {
  const open = async (picture: Picture) => show(picture, new LocalModel({ cluster_map: "id-0-0" }));

  it("come in hundreds where there are thousands", async () => {
    const many = Array.from({ length: 5000 }, (_, i) => ({ name: `word ${i}`, score: 5000 - i, best: i === 0 }));
    const { part } = await open(called(many));
    const rows = () => part("Labels")?.querySelectorAll(".inv-labels > li").length;
    expect(rows()).toBe(8);
    const more = part("Labels")?.querySelector("button");
    expect(more?.textContent).toBe("100 more of 4,992");
    more?.click();
    await settle();
    expect(rows()).toBe(108);
  });

  it("are text, never markup", async () => {
    const nasty = ["<img src=x onerror=alert(1)>", "🦊 fox", "עברית"];
    const { detail, part } = await open(called(nasty.map((name) => ({ name, score: 1, best: true }))));
    expect(detail().querySelectorAll("img, script")).toHaveLength(0);
    expect([...(part("Labels")?.querySelectorAll(".inv-label-name") ?? [])].map((each) => each.textContent)).toEqual(
      nasty,
    );
    expect(part("Labels")?.querySelector(".inv-label-name")?.getAttribute("dir")).toBe("auto");
  });

  it("can be missing: then nothing of it is shown, and who did not play is told", async () => {
    const plain = await show(examplePicture(), new LocalModel({ cluster_map: "id-0-0" }));
    for (const name of ["Labels", "Members", "Rounds"]) expect(plain.part(name)).toBeNull();
    const labelled = await open(called([]));
    expect(words(labelled.part("Rounds"))).toBe("RoundsNobody has played this cluster map yet.");
  });
});

it("shows as many pixels as the game did, whatever part of the picture the network saw", () => {
  const picture = labelledPicture();
  expect(ofWindow({ ...picture, window: [0, 0, 1, 1] }, 8)).toBe(8);
  expect(ofWindow({ ...picture, window: [0.25, 0, 0.5, 1] }, 8)).toBe(16);
  expect(ofWindow({ ...picture, window: [0, -0.5, 1, 2] }, 8)).toBe(4);
  expect(ofWindow({ ...picture, window: [0, 0, 0.2, 0.2] }, 30)).toBe(100);
});
