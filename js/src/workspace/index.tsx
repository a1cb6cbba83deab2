/** The Workspace's front-end module: it draws no data itself, but the other front ends side by side. */
import type { RenderProps } from "../core/model";
import { renderOnState } from "../core/view";
import { WorkspaceStore } from "./store";
import { Workspace } from "./workspace";
import styles from "./workspace.css";

export default () => ({
  render: (props: RenderProps) =>
    renderOnState(props, styles, (state) => {
      const store = new WorkspaceStore(props.model, state, props.host);
      return { view: <Workspace store={store} host={props.host} />, holds: [store] };
    }),
});
