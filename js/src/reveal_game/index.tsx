/** The reveal game's front-end module. Each widget instance evaluates its own copy. */

import { watchConnection } from "../core/connection";
import { stateOf } from "../core/host_state";
import type { RenderProps } from "../core/model";
import { createRoot } from "../core/mount";
import { Painter } from "../core/painter";
import { pageStorage } from "../core/storage";
import { watchTheme } from "../core/theme";
import { Game, Opening } from "./game";
import styles from "./game.css";
import panelStyles from "./panels.css";
import { GameStore } from "./store";

export default () => {
  // Here, so that what is typed outlives a view that is drawn again where the page keeps nothing.
  const [storage, session] = [pageStorage("local"), pageStorage("session")];
  return {
    async render({ model, el, host }: RenderProps) {
      const undo: (() => void)[] = [];
      const { theme, dispose: forgetTheme } = watchTheme();
      const root = createRoot(el, styles + panelStyles, theme);
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
          const connection = watchConnection(model, model.get("state"));
          const store = new GameStore({ model, state, alive: connection.alive, storage, session });
          const painter = new Painter((error) => root.fail(error));
          closeView = () => {
            store.dispose();
            painter.dispose();
            connection.dispose();
          };
          root.show(<Game key={turn} store={store} painter={painter} theme={theme} />);
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
      root.show(<Opening />);
      await openView();
      return () => {
        for (const step of undo.reverse()) step();
      };
    },
  };
};
