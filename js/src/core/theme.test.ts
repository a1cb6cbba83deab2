import { afterEach, expect, it } from "vitest";
import { hostTheme } from "./theme";

afterEach(() => {
  document.body.removeAttribute("class");
  document.body.removeAttribute("data-jp-theme-light");
  document.documentElement.removeAttribute("theme");
});

it("says nothing when the host says nothing", () => {
  expect(hostTheme(document)).toBeUndefined();
});

it.each([
  ["true", "light"],
  ["false", "dark"],
])("reads JupyterLab's data-jp-theme-light=%s as %s", (value, theme) => {
  document.body.dataset.jpThemeLight = value;
  expect(hostTheme(document)).toBe(theme);
});

it("is light in VS Code, which paints outputs white", () => {
  document.body.className = "vscode-dark";
  expect(hostTheme(document)).toBe("light");
});

it("reads Colab's theme", () => {
  document.documentElement.setAttribute("theme", "dark");
  expect(hostTheme(document)).toBe("dark");
});
