/** The Explorer's front-end module. Each widget instance evaluates its own copy: what a view remembers lives in the factory. */

import { watchConnection } from "../core/connection";
import { stateOf } from "../core/host_state";
import type { RenderProps } from "../core/model";
import { createRoot } from "../core/mount";
import { Painter } from "../core/painter";
import { watchTheme } from "../core/theme";
import { Explorer, Loading } from "./explorer";
import styles from "./explorer.css";
import { newMemory, Store } from "./store";

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
      let closeView = () => {};
      let opening = 0;
      const openView = async () => {
        const turn = ++opening;
        try {
          const state = await stateOf(model, host);
          // Meanwhile the view was closed, or was given yet another State.
          if (turn !== opening) return;
          closeView();
          const store = new Store(model, state, memory);
          const painter = new Painter((error) => {
            store.error.value = error;
          });
          const connection = watchConnection(model, model.get("state"));
          closeView = () => {
            store.dispose();
            painter.dispose();
            connection.dispose();
          };
          root.show(<Explorer key={turn} store={store} painter={painter} theme={theme} alive={connection.alive} />);
        } catch (error) {
          root.fail(error);
        }
      };
      const onState = () => void openView();
      model.on("change:state", onState);
      undo.push(() => {
        opening = -1;
        model.off("change:state", onState);
        closeView();
      });
      root.show(<Loading words="Opening the Explorer …" />);
      await openView();
      return dispose;
    },
  };
};
