/** The Explorer's front-end module. Each widget instance evaluates its own copy: what a view remembers lives in the factory. */

import { watchConnection } from "../core/connection";
import { type Host, LocalModel, type Model, type RenderProps } from "../core/model";
import { createRoot } from "../core/mount";
import { Painter } from "../core/painter";
import { watchTheme } from "../core/theme";
import { Explorer, Loading } from "./explorer";
import styles from "./explorer.css";
import { newMemory, Store } from "./store";

interface Manager {
  get_model?(id: string): Promise<Model>;
}

/** The State's model: by the host where there is one, else by the widget manager. */
async function stateOf(model: Model, host: Host | undefined): Promise<Model> {
  const reference = model.get("state");
  if (typeof reference !== "string") return new LocalModel();
  try {
    if (host) return await host.getModel(reference);
    const manager = model.widget_manager as Manager | undefined;
    const state = await manager?.get_model?.(reference.replace(/^anywidget:|^IPY_MODEL_/, ""));
    return state ?? new LocalModel();
  } catch {
    // A saved notebook can lack the State: the view then works alone.
    return new LocalModel();
  }
}

export default () => {
  const memory = newMemory();
  return {
    async render({ model, el, host }: RenderProps) {
      const undo: (() => void)[] = [];
      const dispose = () => {
        for (const step of undo.reverse()) step();
      };
      const { theme, dispose: forgetTheme } = watchTheme();
      const root = createRoot(el, styles, theme);
      undo.push(forgetTheme, root.dispose);
      try {
        root.show(<Loading words="Opening the Explorer …" />);
        const store = new Store(model, await stateOf(model, host), memory);
        undo.push(() => store.dispose());
        const painter = new Painter((error) => {
          store.error.value = error;
        });
        undo.push(() => painter.dispose());
        const connection = watchConnection(model, model.get("state"));
        undo.push(() => connection.dispose());
        root.show(<Explorer store={store} painter={painter} theme={theme} alive={connection.alive} />);
      } catch (error) {
        root.fail(error);
      }
      return dispose;
    },
  };
};
