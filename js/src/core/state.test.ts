import { effect } from "@preact/signals";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { LocalModel } from "./model";
import { Link, SLIDER_MS } from "./state";

const DEFAULTS = { opacity: 0.6, colour_map: "viridis", picture: null as string | null };

class CountingModel extends LocalModel {
  saved = 0;
  override save_changes() {
    this.saved++;
  }
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe("Link", () => {
  it("starts with the model's values, or the defaults", () => {
    const { signals } = new Link(new LocalModel({ opacity: 0.2 }), DEFAULTS);
    expect([signals.opacity.value, signals.colour_map.value, signals.picture.value]).toEqual([0.2, "viridis", null]);
  });

  it("lets two views on one model follow each other without a kernel", () => {
    const model = new CountingModel();
    const [one, two] = [new Link(model, DEFAULTS), new Link(model, DEFAULTS)];
    one.slide({ opacity: 0.3 });
    expect(two.signals.opacity.value).toBe(0.3);
    two.set({ picture: "dog.jpg" });
    expect(one.signals.picture.value).toBe("dog.jpg");
    expect(model.saved).toBe(1);
  });

  it("makes no echo: a change is seen once and answered by no save", () => {
    const model = new CountingModel();
    const [one, two] = [new Link(model, DEFAULTS), new Link(model, DEFAULTS)];
    const seen: number[] = [];
    const stop = effect(() => void seen.push(two.signals.opacity.value));
    one.set({ opacity: 0.1 });
    model.set("opacity", 0.9); // the kernel speaks
    model.set("opacity", 0.9);
    expect(seen).toEqual([0.6, 0.1, 0.9]);
    expect(model.saved).toBe(1);
    stop();
  });

  it("saves a slider once, when the hand rests", () => {
    const model = new CountingModel();
    const link = new Link(model, DEFAULTS);
    for (let i = 0; i < 20; i++) {
      link.slide({ opacity: i / 20 });
      vi.advanceTimersByTime(SLIDER_MS / 3);
    }
    expect(model.saved).toBe(0);
    vi.advanceTimersByTime(SLIDER_MS);
    expect(model.saved).toBe(1);
    expect(model.get("opacity")).toBe(0.95);
  });

  it("sends what is pending and removes its listeners when it goes", () => {
    const model = new CountingModel();
    const link = new Link(model, DEFAULTS);
    link.slide({ opacity: 0.4 });
    link.dispose();
    expect(model.saved).toBe(1);
    model.set("opacity", 0.8);
    expect(link.signals.opacity.value).toBe(0.4);
    vi.advanceTimersByTime(10 * SLIDER_MS);
    expect(model.saved).toBe(1);
  });

  it("goes on when the kernel is gone", () => {
    const model = new LocalModel();
    model.save_changes = () => {
      throw new Error("Comm is closed");
    };
    const link = new Link(model, DEFAULTS);
    link.set({ colour_map: "inferno" });
    expect(link.signals.colour_map.value).toBe("inferno");
  });
});
