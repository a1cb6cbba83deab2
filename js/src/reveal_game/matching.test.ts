import { describe, expect, it } from "vitest";
import { fold, Matcher } from "./matching";

const NAMES = [
  "Egyptian cat",
  "Éclair",
  "catamaran",
  "oystercatcher",
  "tabby, tabby cat",
  "Weißwurst",
  "black-footed ferret",
  "cat",
];
const matcher = new Matcher(NAMES);

describe("finding classes", () => {
  it("has the whole name first, then starts, then later words, then what lies inside", () => {
    expect(matcher.match("cat")).toEqual(["cat", "catamaran", "Egyptian cat", "tabby, tabby cat", "oystercatcher"]);
  });

  it("looks at neither case nor accents nor hyphens", () => {
    expect(matcher.match("eclair")).toEqual(["Éclair"]);
    expect(matcher.match("ÉCL")).toEqual(["Éclair"]);
    expect(matcher.match("weisswurst")).toEqual(["Weißwurst"]);
    expect(matcher.match("black footed")).toEqual(["black-footed ferret"]);
    expect(fold("  Crème_Brûlée ")).toBe("creme brulee");
  });

  it("takes words in any order", () => {
    expect(matcher.match("cat egy")).toEqual(["Egyptian cat"]);
    expect(matcher.match("ferret bl")).toEqual(["black-footed ferret"]);
  });

  it("gives all in their order when nothing is typed, and nothing when nothing fits", () => {
    expect(matcher.match("  ")).toEqual(NAMES);
    expect(matcher.match("zebra")).toEqual([]);
  });

  it("takes signs of regular expressions as they are", () => {
    const odd = new Matcher(["a (b)", "c+", "[x]", "a.b", "aXb"]);
    expect(odd.match("(b)")[0]).toBe("a (b)");
    expect(odd.match("+")).toEqual(["c+"]);
    expect(odd.match("a.b")).toEqual(["a.b", "a (b)"]);
    expect(odd.match("[")).toEqual(["[x]"]);
    expect(odd.match("\\")).toEqual([]);
  });

  it("is quick enough for a thousand classes", () => {
    const names = Array.from({ length: 1000 }, (_, i) => `class ${i}, also called name${i % 77}`);
    const many = new Matcher(names);
    const start = performance.now();
    for (const typed of ["c", "cl", "cla", "name7", "called"]) many.match(typed);
    expect(performance.now() - start).toBeLessThan(250);
    expect(many.match("class 99")[0]).toBe("class 99, also called name22");
  });
});
