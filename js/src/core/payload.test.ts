import { describe, expect, it } from "vitest";
import { EXAMPLE_MAPS, examplePicture, labelledPicture, packed, sentPicture } from "../explorer/example";
import { fromNeighbours } from "./packed";
import {
  Arrays,
  type Bytes,
  bytes,
  ChannelMaps,
  type ClusterMap,
  type Column,
  isWhole,
  opened,
  type Picture,
} from "./payload";

/** The same bytes as a view that starts at an odd place of a larger buffer, as kernels send them. */
function shifted(value: unknown, by: number): DataView {
  const source = bytes(value as Uint8Array);
  const buffer = new ArrayBuffer(source.length + by + 5);
  new Uint8Array(buffer).fill(0xee);
  new Uint8Array(buffer, by, source.length).set(source);
  return new DataView(buffer, by, source.length);
}

const base64 = (value: unknown) => btoa(String.fromCharCode(...bytes(value as Uint8Array)));

const FORMS: [string, (value: unknown) => never][] = [
  ["typed arrays", (value) => value as never],
  ["views at an odd offset", (value) => shifted(value, 3) as never],
  ["base64", (value) => base64(value) as never],
];

describe.each(FORMS)("arrays from %s", (_, form) => {
  const plain = examplePicture();
  const picture = {
    ...plain,
    maps: form(plain.maps),
    channels: form(plain.channels),
    channel_weights: form(plain.channel_weights),
    thumbnails: form(plain.thumbnails),
  };
  const column = picture.columns[1];
  const cluster = column?.cluster_maps[1];
  if (!column || !cluster) throw new Error("the example has no second column");

  it("gives a map's own cells", async () => {
    const cells = (await Arrays.of(picture)).map(column, cluster.map);
    expect(cells.length).toBe(column.map_width * column.map_height);
    expect([...cells]).toEqual([...EXAMPLE_MAPS.subarray(cluster.map, cluster.map + cells.length)]);
  });

  it("gives all channels with their weights", async () => {
    const channels = (await Arrays.of(picture)).channels(cluster);
    expect(channels.map(({ channel }) => channel)).toEqual([300, 7, 70000]);
    expect(channels.map(({ weight }) => weight)).toEqual([12.5, 6.25, 3.13]);
  });

  it("gives thumbnails for the channels that have one", async () => {
    const maps = await ChannelMaps.of(picture.thumbnails);
    expect([...(maps.thumbnail(column, cluster, 1) ?? [])]).toEqual([28, 29, 30, 31]);
    expect(maps.thumbnail(column, cluster, 2)).toBeUndefined();
  });
});

it("gives a merged cluster map its members' channels, heaviest first, each with the thumbnail it has there", async () => {
  const picture = labelledPicture();
  const arrays = await Arrays.of(picture);
  const maps = await ChannelMaps.of(picture.thumbnails as Bytes);
  const column = picture.columns[1] as Column;
  const merged = column.cluster_maps[0] as ClusterMap;
  const channels = arrays.channels(merged);
  expect(channels.map(({ channel, weight }) => [channel, weight])).toEqual([
    [4, 20],
    [300, 12.5],
    [5, 10],
    [7, 6.25],
    [6, 5],
    [70000, 3.13],
  ]);
  const thumbnails = channels.map(({ owner, place }) => maps.thumbnail(column, owner, place)?.[0]);
  expect(thumbnails).toEqual([16, 24, 20, 28, undefined, undefined]);
  expect(maps.thumbnail(column, merged, 0)).toBeUndefined();
});

it("tells a whole picture from its head", () => {
  const picture = examplePicture();
  expect(isWhole(picture)).toBe(true);
  expect(isWhole({ key: "1", name: "later.jpg", target_name: "dog" })).toBe(false);
});

describe("bytes that cannot be unpacked", () => {
  const picture = examplePicture();

  it.each([
    ["damaged", Uint8Array.from([7, 1, 2, 3])],
    ["cut short", bytes(picture.maps).slice(0, 20)],
    ["none", new Uint8Array(0)],
    ["as an old kernel sends them", EXAMPLE_MAPS],
  ])("%s: says what to do", async (_, maps) => {
    await expect(Arrays.of({ ...picture, maps })).rejects.toThrow(/damaged, or of another version: restart the kernel/);
    await expect(ChannelMaps.of(maps)).rejects.toThrow(/damaged, or of another version: restart the kernel/);
  });

  it("says so of cells that an older kernel packed otherwise", async () => {
    const { map_step, ...older } = picture;
    expect(map_step).toBe(4);
    await expect(Arrays.of(older as Picture)).rejects.toThrow(/of another version: restart the kernel/);
  });

  it("says so of columns", () => {
    const sent = { ...picture, columns: packed(Uint8Array.from([0x5b])) };
    expect(() => opened(sent)).toThrow(/damaged, or of another version: restart the kernel/);
  });
});

it.each(FORMS)("unpacks a picture's columns from %s, and leaves what was sent as it is", (_, form) => {
  const plain = examplePicture("Zürich.jpg", "dog", ["glühwein 🍷"]);
  const sent = { ...sentPicture(plain), columns: form(sentPicture(plain).columns) };
  const columns = sent.columns;
  expect(opened(sent)).toEqual({ ...plain, sent });
  expect(sent.columns).toBe(columns);
  const head = { key: "1", name: "later.jpg" };
  expect(opened(head)).toBe(head);
});

it("reads maps of one row and of one column", () => {
  // Levels 3 5 4: first as it is, then as it differs from the one before.
  const differences = Uint8Array.from([3, 2, 255]);
  expect([...fromNeighbours(differences, 3, 4)]).toEqual([12, 20, 16]);
  expect([...fromNeighbours(differences, 1, 4)]).toEqual([12, 20, 16]);
});

it("says what to do when bytes are missing", () => {
  expect(() => bytes(undefined)).toThrow(/Run the cell again/);
});
