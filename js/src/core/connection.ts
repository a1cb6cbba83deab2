/**
 * Is there a kernel behind this view?
 *
 * anywidget's model says nothing about it; the widget manager's own model has `comm_live`, and JupyterLab's manager has the
 * kernel's status. Both are optional: a host without them is taken to be alive.
 */
import { type ReadonlySignal, signal } from "@preact/signals";
import type { Callback, Model } from "./model";

interface LiveModel {
  comm_live?: boolean;
  on?(event: string, callback: Callback): void;
  off?(event: string, callback: Callback): void;
}

interface LuminoSignal {
  connect(slot: (sender: unknown, status: string) => void): unknown;
  disconnect(slot: (sender: unknown, status: string) => void): unknown;
}

interface Kernel {
  status?: string;
  statusChanged?: LuminoSignal;
}

interface Manager {
  get_model?(id: string): Promise<LiveModel>;
  kernel?: Kernel | null;
  context?: { sessionContext?: Kernel & { session?: { kernel?: Kernel | null } | null } };
}

/** A kernel in one of these states has forgotten its widgets. */
const GONE = new Set(["restarting", "autorestarting", "dead", "terminating"]);

export interface Connection {
  readonly alive: ReadonlySignal<boolean>;
  dispose(): void;
}

/** Watch the kernel behind `model`; `reference` is any "anywidget:ID" that it holds. */
export function watchConnection(model: Model, reference: unknown): Connection {
  const alive = signal(true);
  const undo: (() => void)[] = [];
  let disposed = false;
  const manager = model.widget_manager as Manager | undefined;
  const session = manager?.context?.sessionContext ?? manager?.kernel ?? undefined;

  const onStatus = (_: unknown, status: string) => {
    if (GONE.has(status)) alive.value = false;
  };
  if (session?.statusChanged) {
    const { statusChanged } = session;
    statusChanged.connect(onStatus);
    undo.push(() => statusChanged.disconnect(onStatus));
    if (session.status && GONE.has(session.status)) alive.value = false;
  }

  const id = typeof reference === "string" ? reference.replace(/^anywidget:|^IPY_MODEL_/, "") : undefined;
  if (id && manager?.get_model) {
    manager
      .get_model(id)
      .then((live) => {
        if (disposed) return;
        const update = () => {
          if (typeof live.comm_live === "boolean") alive.value = live.comm_live;
        };
        const closed = () => {
          alive.value = false;
        };
        update();
        live.on?.("comm_live_update", update);
        live.on?.("comm:close", closed);
        undo.push(() => {
          live.off?.("comm_live_update", update);
          live.off?.("comm:close", closed);
        });
      })
      .catch(() => {
        // The manager does not know the model: nothing can be said.
      });
  }
  return {
    alive,
    dispose() {
      disposed = true;
      for (const step of undo) step();
    },
  };
}
