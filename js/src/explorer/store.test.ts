import { expect, it, vi } from "vitest";
import { LocalModel } from "../core/model";
import { answered, examplePicture } from "./example";
import { fitting } from "./fitting";
import { Store } from "./store";

it.each([
  [1440, 9, 142],
  [1200, 9, 144],
  [1216, 9, 117],
  [1440, 5, 192],
  [400, 9, 144],
  [0, 9, 144],
  [800, 0, 144],
])("fits cards to a view of %i px with %i columns: %i", (width, columns, size) => {
  expect(fitting(width, columns)).toBe(size);
});

function storeOf(names: [string, string][], state = new LocalModel()) {
  const pictures = names.map(([name, target], i) => ({ ...examplePicture(name, target), key: String(i) }));
  return { store: new Store(new LocalModel({ _pictures: pictures }), state), state, pictures };
}

it("shows what State names, else the first, else stays where it was", () => {
  const { store, state } = storeOf([
    ["dog.jpg", "dog"],
    ["dog.jpg", "wolf"],
    ["cat.jpg", "cat"],
  ]);
  expect(store.head.value?.key).toBe("0");
  state.set("target", "wolf");
  expect(store.head.value?.key).toBe("1");
  state.set("picture", "cat.jpg");
  expect(store.head.value?.key).toBe("2");
  state.set("picture", "not in this run.jpg");
  expect(store.head.value?.key).toBe("2");
});

it("tells two pictures of one name apart by the click", () => {
  const { store, pictures } = storeOf([
    ["dog.jpg", "dog"],
    ["dog.jpg", "dog"],
  ]);
  store.choose(pictures[1] as (typeof pictures)[1]);
  expect(store.head.value?.key).toBe("1");
});

it("goes through all cluster maps that are shown, and stops at the ends", () => {
  const { store } = storeOf([["dog.jpg", "dog"]]);
  store.share({ cluster_map: "id-0-1" });
  expect(store.neighbour(1)?.cluster.id).toBe("id-1-0");
  expect(store.neighbour(-1)?.cluster.id).toBe("id-0-0");
  store.share({ cluster_map: "id-1-1" });
  expect(store.neighbour(1)).toBeUndefined();
  store.set({ hidden_layers: ["features.0"] });
  expect(store.columns.value.map(({ layer }) => layer)).toEqual(["features.1"]);
  store.share({ cluster_map: "id-1-0" });
  expect(store.neighbour(-1)).toBeUndefined();
});

const withheld = (key: string) => ({ key, withheld: true }) as const;

it("forgets a loaded picture that is withheld, and its pictures in the browser", async () => {
  vi.stubGlobal(
    "createImageBitmap",
    vi.fn(async () => ({ width: 8, height: 6, close() {} })),
  );
  URL.createObjectURL = () => "blob:dog";
  const revoke = vi.spyOn(URL, "revokeObjectURL").mockImplementation(() => {});
  const dog = { ...examplePicture("dog.jpg", "dog"), key: "0" };
  const model = new LocalModel({ _pictures: [{ key: "0", name: "dog.jpg", target_name: "dog" }] });
  const sent: Record<string, unknown>[] = [];
  model.send = (content) => sent.push(content as Record<string, unknown>);
  const heard: ((...args: unknown[]) => void)[] = [];
  model.on = new Proxy(model.on, {
    apply: (on, self, [event, callback]) => {
      if (event === "msg:custom") heard.push(callback);
      else on.call(self, event, callback);
    },
  });
  const store = new Store(model, new LocalModel());
  const reply = (question: number) => {
    const [picture, buffers] = answered(dog);
    for (const hear of heard) hear({ id: sent[question]?.id, picture }, buffers);
  };
  const ask = () => {
    const head = store.head.value;
    if (head) store.load(head);
  };
  const soon = () => new Promise((resolve) => setTimeout(resolve));

  ask();
  reply(0);
  await soon();
  const loaded = store.picture.value;
  expect(loaded?.name).toBe("dog.jpg");
  if (loaded) void store.image(loaded);
  if (loaded) store.thumbnail(loaded);
  model.set("_pictures", [withheld("0")]);
  expect(store.head.value).toEqual(withheld("0"));
  expect(store.picture.value).toBeUndefined();
  expect(store.columns.value).toEqual([]);
  expect(revoke).toHaveBeenCalledWith("blob:dog");
  ask();
  expect(sent).toHaveLength(1);

  // Released, asked for, withheld again: the answer that comes then is not shown, nor kept for later.
  model.set("_pictures", [{ key: "0", name: "dog.jpg", target_name: "dog" }]);
  expect(store.picture.value).toBeUndefined();
  ask();
  model.set("_pictures", [withheld("0")]);
  reply(1);
  await soon();
  model.set("_pictures", [{ key: "0", name: "dog.jpg", target_name: "dog" }]);
  expect(store.picture.value).toBeUndefined();
  expect(store.head.value).toEqual({ key: "0", name: "dog.jpg", target_name: "dog" });
  ask();
  reply(2);
  await soon();
  expect(store.picture.value?.name).toBe("dog.jpg");
  vi.unstubAllGlobals();
});

