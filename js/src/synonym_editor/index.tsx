/** The synonym editor's front-end module. Each widget instance evaluates its own copy. */
import { watchConnection } from "../core/connection";
import type { RenderProps } from "../core/model";
import { renderOnState } from "../core/view";
import { SynonymEditor } from "./editor";
import { SynonymStore } from "./store";
import styles from "./synonym_editor.css";

export default () => ({
  render: (props: RenderProps) =>
    renderOnState(props, styles, (state) => {
      const connection = watchConnection(props.model, props.model.get("state"));
      const store = new SynonymStore(props.model, state, connection.alive);
      return { view: <SynonymEditor store={store} />, holds: [store, connection] };
    }),
});
