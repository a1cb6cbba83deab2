import { signal } from "@preact/signals";
import { afterEach, expect, it } from "vitest";
import { fixed, Gone, percent } from "./controls";
import { followLanguage } from "./language";
import { translator } from "./languages";
import { LocalModel } from "./model";
import { createRoot, type Root } from "./mount";

const roots: Root[] = [];
afterEach(() => {
  for (const root of roots.splice(0)) root.dispose();
});

function rootOn(state: LocalModel) {
  const root = createRoot(document.createElement("div"), "", signal("light"));
  roots.push(root);
  const followed = followLanguage(state);
  root.speak(followed.t);
  return { root, followed };
}

const soon = () => new Promise((resolve) => setTimeout(resolve, 10));

it("lets what all views share follow the State's language", async () => {
  const state = new LocalModel({ language: "it" });
  const { root, followed } = rootOn(state);
  root.show(<Gone />);
  expect(root.element.textContent).toContain("Il kernel non c’è più.");
  expect(root.element.querySelector(".inv-content")?.getAttribute("lang")).toBe("it");
  state.set("language", "en");
  await soon();
  expect(root.element.textContent).toContain("The kernel is gone.");
  expect(root.element.querySelector(".inv-content")?.getAttribute("lang")).toBe("en");
  followed.dispose();
  state.set("language", "it");
  await soon();
  expect(root.element.textContent).toContain("The kernel is gone.");
});

it("says what went wrong, and that it did where an error has no words", async () => {
  const Bad = () => {
    throw new Error();
  };
  const { root } = rootOn(new LocalModel({ language: "it" }));
  root.show(<Bad />);
  await soon();
  const said = root.element.querySelector("[role=alert]");
  expect(said?.querySelector("strong")?.textContent).toBe("Non è stato possibile disegnare questa vista.");
  expect(said?.querySelector("span")?.textContent).toBe("Qualcosa è andato storto. Riprova.");
  expect(said?.querySelector("button")?.textContent).toBe("Riprova");
  root.fail(new Error("[inv-widgets] Too odd."));
  expect(root.element.querySelector("[role=alert] span")?.textContent).toBe("Too odd.");
});

it("writes numbers as the language does, and no minus before nothing", () => {
  const t = translator("it");
  expect([percent(12.345), percent(12.345, 1, t), percent(-0.04, 1, t), percent(Number.NaN, 1, t)]).toEqual([
    "12.3\u00a0%",
    "12,3\u00a0%",
    "0,0\u00a0%",
    "–",
  ]);
  expect([fixed(0.5, 2), fixed(0.5, 2, t), fixed(null, 2, t)]).toEqual(["0.50", "0,50", "–"]);
});
