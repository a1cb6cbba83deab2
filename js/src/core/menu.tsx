/** A button in a toolbar that opens a group of controls; a press outside of it, or Escape, closes it. */
import type { ComponentChildren, RefObject } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { Icon } from "./controls";
import { useUniqueId } from "./ids";
import { GUARDED } from "./keyboard";

/** While `open`, call `close` when something outside of `root` is pressed. */
export function useOutsidePress(root: RefObject<HTMLElement | null>, open: boolean, close: () => void): void {
  useEffect(() => {
    if (!open) return undefined;
    const outside = (event: Event) => {
      if (root.current && !event.composedPath().includes(root.current)) close();
    };
    document.addEventListener("pointerdown", outside);
    return () => document.removeEventListener("pointerdown", outside);
  }, [open]);
}

interface MenuProps {
  /** What stands above the button. */
  label: string;
  /** What stands on it. */
  told: string;
  /** The name of what it opens. */
  words: string;
  /** Classes of the whole and of what opens. */
  menuClass: string;
  popoverClass: string;
  children: ComponentChildren;
}

export function Menu({ label, told, words, menuClass, popoverClass, children }: MenuProps) {
  const [open, setOpen] = useState(false);
  const root = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  const id = useUniqueId();
  useOutsidePress(root, open, () => setOpen(false));
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== "Escape" || !open) return;
    event.stopPropagation();
    setOpen(false);
    button.current?.focus();
  };
  return (
    <div class={`inv-control ${menuClass}`} ref={root} onKeyDown={onKeyDown}>
      <span class="inv-control-label">{label}</span>
      <button
        ref={button}
        type="button"
        class="inv-button"
        aria-expanded={open}
        aria-controls={id}
        onClick={() => setOpen(!open)}
        {...GUARDED}
      >
        <span class="inv-number">{told}</span>
        <Icon name="down" />
      </button>
      {open && (
        <div class={popoverClass} id={id} role="group" aria-label={words}>
          {children}
        </div>
      )}
    </div>
  );
}
