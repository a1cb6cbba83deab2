import { beforeEach, describe, expect, it, vi } from "vitest";
import { LocalModel } from "../core/model";
import { bytes, ChannelMaps, type Picture } from "../core/payload";
import { settle, standIns } from "../core/stand_ins";
import { KEPT_BYTES } from "./channel_maps";
import { examplePicture, packed, sentPicture } from "./example";
import front from "./index";

const view = standIns();

// Without a layout everything is 0 wide, and a detail of no width shows nothing.
beforeEach(() => {
  vi.spyOn(HTMLElement.prototype, "clientWidth", "get").mockReturnValue(400);
});

/** A run whose channels' thumbnails stand in the kernel; a closed one where there is no kernel any more. */
async function show(names: string[], { live = true, version = 0 } = {}) {
  const whole = names.map((name, i) => ({ ...examplePicture(`${name}.jpg`, name), key: String(i) }));
  const less = whole.map(({ thumbnails, ...rest }) => sentPicture(version ? { ...rest, version } : rest));
  const heard: ((...args: unknown[]) => void)[] = [];
  const asked: Record<string, unknown>[] = [];
  const model = new LocalModel({ state: "anywidget:s", _pictures: less }) as LocalModel & { widget_manager?: unknown };
  const on = model.on.bind(model);
  model.on = (event, callback) => (event === "msg:custom" ? heard.push(callback) : on(event, callback));
  model.send = (content) => asked.push(content as Record<string, unknown>);
  if (!live) model.widget_manager = { get_model: async () => ({ comm_live: false }) };
  const answer = async (question: number, content: Record<string, unknown> = { version }, thumbnails?: Uint8Array) => {
    const { id, key } = asked[question] as { id: string; key: string };
    for (const hear of heard) hear({ id, ...content }, [thumbnails ?? whole[Number(key)]?.thumbnails]);
    await settle();
  };
  const state = new LocalModel();
  const el = document.createElement("div");
  document.body.append(el);
  view.undo.push(await front().render({ model, el, host: { getModel: async () => state } }));
  await settle();
  const open = async (id: string | null) => {
    state.set("cluster_map", id);
    await settle();
  };
  const here = () => [...el.querySelectorAll<HTMLElement>(".inv-channel")].map((one) => one.dataset.here);
  const missing = () => el.querySelector<HTMLElement>(".inv-channels-missing");
  const keys = () => asked.filter(({ kind }) => kind === "channels").map(({ key }) => key);
  return { el, state, model, asked, less, answer, open, here, missing, keys };
}

