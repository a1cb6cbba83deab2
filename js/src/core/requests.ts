/** Questions to the kernel, answered by id, errors included. */
import type { Translate } from "./languages";
import type { Callback, Model } from "./model";

interface Open {
  resolve: (answer: Answer) => void;
  reject: (reason: RequestError) => void;
  timer: ReturnType<typeof setTimeout>;
}

export interface Answer {
  content: Record<string, unknown>;
  buffers: DataView[];
}

/** What the kernel refused, or that it did not answer: codes "no-answer" and "kernel-gone" are the browser's own. */
export class RequestError extends Error {
  readonly code: string | undefined;
  /** Whether the same question may do better later. */
  readonly retry: boolean;

  constructor(message: string, code?: string, retry = false) {
    super(message);
    this.code = code;
    this.retry = retry;
  }
}

/** What an error says, for a view's alert; what is the browser's own, in the reader's language. */
export function said(error: unknown, t: Translate): string {
  const key = `view_error.${error instanceof RequestError ? error.code : undefined}`;
  if (t.has(key)) return t(key);
  return (error instanceof Error ? error.message : String(error)).replace(/^\[inv-widgets\]\s*/, "");
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

  ask(content: Record<string, unknown>, patience = PATIENCE_MS, buffers?: ArrayBuffer[]): Promise<Answer> {
    // Two views of one model hear each other's answers, so ids must differ between them.
    const id = `${Math.random().toString(36).slice(2)}-${++this.#count}`;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#open.delete(id);
        const words = "The kernel did not answer. It may be busy or gone: try again, or run the cell again.";
        reject(new RequestError(words, "no-answer", true));
      }, patience);
      this.#open.set(id, { resolve, reject, timer });
      try {
        if (buffers) this.#model.send({ ...content, id }, undefined, buffers);
        else this.#model.send({ ...content, id });
      } catch {
        clearTimeout(timer);
        this.#open.delete(id);
        reject(new RequestError("The kernel is gone. Run the cell again to reconnect.", "kernel-gone", true));
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
    if (typeof content.error === "string") {
      const code = typeof content.code === "string" ? content.code : undefined;
      open.reject(new RequestError(content.error, code, content.retry === true));
    } else open.resolve({ content, buffers: (buffers ?? []) as DataView[] });
  };
}
