/** The synonym editor's front-end module. Each widget instance evaluates its own copy. */
import { watchConnection } from "../core/connection";
import { stateOf } from "../core/host_state";
import type { RenderProps } from "../core/model";
import { createRoot } from "../core/mount";
import { watchTheme } from "../core/theme";
import { SynonymEditor } from "./editor";
import { SynonymStore } from "./store";
import styles from "./synonym_editor.css";

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
        const connection = watchConnection(model, model.get("state"));
        const store = new SynonymStore(model, state, connection.alive);
        closeView = () => {
          store.dispose();
          connection.dispose();
        };
        root.show(<SynonymEditor key={turn} store={store} />);
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
