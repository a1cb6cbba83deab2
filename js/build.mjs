// Builds inv_widgets/static/*.js: one self-contained ES module each, style sheets inside as text.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import * as esbuild from "esbuild";
import { notice, packagesIn, texts } from "./licences.mjs";

const here = fileURLToPath(new URL(".", import.meta.url));
const options = {
  absWorkingDir: here,
  entryPoints: {
    state: "src/state/index.ts",
    explorer: "src/explorer/index.tsx",
    page: "src/page/index.tsx",
    reveal_game: "src/reveal_game/index.tsx",
    host_desk: "src/host_desk/index.tsx",
    synonym_editor: "src/synonym_editor/index.tsx",
    workspace: "src/workspace/index.tsx",
    global_chart: "src/global_chart/index.tsx",
    comparison: "src/comparison/index.tsx",
  },
  outdir: "../inv_widgets/static",
  bundle: true,
  format: "esm",
  target: "es2022",
  platform: "browser",
  minify: !process.argv.includes("--watch"),
  charset: "utf8",
  legalComments: "none",
  loader: { ".css": "text" },
  jsx: "automatic",
  jsxImportSource: "preact",
  logLevel: "warning",
  plugins: [
    {
      // A style sheet is imported as text; its white space does not travel.
      name: "css-text",
      setup(build) {
        build.onLoad({ filter: /\.css$/ }, async ({ path }) => {
          const result = await esbuild.build({ entryPoints: [path], minify: true, write: false, logLevel: "silent" });
          return { contents: result.outputFiles[0].text, loader: "text" };
        });
      },
    },
  ],
};

if (process.argv.includes("--watch")) {
  const context = await esbuild.context(options);
  await context.watch();
} else {
  const { outputFiles, metafile } = await esbuild.build({ ...options, write: false, metafile: true });
  const outputs = Object.values(metafile.outputs).map(({ inputs }) => packagesIn(inputs, here));
  const folder = join(here, options.outdir);
  mkdirSync(folder, { recursive: true });
  for (const [place, { path, text }] of outputFiles.entries()) writeFileSync(path, notice(outputs[place]) + text);
  writeFileSync(join(folder, "LICENCES.txt"), texts(outputs.flat()));
}
