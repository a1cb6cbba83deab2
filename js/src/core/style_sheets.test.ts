import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";

/** A view's style sheet stands in its output, but holds for the whole page: for each other view beside it. */
const ROOTS: Readonly<Record<string, string>> = {
  comparison: "inv-comparison",
  explorer: "inv-explorer",
  global_chart: "inv-global",
  host_desk: "inv-desk",
  reveal_game: "inv-game",
  synonym_editor: "inv-synonyms",
  workspace: "inv-workspace",
};
const SOURCE = join(__dirname, "..");
const CLASS = /inv-[a-z0-9-]+/g;

const read = (folder: string, ending: RegExp) =>
  readdirSync(join(SOURCE, folder))
    .filter((name) => ending.test(name) && !name.includes(".test."))
    .map((name) => readFileSync(join(SOURCE, folder, name), "utf8"))
    .join("\n");

/** Selectors, those of a list one by one. */
function selectors(css: string): string[] {
  const heads = [...css.replace(/\/\*[\s\S]*?\*\//g, "").matchAll(/([^{};]+)\{/g)].map(([, head]) =>
    (head ?? "").trim(),
  );
  return heads.filter((head) => !head.startsWith("@")).flatMap(parts);
}

/** At commas, but for those in parentheses. */
function parts(list: string): string[] {
  let depth = 0;
  const marked = [...list].map((letter) => {
    depth += letter === "(" ? 1 : letter === ")" ? -1 : 0;
    return letter === "," && depth === 0 ? "\n\n" : letter;
  });
  return marked.join("").split("\n\n");
}

it("no view's style sheet reaches into another view", () => {
  const used = new Map(
    [...Object.keys(ROOTS), "core"].map((view) => [view, new Set(read(view, /\.tsx?$/).match(CLASS))]),
  );
  const reaching: string[] = [];
  for (const [view, root] of Object.entries(ROOTS)) {
    for (const selector of selectors(read(view, /\.css$/))) {
      const classes = (selector.match(CLASS) ?? []).filter((name) => name !== "inv-root");
      const others = [...used].filter(([other, names]) => other !== view && classes.every((name) => names.has(name)));
      if (classes.length > 0 && !classes.includes(root) && others.length > 0)
        reaching.push(`${view}: ${selector.trim()}`);
    }
  }
  expect(reaching).toEqual([]);
});
