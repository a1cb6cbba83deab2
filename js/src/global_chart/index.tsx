/** The GlobalChart's front-end module. Each widget instance evaluates its own copy: what a view remembers lives in the factory. */

import { watchConnection } from "../core/connection";
import { stateOf } from "../core/host_state";
import type { RenderProps } from "../core/model";
import { createRoot } from "../core/mount";
import { Painter } from "../core/painter";
import { watchTheme } from "../core/theme";
import { GlobalChart } from "./global_chart";
import styles from "./global_chart.css";
import { Pictures } from "./pictures";
import { ChartStore, newMemory } from "./store";

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
          const store = new ChartStore(model, state, memory);
          const painter = new Painter((error) => {
            store.error.value = error;
          });
          const pictures = new Pictures(store, painter);
          const connection = watchConnection(model, model.get("state"));
          closeView = () => {
            pictures.dispose();
            store.dispose();
            painter.dispose();
            connection.dispose();
          };
          const context = { store, painter, pictures, theme };
          root.show(<GlobalChart key={turn} {...context} alive={connection.alive} />);
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
      await openView();
      return dispose;
    },
  };
};
