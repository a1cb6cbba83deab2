/** The reveal game's front-end module. Each widget instance evaluates its own copy. */

import { watchConnection } from "../core/connection";
import type { RenderProps } from "../core/model";
import { Painter } from "../core/painter";
import { pageStorage } from "../core/storage";
import { renderOnState } from "../core/view";
import { Game, Opening } from "./game";
import styles from "./game.css";
import panelStyles from "./panels.css";
import { GameStore } from "./store";

export default () => {
  // Here, so that what is typed outlives a view that is drawn again where the page keeps nothing.
  const [storage, session] = [pageStorage("local"), pageStorage("session")];
  return {
    render: (props: RenderProps) =>
      renderOnState(
        props,
        styles + panelStyles,
        (state, { root, theme }) => {
          const { model } = props;
          const connection = watchConnection(model, model.get("state"));
          const store = new GameStore({ model, state, alive: connection.alive, storage, session });
          const painter = new Painter((error) => root.fail(error));
          const view = <Game store={store} painter={painter} theme={theme} />;
          return { view, holds: [store, painter, connection] };
        },
        <Opening />,
      ),
  };
};
