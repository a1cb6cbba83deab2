/**
 * What a front end needs of its host (anywidget's front-end module interface, 0.11), and a model that lives in the page
 * alone, for exported pages.
 */

export type Callback = (...args: unknown[]) => void;

export interface Model {
  get(name: string): unknown;
  set(name: string, value: unknown): void;
  on(event: string, callback: Callback): void;
  off(event?: string | null, callback?: Callback | null): void;
  save_changes(): void;
  send(content: unknown, callbacks?: unknown, buffers?: ArrayBuffer[]): void;
  readonly widget_manager?: unknown;
}

/** Exists in `render` only. */
export interface Host {
  getModel(reference: unknown): Promise<Model>;
  /** Another widget, to be drawn inside this one; hosts older than anywidget 0.11 lack it. */
  getWidget?(reference: unknown): Promise<ChildWidget>;
}

export interface ChildWidget {
  /** Draws a view that ends with the signal. */
  render(options: { el: HTMLElement; signal?: AbortSignal }): Promise<void>;
}

export interface RenderProps {
  model: Model;
  el: HTMLElement;
  host?: Host;
  signal?: AbortSignal;
}

/** A model with no kernel behind it. */
export class LocalModel implements Model {
  readonly #values: Map<string, unknown>;
  readonly #callbacks = new Map<string, Set<Callback>>();

  constructor(values: Record<string, unknown> = {}) {
    this.#values = new Map(Object.entries(values));
  }

  get(name: string): unknown {
    return this.#values.get(name);
  }

  set(name: string, value: unknown): void {
    if (Object.is(this.#values.get(name), value)) return;
    this.#values.set(name, value);
    for (const callback of [...(this.#callbacks.get(`change:${name}`) ?? [])]) callback();
  }

  on(event: string, callback: Callback): void {
    const callbacks = this.#callbacks.get(event) ?? new Set();
    this.#callbacks.set(event, callbacks.add(callback));
  }

  off(event?: string | null, callback?: Callback | null): void {
    for (const [name, callbacks] of this.#callbacks) {
      if (event && name !== event) continue;
      if (callback) callbacks.delete(callback);
      else callbacks.clear();
    }
  }

  save_changes(): void {}

  send(_content?: unknown): void {}
}
