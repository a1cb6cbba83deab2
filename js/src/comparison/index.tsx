/** The Comparison's front-end module. Each widget instance evaluates its own copy: what a view remembers lives in the factory. */
import { watchConnection } from "../core/connection";
import type { RenderProps } from "../core/model";
import { Painter } from "../core/painter";
import { renderOnState } from "../core/view";
import { Comparison, Opening } from "./comparison";
import styles from "./comparison.css";
import { Store } from "./store";
import { newMemory } from "./traits";

export default () => {
  const memory = newMemory();
  return {
    render: (props: RenderProps) =>
      renderOnState(
        props,
        styles,
        (state, { theme }) => {
          const { model } = props;
          const store = new Store(model, state, memory);
          const painter = new Painter((error) => {
            store.error.value = error;
          });
          const connection = watchConnection(model, model.get("state"));
          const page = model.get("page") === true;
          const view = (
            <Comparison store={store} painter={painter} theme={theme} alive={connection.alive} page={page} />
          );
          return { view, holds: [store, painter, connection] };
        },
        <Opening />,
      ),
  };
};
