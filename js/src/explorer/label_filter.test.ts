import { expect, it } from "vitest";
import { LocalModel } from "../core/model";
import { examplePicture } from "./example";
import { carries, carrying, filtered } from "./label_filter";
import { Store } from "./store";

function pictures() {
  const [dog, cat] = [examplePicture("dog.jpg", "dog", ["ear"]), examplePicture("cat.jpg", "cat", ["tail"])];
  const [first, second] = dog.columns[0]?.cluster_maps ?? [];
  if (first)
    first.labels = [
      { name: "wheel", score: 2 },
      { name: "ear", score: 1 },
    ];
  if (second)
    second.labels = [
      { name: "wheel", score: 1 },
      { name: "ear", score: 1 },
    ];
  return [dog, cat].map((picture, i) => ({ ...picture, key: String(i) }));
}

const opened = (state = new LocalModel(), sent: object[] = pictures()) =>
  ({ store: new Store(new LocalModel({ _pictures: sent }), state), state }) as const;

const ids = (store: Store) => store.columns.value.map(({ cluster_maps }) => cluster_maps.map(({ id }) => id));

it("takes the best labels only, ties included", () => {
  const [dog] = pictures();
  const [first, second] = dog?.columns[0]?.cluster_maps ?? [];
  if (!first || !second) throw new Error("no example");
  expect([carries(first, "wheel"), carries(first, "ear"), carries(second, "ear")]).toEqual([true, false, true]);
});

it("shows only the cluster maps that carry the label, in every picture, until it is let go", () => {
  const { store, state } = opened();
  const all = ids(store);
  state.set("label", "wheel");
  expect(store.filter.value).toBe("wheel");
  expect(ids(store)).toEqual([["id-0-0", "id-0-1"], []]);
  state.set("picture", "cat.jpg");
  expect(ids(store)).toEqual([[], []]);
  store.share({ label: null });
  state.set("picture", "dog.jpg");
  expect(ids(store)).toEqual(all);
});

it("knows which pictures carry it, and where it cannot know", () => {
  const far = { key: "2", name: "far.jpg", target_name: "dog" };
  const told = [
    { ...far, key: "3", labels: ["ear", "wheel"] },
    { ...far, key: "4", labels: [] },
    { key: "5", withheld: true },
  ];
  const { store } = opened(undefined, [...pictures(), far, ...told]);
  store.share({ label: "wheel" });
  const known = store.heads.value.map((head) => carrying(head, "wheel"));
  expect(known).toEqual([true, false, undefined, true, false, undefined]);
  expect(store.carrier.value?.name).toBe("dog.jpg");
});

it("leads to a picture that has not come yet, where it was told what that one carries", () => {
  const heads = ["one.jpg", "two.jpg"].map((name, i) => ({
    key: `${i}`,
    name,
    target_name: "dog",
    labels: [`word ${i}`],
  }));
  const { store } = opened(undefined, heads);
  store.share({ label: "word 1" });
  expect([store.filter.value, store.carrier.value?.name]).toEqual(["word 1", "two.jpg"]);
});

it("hides nothing in a run without labels", () => {
  const { store, state } = opened(undefined, [{ ...examplePicture("dog.jpg", "dog"), key: "0" }]);
  const all = ids(store);
  state.set("label", "wheel");
  expect(store.filter.value).toBeNull();
  expect(ids(store)).toEqual(all);
});

it("keeps what is open open", () => {
  const { store } = opened();
  store.share({ cluster_map: "id-1-0", label: "wheel" });
  expect(store.open.value?.cluster.id).toBe("id-1-0");
});

it("says of how many cluster maps those that are left are", () => {
  const [dog] = pictures();
  const columns = filtered(dog?.columns ?? [], "wheel");
  expect(columns.map(({ of, cluster_maps }) => [cluster_maps.length, of])).toEqual(
    (dog?.columns ?? []).map(({ cluster_maps }) => [
      cluster_maps.filter((each) => carries(each, "wheel")).length,
      cluster_maps.length,
    ]),
  );
  expect(columns.some(({ of, cluster_maps }) => of !== cluster_maps.length)).toBe(true);
});
