import { afterEach, describe, expect, it, vi } from "vitest";
import { guardKeys } from "./keyboard";

afterEach(() => document.body.replaceChildren());

function press(target: HTMLElement, key: string, options: KeyboardEventInit = {}) {
  target.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, composed: true, ...options }));
}

describe("guardKeys", () => {
  const host = document.createElement("div");
  const root = document.createElement("div");
  const button = document.createElement("button");
  host.append(root);
  root.append(button);

  it("keeps keys inside, lets chords out, and can be taken away", () => {
    document.body.append(host);
    const heard = vi.fn();
    const inside = vi.fn();
    host.addEventListener("keydown", (event) => heard(event.key));
    button.addEventListener("keydown", (event) => inside(event.key));
    const unguard = guardKeys(root);
    for (const key of ["a", "d", "ArrowDown", "Enter", "Escape"]) press(button, key);
    press(button, "Enter", { shiftKey: true });
    expect(heard).not.toHaveBeenCalled();
    expect(inside).toHaveBeenCalledTimes(6);
    press(button, "s", { ctrlKey: true });
    press(button, "s", { metaKey: true });
    expect(heard).toHaveBeenCalledTimes(2);
    unguard();
    press(button, "a");
    expect(heard).toHaveBeenCalledTimes(3);
  });

  it("takes JupyterLab's mark off for a chord, and only for it", async () => {
    document.body.append(host);
    const field = document.createElement("input");
    field.type = "search";
    root.append(field);
    for (const element of [root, button, field]) element.setAttribute("data-lm-suppress-shortcuts", "true");
    // As JupyterLab looks: on the document, before the view has seen the key.
    let suppressed: boolean | undefined;
    const look = (event: Event) => {
      suppressed = (event.target as Element).closest("[data-lm-suppress-shortcuts]") !== null;
    };
    document.addEventListener("keydown", look, true);
    const unguard = guardKeys(root);
    const expected: [HTMLElement, string, KeyboardEventInit, boolean][] = [
      [button, "s", { ctrlKey: true }, false],
      [button, "s", { metaKey: true }, false],
      [button, "a", {}, true],
      [button, "Enter", { ctrlKey: true }, true],
      [field, "s", { ctrlKey: true }, false],
      [field, "a", { ctrlKey: true }, true],
      [field, "Z", { metaKey: true, shiftKey: true }, true],
    ];
    for (const [target, key, options, kept] of expected) {
      press(target, key, options);
      expect(suppressed, `${key} ${JSON.stringify(options)} on ${target.tagName}`).toBe(kept);
      await new Promise((resolve) => setTimeout(resolve, 1));
      expect([root, target].every((element) => element.hasAttribute("data-lm-suppress-shortcuts"))).toBe(true);
    }
    unguard();
    press(button, "s", { ctrlKey: true });
    expect(suppressed).toBe(true);
    document.removeEventListener("keydown", look, true);
  });
});
