/** The host's desk's front-end module. Each widget instance evaluates its own copy. */
import { watchConnection } from "../core/connection";
import type { Model, RenderProps } from "../core/model";
import { createRoot } from "../core/mount";
import { watchTheme } from "../core/theme";
import { HostDesk } from "./desk";
import { download } from "./files";
import styles from "./host_desk.css";
import { DeskStore } from "./store";

export default () => ({
  async render({ model, el }: RenderProps) {
    const { theme, dispose: forgetTheme } = watchTheme();
    const root = createRoot(el, styles, theme);
    const undo = [forgetTheme, root.dispose];
    try {
      const connection = watchConnection(model, layoutOf(model));
      undo.push(connection.dispose);
      const store = new DeskStore(model, connection.alive, download);
      undo.push(() => store.dispose());
      root.show(<HostDesk store={store} />);
    } catch (error) {
      root.fail(error);
    }
    return () => {
      for (const step of undo.reverse()) step();
    };
  },
});

/** The one other model that a desk refers to: the kernel has both or neither. */
function layoutOf(model: Model): unknown {
  const layout = model.get("layout") as { model_id?: unknown } | string | null | undefined;
  return typeof layout === "object" ? layout?.model_id : layout;
}
