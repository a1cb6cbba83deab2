/** The Workspace's front-end module: it draws no data itself, but the other front ends side by side. */
import { watchConnection } from "../core/connection";
import type { RenderProps } from "../core/model";
import { renderOnState } from "../core/view";
import { WorkspaceStore } from "./store";
import { Workspace } from "./workspace";
import styles from "./workspace.css";

export default () => ({
  render: (props: RenderProps) =>
    renderOnState(props, styles, (state) => {
      const connection = watchConnection(props.model, props.model.get("state"));
      const store = new WorkspaceStore(props.model, state, props.host, connection.alive);
      return { view: <Workspace store={store} host={props.host} />, holds: [store, connection] };
    }),
});
