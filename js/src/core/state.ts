/**
 * Traits of a model as signals.
 *
 * Model to view: at once, by `change:NAME`. View to model: at once too, so that other views on the same model follow even
 * while the kernel is busy or gone; to the kernel: clicks at once, sliders after SLIDER_MS of rest, because each message costs a
 * round trip (seconds in Colab) and a busy kernel would queue them all.
 */
import { type Signal, signal } from "@preact/signals";
import type { Model } from "./model";

export const SLIDER_MS = 150;

export type Linked<T> = { readonly [K in keyof T]: Signal<T[K]> };

export class Link<T extends Record<string, unknown>> {
  readonly signals: Linked<T>;
  readonly #model: Model;
  readonly #listeners: [string, () => void][] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** `defaults` names the traits; a trait that the model lacks starts with its default. */
  constructor(model: Model, defaults: T) {
    this.#model = model;
    const signals: Record<string, Signal<unknown>> = {};
    for (const [name, fallback] of Object.entries(defaults)) {
      const read = () => model.get(name) ?? fallback;
      const linked = signal(read());
      const listener = () => {
        linked.value = read();
      };
      model.on(`change:${name}`, listener);
      this.#listeners.push([`change:${name}`, listener]);
      signals[name] = linked;
    }
    this.signals = signals as Linked<T>;
  }

  /** Set traits and send them to the kernel now. */
  set(values: Partial<T>): void {
    this.#apply(values);
    this.#flush();
  }

  /** Set traits; send them to the kernel when the hand rests. */
  slide(values: Partial<T>): void {
    this.#apply(values);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#flush(), SLIDER_MS);
  }

  dispose(): void {
    if (this.#timer !== undefined) this.#flush();
    for (const [event, listener] of this.#listeners) this.#model.off(event, listener);
    this.#listeners.length = 0;
  }

  #apply(values: Partial<T>): void {
    for (const [name, value] of Object.entries(values)) {
      this.#model.set(name, value);
      // A model that refuses or lacks the trait must not leave the view behind.
      this.signals[name as keyof T].value = value as T[keyof T];
    }
  }

  #flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    try {
      this.#model.save_changes();
    } catch {
      // The comm is closed: the banner says so, the view goes on.
    }
  }
}
