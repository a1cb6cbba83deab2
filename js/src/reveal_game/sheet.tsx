/** What lies over the game: a frame with a title and Close, its content a component of its own. */
import { useContext, useEffect, useRef } from "preact/hooks";
import { IconButton } from "../core/controls";
import { keepInside } from "../core/dialogs";
import { useUniqueId } from "../core/ids";
import { GUARDED } from "../core/keyboard";
import { Context } from "./context";
import { Information } from "./information";
import { Leaderboard } from "./leaderboard";
import { Statistics } from "./statistics";
import type { Panel } from "./store";

export function Sheet({ panel }: { panel: Panel }) {
  const { store } = useContext(Context);
  const t = store.t.value;
  const id = useUniqueId();
  const heading = useRef<HTMLHeadingElement>(null);
  const dialog = useRef<HTMLElement>(null);
  const opener = useRef<Element | null>(null);
  useEffect(() => {
    const root = dialog.current?.getRootNode() as Document | ShadowRoot;
    opener.current ??= root.activeElement;
    heading.current?.focus({ preventScroll: true });
  }, [panel]);
  const close = () => {
    store.panel.value = undefined;
    if (opener.current instanceof HTMLElement && opener.current.isConnected) {
      opener.current.focus({ preventScroll: true });
    }
  };
  const onKeyDown = (event: KeyboardEvent) => {
    keepInside(event, dialog.current);
    if (event.key !== "Escape") return;
    event.stopPropagation();
    event.preventDefault();
    close();
  };
  return (
    <section ref={dialog} class="inv-sheet" role="dialog" aria-modal="true" aria-labelledby={id} onKeyDown={onKeyDown}>
      <div class="inv-sheet-head">
        <h3 ref={heading} id={id} tabIndex={-1} {...GUARDED}>
          {t(`game.${panel}`)}
        </h3>
        <IconButton icon="close" label={`${t("action.close")} (Esc)`} onClick={close} />
      </div>
      <div class="inv-sheet-body">
        {panel === "leaderboard" && <Leaderboard store={store} />}
        {panel === "statistics" && <Statistics store={store} />}
        {panel === "information" && <Information store={store} />}
      </div>
    </section>
  );
}