describe("thumbnails of channels that stand in the kernel", () => {
  it("are asked for when a detail is opened, then those of the pictures beside it", async () => {
    const { el, state, answer, open, here, keys } = await show(["ant", "bee", "cat", "dog"]);
    expect(keys()).toEqual([]);
    const drawn = vi.spyOn(ChannelMaps.prototype, "thumbnail");
    state.set("picture", "bee.jpg");
    await open("id-1-0");
    expect([keys(), here()]).toEqual([["1"], ["false", "false"]]);
    // Numbers and weights are here.
    expect(el.querySelector(".inv-channels")?.textContent).toBe("#420.00\u00a0%#510.00\u00a0%");
    await answer(0);
    expect(here()).toEqual(["true", "true"]);
    expect(drawn.mock.results.slice(-2).map(({ value }) => [...value])).toEqual([
      [16, 17, 18, 19],
      [20, 21, 22, 23],
    ]);
    expect(keys()).toEqual(["1", "2"]);
    await answer(1);
    await answer(2);
    expect(keys()).toEqual(["1", "2", "0"]);
    // What is here is not asked for again.
    await open(null);
    state.set("picture", "cat.jpg");
    await open("id-0-1");
    expect([keys(), here()]).toEqual([
      ["1", "2", "0", "3"],
      ["true", "true"],
    ]);
  });

  it("that do not come leave calm words, and can be asked for again", async () => {
    const { answer, open, here, missing, keys } = await show(["ant", "bee"]);
    await open("id-0-0");
    expect(missing()).toBeNull();
    await answer(0, { error: "[inv-widgets] The file run.parquet was removed." });
    expect([here(), keys()]).toEqual([["false", "false"], ["0"]]);
    expect(missing()?.getAttribute("role")).toBe("status");
    expect(missing()?.textContent).toBe("The file run.parquet was removed.Try again");
    missing()?.querySelector("button")?.click();
    await settle();
    expect([keys(), missing()]).toEqual([["0", "0"], null]);
    await answer(1);
    expect([here(), missing()]).toEqual([["true", "true"], null]);
  });

  it("of a picture beside it that did not come are asked for anew when it is looked at", async () => {
    const { state, answer, open, here, missing, keys } = await show(["ant", "bee"]);
    await open("id-0-0");
    await answer(0);
    await answer(1, { error: "[inv-widgets] The disk is asleep." });
    expect(missing()).toBeNull();
    await open(null);
    state.set("picture", "bee.jpg");
    await open("id-0-0");
    expect([keys(), missing()]).toEqual([["0", "1", "1"], null]);
    await answer(2);
    expect(here()).toEqual(["true", "true"]);
  });

  it("say so at once where there is no kernel any more", async () => {
    const { open, here, missing } = await show(["ant"], { live: false });
    await open("id-0-0");
    expect(here()).toEqual(["false", "false"]);
    expect(missing()?.textContent).toContain("come from the kernel, which does not answer");
  });

  it("say so where nobody answers", async () => {
    const { open, missing, state } = await show(["ant"]);
    vi.useFakeTimers();
    try {
      state.set("cluster_map", "id-0-0");
      await vi.advanceTimersByTimeAsync(1000);
      expect(missing()).toBeNull();
      await vi.advanceTimersByTimeAsync(30_000);
      expect(missing()?.textContent).toContain("come from the kernel, which does not answer");
    } finally {
      vi.useRealTimers();
    }
    await open(null);
    expect(missing()).toBeNull();
  });

  it("of a run that was replaced meanwhile are not taken", async () => {
    const { model, less, answer, open, here, keys } = await show(["ant"], { version: 1 });
    await open("id-0-0");
    await answer(0, { version: 2 });
    expect(here()).toEqual(["false", "false"]);
    model.set("_pictures", [{ ...less[0], version: 2 }]);
    await settle();
    expect(keys()).toEqual(["0", "0"]);
    await answer(1, { version: 2 });
    expect(here()).toEqual(["true", "true"]);
  });

  it("stay with their pictures for a saved notebook, as many as fit, those that came last", async () => {
    const { state, model, asked, answer, open } = await show(["ant", "bee", "cat"]);
    const kept = () =>
      (model.get("_pictures") as Picture[]).map(({ thumbnails }) => thumbnails && [...bytes(thumbnails)]);
    const save = vi.spyOn(model, "save_changes");
    await open("id-0-0");
    await answer(0);
    await answer(1);
    const each = [...bytes(examplePicture().thumbnails)];
    expect(kept()).toEqual([each, each, undefined]);
    // Sixteen stored blocks of 62,500 bytes, the last one marked as such.
    const block = [...packed(new Uint8Array(62_495))];
    const large = Uint8Array.from(Array.from({ length: 16 }, (_, i) => [i === 15 ? 1 : 0, ...block.slice(1)]).flat());
    expect(large.length).toBe(KEPT_BYTES);
    await open(null);
    state.set("picture", "cat.jpg");
    await open("id-0-0");
    await answer(asked.length - 1, { version: 0 }, large);
    expect(kept().map((one) => one?.length)).toEqual([undefined, undefined, KEPT_BYTES]);
    expect(save).not.toHaveBeenCalled();
  });
});
