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
});
