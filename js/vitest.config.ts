import { defineConfig } from "vitest/config";

export default defineConfig({
  test: { environment: "happy-dom", include: ["src/**/*.test.{ts,tsx}"] },
  esbuild: { jsx: "automatic", jsxImportSource: "preact" },
  // The catalogues' test looks for their keys in the Python sources too.
  server: { fs: { allow: [".."] } },
});
