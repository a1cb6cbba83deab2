import { expect, it } from "vitest";
import { LocalModel } from "../core/model";
import { isWhole } from "../core/payload";
import { answered, examplePicture } from "./example";
import { KEPT_PICTURES, Pictures } from "./pictures";

const head = (i: number) => ({ key: String(i), name: `${i}.jpg`, target_name: "dog" });
const soon = () => new Promise((resolve) => setTimeout(resolve));

function bigRun(length: number) {
  const model = new LocalModel({ _pictures: Array.from({ length }, (_, i) => head(i)) });
  const sent: { id: string; key: string }[] = [];
  model.send = (content) => sent.push(content as (typeof sent)[0]);
  let listener: (...args: unknown[]) => void = () => {};
  const on = model.on.bind(model);
  model.on = (event, callback) => {
    if (event === "msg:custom") listener = callback;
    else on(event, callback);
  };
  const pictures = new Pictures(model, () => {});
  const answer = async (question: number) => {
    const { id, key } = sent[question] ?? { id: "", key: "" };
    const [picture, buffers] = answered({ ...examplePicture(`${key}.jpg`, "dog", ["ear"]), key });
    listener({ id, picture }, buffers);
    await soon();
  };
  const fail = async (question: number) => {
    listener({ id: sent[question]?.id, error: "cut off" }, []);
    await soon();
  };
  const asked = () => sent.map(({ key }) => key);
  const whole = () => pictures.heads.value.filter(isWhole).map(({ key }) => key);
  return { model, pictures, sent, asked, answer, fail, whole };
}

it("has two on their way at most, and then asks for the last one that was looked at", async () => {
  const { pictures, asked, answer, whole } = bigRun(100);
  for (let i = 0; i < 50; i++) pictures.load(head(i)); // an arrow key held down
  expect(asked()).toEqual(["0", "1"]);
  await answer(0);
  expect(asked()).toEqual(["0", "1", "49"]);
  await answer(1);
  await answer(2);
  expect(whole()).toEqual(["0", "1", "49"]);
  pictures.load(head(7));
  expect(asked()).toEqual(["0", "1", "49", "7"]);
});

it("goes on after one that failed", async () => {
  const { pictures, asked, answer, fail, whole } = bigRun(100);
  for (const i of [1, 2, 3]) pictures.load(head(i));
  await fail(0);
  expect([...pictures.failures.value.keys()]).toEqual(["1"]);
  expect(asked()).toEqual(["1", "2", "3"]);
  await answer(2);
  expect(whole()).toEqual(["3"]);
});

it("asks for one whose columns are damaged; the others are there", async () => {
  const { model, pictures, asked, answer, whole } = bigRun(2);
  model.set("_pictures", [{ ...head(0), columns: new Uint8Array([7, 7, 7]) }, head(1)]);
  const [damaged] = pictures.heads.value;
  if (damaged) pictures.load(damaged);
  expect(asked()).toEqual(["0"]);
  await answer(0);
  expect(whole()).toEqual(["0"]);
});

it("does not ask for one that was withheld while it waited", async () => {
  const { model, pictures, asked, answer } = bigRun(5);
  for (const i of [1, 2, 3]) pictures.load(head(i));
  model.set("_pictures", [head(0), head(1), head(2), { key: "3", withheld: true }, head(4)]);
  await answer(0);
  expect(asked()).toEqual(["1", "2"]);
});

it("keeps those looked at last, knows what the others were called, and asks for them anew", async () => {
  const { pictures, asked, answer, whole } = bigRun(100);
  for (let i = 0; i < KEPT_PICTURES; i++) {
    pictures.load(head(i));
    await answer(i);
  }
  const first = pictures.heads.value[0];
  expect(first && isWhole(first)).toBe(true);
  if (first && isWhole(first)) pictures.show(first); // the one on screen is let go last
  for (const i of [80, 81]) {
    pictures.load(head(i));
    await answer(asked().length - 1);
  }
  expect(whole()).toHaveLength(KEPT_PICTURES);
  expect(whole()).toContain("0");
  expect(whole()).not.toContain("1");
  expect(whole()).not.toContain("2");
  expect(pictures.heads.value[1]).toEqual({
    ...{ key: "1", name: "1.jpg", target_name: "dog", target: [3], target_probability: 0.75, network: "test network" },
    ...{ prediction: { index: 3, name: "dog", probability: 0.75 }, labels: ["ear"] },
  });
  const before = asked().length;
  pictures.load(pictures.heads.value[0] ?? head(0));
  expect(asked()).toHaveLength(before);
  pictures.load(pictures.heads.value[1] ?? head(1));
  expect(asked().slice(before)).toEqual(["1"]);
  await answer(before);
  expect(whole()).toContain("1");
  expect(whole()).toHaveLength(KEPT_PICTURES);
});

it("forgets what pictures of another run were called", async () => {
  const { model, pictures, asked, answer } = bigRun(60);
  for (let i = 0; i <= KEPT_PICTURES; i++) {
    pictures.load(head(i));
    await answer(asked().length - 1);
  }
  expect(pictures.heads.value[0]).toMatchObject({ labels: ["ear"] });
  model.set("_pictures", []);
  model.set("_pictures", [{ key: "0", name: "other.jpg", target_name: "cat" }]);
  expect(pictures.heads.value).toEqual([{ key: "0", name: "other.jpg", target_name: "cat" }]);
});

it("asks anew for one whose bytes cannot be read, and lets one stay that nobody could send again", async () => {
  const { model, pictures, asked, answer, whole } = bigRun(3);
  pictures.load(head(1));
  await answer(0);
  const read = pictures.heads.value[1];
  if (read && isWhole(read)) pictures.again(read);
  expect(whole()).toEqual([]);
  pictures.load(head(1));
  expect(asked()).toEqual(["1", "1"]);
  await answer(1);
  expect(whole()).toEqual(["1"]);
  const sent = { ...examplePicture(), key: "0" };
  model.set("_pictures", [sent]);
  pictures.again(sent);
  expect(whole()).toEqual(["0"]);
});
