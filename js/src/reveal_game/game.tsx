/** The reveal game: header, what the kernel shows, what lies over it. */
import type { ReadonlySignal } from "@preact/signals";
import { useLayoutEffect, useMemo, useRef } from "preact/hooks";
import { Icon } from "../core/controls";
import { OWN_UNDO } from "../core/keyboard";
import type { Painter } from "../core/painter";
import type { Theme } from "../core/theme";
import { Context } from "./context";
import { End } from "./end";
import { keepFocus } from "./focus";
import { Header } from "./header";
import { Letters } from "./letters";
import { Play } from "./play";
import { Said } from "./said";
import { Sheet } from "./sheet";
import type { GameStore } from "./store";
import { Trouble } from "./trouble";
import { Waiting } from "./waiting";
import { Welcome } from "./welcome";

interface GameProps {
  store: GameStore;
  painter: Painter;
  theme: ReadonlySignal<Theme>;
}

export function Game({ store, painter, theme }: GameProps) {
  const root = useRef<HTMLDivElement>(null);
  const keeper = useMemo(() => keepFocus(), []);
  // Before the parts' own effects, which move the focus.
  useLayoutEffect(() => (root.current ? keeper.watch(root.current) : undefined), [keeper]);
  const context = useMemo(() => ({ store, painter, theme, focus: keeper.focus }), [store, painter, theme, keeper]);
  return (
    <Context.Provider value={context}>
      <div
        ref={root}
        class="inv-game"
        lang={store.language.value}
        data-screen={store.screen.value.kind}
        style={{ "--height": `${store.own.height.value}px` }}
        {...OWN_UNDO}
      >
        {!store.alive.value && <Gone store={store} />}
        <Header />
        <Letters />
        <Body store={store} />
        {store.panel.value && <Sheet panel={store.panel.value} />}
        <Said />
      </div>
    </Context.Provider>
  );
}

function Body({ store }: { store: GameStore }) {
  const screen = store.screen.value;
  switch (screen.kind) {
    case "opening":
      return <Opening />;
    case "welcome":
      return <Welcome store={store} screen={screen} />;
    case "round":
    case "result":
      return <Play screen={screen} />;
    case "waiting":
      return <Waiting store={store} screen={screen} />;
    case "end":
      return <End store={store} screen={screen} />;
    default:
      return <Trouble store={store} screen={screen} />;
  }
}

function Gone({ store }: { store: GameStore }) {
  const t = store.t.value;
  return (
    <p class="inv-banner" role="status">
      <Icon name="plug" />
      <span>
        <b>{t("game.gone.title")}</b> {t("game.gone.text")}
      </span>
    </p>
  );
}

export function Opening() {
  return (
    <div class="inv-game-opening" role="status" aria-busy="true">
      <span class="inv-skeleton" aria-hidden="true" />
    </div>
  );
}
