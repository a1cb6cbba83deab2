/** The GlobalChart's front-end module. Each widget instance evaluates its own copy: what a view remembers lives in the factory. */

import { watchConnection } from "../core/connection";
import type { RenderProps } from "../core/model";
import { Painter } from "../core/painter";
import { renderOnState } from "../core/view";
import { GlobalChart } from "./global_chart";
import styles from "./global_chart.css";
import { Pictures } from "./pictures";
import { ChartStore, newMemory } from "./store";

export default () => {
  const memory = newMemory();
  return {
    render: (props: RenderProps) =>
      renderOnState(props, styles, (state, { theme }) => {
        const { model } = props;
        const store = new ChartStore(model, state, memory);
        const painter = new Painter((error) => {
          store.error.value = error;
        });
        const pictures = new Pictures(store, painter);
        const connection = watchConnection(model, model.get("state"));
        const context = { store, painter, pictures, theme };
        const view = <GlobalChart {...context} alive={connection.alive} />;
        return { view, holds: [pictures, store, painter, connection] };
      }),
  };
};
