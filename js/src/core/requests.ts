/** Questions to the kernel, answered by id, errors included. */
import type { Callback, Model } from "./model";

interface Open {
  resolve: (answer: { content: Record<string, unknown>; buffers: DataView[] }) => void;
  reject: (reason: Error) => void;
  timer: ReturnType<typeof setTimeout>;
}

/** A kernel that runs a cell can take its time; what came later than this is not waited for. */
const PATIENCE_MS = 120_000;

export class Requests {
  readonly #model: Model;
  readonly #open = new Map<string, Open>();
  #count = 0;

  constructor(model: Model) {
    this.#model = model;
    model.on("msg:custom", this.#answer);
  }

  ask(content: Record<string, unknown>): Promise<{ content: Record<string, unknown>; buffers: DataView[] }> {
    // Two views of one model hear each other's answers, so ids must differ between them.
    const id = `${Math.random().toString(36).slice(2)}-${++this.#count}`;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#open.delete(id);
        reject(new Error("The kernel did not answer. It may be busy or gone: try again, or run the cell again."));
      }, PATIENCE_MS);
      this.#open.set(id, { resolve, reject, timer });
      try {
        this.#model.send({ ...content, id });
      } catch {
        clearTimeout(timer);
        this.#open.delete(id);
        reject(new Error("The kernel is gone. Run the cell again to reconnect."));
      }
    });
  }

  dispose(): void {
    this.#model.off("msg:custom", this.#answer);
    for (const { timer } of this.#open.values()) clearTimeout(timer);
    this.#open.clear();
  }

  readonly #answer: Callback = (message, buffers) => {
    const content = message as Record<string, unknown>;
    const open = this.#open.get(String(content.id));
    if (!open) return;
    this.#open.delete(String(content.id));
    clearTimeout(open.timer);
    if (typeof content.error === "string") open.reject(new Error(content.error));
    else open.resolve({ content, buffers: (buffers ?? []) as DataView[] });
  };
}
