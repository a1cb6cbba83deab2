/** A view on a State: opened with it, opened anew when the model is given another, closed with its output. */
import type { ReadonlySignal } from "@preact/signals";
import { type ComponentChildren, Fragment } from "preact";
import { stateOf } from "./host_state";
import { followLanguage } from "./language";
import type { Model, RenderProps } from "./model";
import { createRoot, type Root } from "./mount";
import { type Theme, watchTheme } from "./theme";

export interface Opened {
  view: ComponentChildren;
  /** What the view holds, taken back when it is closed, in this order. */
  holds: readonly { dispose(): void }[];
}

interface Around {
  root: Root;
  theme: ReadonlySignal<Theme>;
}

/** Render `open(state)` into an output; `loading` stands there until the State is found. Returns what ends it. */
export async function renderOnState(
  { model, el, host }: RenderProps,
  styles: string,
  open: (state: Model, around: Around) => Opened,
  loading?: ComponentChildren,
): Promise<() => void> {
  const { theme, dispose: forgetTheme } = watchTheme();
  const root = createRoot(el, styles, theme);
  let closeView = () => {};
  let opening = 0;
  const openView = async () => {
    const turn = ++opening;
    try {
      const state = await stateOf(model, host);
      // Meanwhile the view was closed, or was given yet another State.
      if (turn !== opening) return;
      closeView();
      const language = followLanguage(state);
      closeView = () => language.dispose();
      root.speak(language.t);
      const { view, holds } = open(state, { root, theme });
      closeView = () => {
        for (const held of holds) held.dispose();
        language.dispose();
      };
      root.show(<Fragment key={turn}>{view}</Fragment>);
    } catch (error) {
      root.fail(error);
    }
  };
  const onState = () => void openView();
  model.on("change:state", onState);
  if (loading !== undefined) root.show(loading);
  await openView();
  return () => {
    opening = -1;
    model.off("change:state", onState);
    closeView();
    root.dispose();
    forgetTheme();
  };
}
