// The licences of what the front ends contain: a notice at the head of each, and the texts in one file beside them.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const OWNERS = /^\s*copyright\b.*(\d{4}|\bby\b).*$/im;

// The packages whose code one output contains, as esbuild's metafile names its inputs.
export function packagesIn(inputs, root) {
  const folders = Object.keys(inputs).flatMap((path) => path.match(/^.*node_modules\/(?:@[^/]+\/)?[^/]+/)?.[0] ?? []);
  return [...new Set(folders)].sort().map((folder) => described(join(root, folder)));
}

export function notice(packages) {
  if (!packages.length) return "";
  const each = packages.map(
    ({ title, licence, owner }) => `  ${title}, ${[licence, owner].filter(Boolean).join(", ")}`,
  );
  return ["/*! inv-widgets, MIT. Contains (whole texts: inv_widgets/static/LICENCES.txt):", ...each, "*/\n"].join("\n");
}

export function texts(packages) {
  const known = new Map(packages.map((one) => [one.title, one]));
  const each = [...known.keys()].sort().map((title) => {
    const { licence, text } = known.get(title);
    return `${title} (${licence})\n${"-".repeat(80)}\n\n${text.trim()}\n`;
  });
  return `Licences of what the front ends contain.\n\n${each.join(`\n${"=".repeat(80)}\n\n`)}`;
}

function described(folder) {
  const { name, version, license, author } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const file = readdirSync(folder).find((one) => /^licen[cs]e(\.(md|txt))?$/i.test(one));
  if (!license) throw new Error(`${name} names no licence: it may not be part of a front end.`);
  const by = typeof author === "string" ? author : author?.name;
  // Some packages keep their licence's text to themselves: then its name and who it is by must do.
  const text = file
    ? readFileSync(join(folder, file), "utf8")
    : `${license}\n\nCopyright ${by ?? `the authors of ${name}`}`;
  const owner = text.match(OWNERS)?.[0].trim().replaceAll("*/", "") ?? "";
  return { title: `${name} ${version}`, licence: license, owner, text };
}
