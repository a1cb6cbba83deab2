/** The Workspace's front-end module: it draws no data itself, but the other front ends side by side. */
import { stateOf } from "../core/host_state";
import type { RenderProps } from "../core/model";
import { createRoot } from "../core/mount";
import { watchTheme } from "../core/theme";
import { WorkspaceStore } from "./store";
import { Workspace } from "./workspace";
import styles from "./workspace.css";

export default () => ({
  async render({ model, el, host }: RenderProps) {
    const { theme, dispose: forgetTheme } = watchTheme();
    const root = createRoot(el, styles, theme);
    const undo = [forgetTheme, root.dispose];
    let closeView = () => {};
    let opening = 0;
    const openView = async () => {
      const turn = ++opening;
      try {
        const state = await stateOf(model, host);
        if (turn !== opening) return;
        closeView();
        const store = new WorkspaceStore(model, state, host);
        closeView = () => store.dispose();
        root.show(<Workspace key={turn} store={store} host={host} />);
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
    return () => {
      for (const step of undo.reverse()) step();
    };
  },
});