it("opens the card of a withheld picture without telling State, and follows State from there", () => {
  const [cat, fox] = ["cat.jpg", "fox.jpg"].map((name, i) => ({ ...examplePicture(name, "x"), key: String(i) }));
  const model = new LocalModel({ _pictures: [cat, fox, withheld("2")] });
  const state = new LocalModel({ picture: "cat.jpg", target: "x" });
  const store = new Store(model, state);
  store.choose(withheld("2"));
  expect(store.head.value?.key).toBe("2");
  expect(state.get("picture")).toBe("cat.jpg");
  state.set("picture", "fox.jpg");
  expect(store.head.value?.key).toBe("1");
  store.choose(withheld("2"));
  const released = { ...examplePicture("owl.jpg", "owl"), key: "2" };
  model.set("_pictures", [cat, fox, released]);
  expect(store.head.value?.key).toBe("2");
  expect(state.get("picture")).toBe("owl.jpg");
});

it("keeps showing a picture until its newer labels have come, and drops what is gone", async () => {
  const sent: Record<string, unknown>[] = [];
  const heard: ((...args: unknown[]) => void)[] = [];
  const head = (version: number) => ({ key: "0", name: "dog.jpg", target_name: "dog", version });
  const model = new LocalModel({ _pictures: [head(1), { ...head(1), key: "1", name: "cat.jpg" }] });
  model.send = (content) => sent.push(content as Record<string, unknown>);
  const on = model.on.bind(model);
  model.on = (event, callback) => {
    if (event === "msg:custom") heard.push(callback);
    on(event, callback);
  };
  const store = new Store(model, new LocalModel());
  const reply = async (question: number, version: number, label: string) => {
    const [picture, buffers] = answered({ ...examplePicture("dog.jpg", "dog", [label]), key: "0", version });
    for (const hear of heard) hear({ id: sent[question]?.id, picture }, buffers);
    await new Promise((resolve) => setTimeout(resolve));
  };
  const label = () => store.picture.value?.columns[0]?.cluster_maps[0]?.labels[0]?.name;
  store.load(head(1));
  await reply(0, 1, "ear");
  expect([label(), sent.length]).toEqual(["ear", 1]);
  // Twice in a row: the first answer is overtaken.
  model.set("_pictures", [head(2), head(2)]);
  expect([label(), sent.length]).toEqual(["ear", 2]);
  model.set("_pictures", [head(3), head(3)]);
  expect([label(), sent.length]).toEqual(["ear", 3]);
  await reply(1, 2, "overtaken");
  expect(label()).toBe("ear");
  await reply(2, 3, "snout");
  expect([label(), sent.length]).toEqual(["snout", 3]);
  // A whole one that comes by itself counts, too.
  model.set("_pictures", [{ ...examplePicture("dog.jpg", "dog", ["paw"]), key: "0", version: 4 }]);
  expect([label(), sent.length]).toEqual(["paw", 3]);
  // Another run: nothing of the old one is taken for it.
  model.set("_pictures", [head(5)]);
  store.load(head(5));
  await reply(3, 5, "paw");
  model.set("_pictures", []);
  model.set("_pictures", [head(6)]);
  expect(store.picture.value).toBeUndefined();
});
