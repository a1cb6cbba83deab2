/** What tests of views stand on: happy-dom draws and lays out nothing. The drawing itself is tested in Chromium. */
import { afterEach, beforeEach, vi } from "vitest";

type Seen = { target: Element; isIntersecting: boolean };

interface StandIns {
  /** Called after the test, in this order. */
  undo: (() => void)[];
  /** Told of what is in sight within `root`; undefined before anything is watched there. */
  saw: ((target: Element, isIntersecting: boolean) => void) | undefined;
}

/** For each test of a file: pictures that decode, nothing that is ever in sight, addresses; and a page that is empty again. */
export function standIns(picture = { width: 8, height: 6 }): StandIns {
  const held: StandIns = { undo: [], saw: undefined };
  beforeEach(() => {
    vi.stubGlobal("createImageBitmap", async () => ({ ...picture, close() {} }));
    vi.stubGlobal(
      "IntersectionObserver",
      class {
        constructor(tell: (entries: Seen[]) => void, options?: { root?: Element }) {
          if (options?.root) held.saw = (target, isIntersecting) => tell([{ target, isIntersecting }]);
        }
        observe() {}
        unobserve() {}
        disconnect() {}
      },
    );
    URL.createObjectURL = () => "blob:test";
    URL.revokeObjectURL = vi.fn();
  });
  afterEach(() => {
    for (const step of held.undo.splice(0)) step();
    document.body.replaceChildren();
    vi.unstubAllGlobals();
    vi.restoreAllMocks();
    held.saw = undefined;
  });
  return held;
}

/** Several short waits: on a busy machine one long one can end before what was scheduled meanwhile has run. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 5; i++) await new Promise((resolve) => setTimeout(resolve, 10));
}

/** Press a key on what has it; false where somebody prevented what it does. */
export function press(target: Element | null | undefined, key: string): boolean | undefined {
  return target?.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
}
