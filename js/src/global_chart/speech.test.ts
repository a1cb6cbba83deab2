import { expect, it } from "vitest";
import { translator } from "../core/languages";
import { exampleSummary } from "./example";
import { spoken, wordsFor } from "./speech";

const spec = {
  encoding: { x: { title: "global score" }, tooltip: [{ field: "maps", title: "cluster maps" }, { title: "My own" }] },
  data: { values: [{ title: "label" }] },
  params: [
    { name: "picked", value: [] },
    { name: "words", value: {} },
  ],
};

it("exchanges titles that are ours, in whatever language, and no others", () => {
  const italian = spoken(spec, translator("it"), { rises: "cresce" });
  expect(italian).toEqual({
    encoding: {
      x: { title: "punteggio globale" },
      tooltip: [{ field: "maps", title: "mappe di cluster" }, { title: "My own" }],
    },
    data: spec.data,
    params: [
      { name: "picked", value: [] },
      { name: "words", value: { rises: "cresce" } },
    ],
  });
  expect(spoken(italian, translator("en"), {})).toEqual(spec);
});

it("calls groups and layers what they are called, and only where that is not their name", () => {
  const summary = exampleSummary();
  summary.groups[0] = "my group";
  expect(wordsFor(translator("it"), summary)).toEqual({
    "all layers": "tutti gli strati",
    "block 2": "blocco 2",
    "block 1, layer 1": "blocco 1, strato 1",
    "block 2, layer 1": "blocco 2, strato 1",
    rises: "cresce",
    falls: "cala",
  });
  expect(wordsFor(translator("en"), summary)).toEqual({});
});
