/** A view's menu: how large its cards are, and which parts of it are shown. */
import type { ComponentChildren } from "preact";
import { Slider } from "./controls";
import { GUARDED } from "./keyboard";
import { useTranslate } from "./language";
import { Menu } from "./menu";

interface ViewMenuProps {
  /** What stands above the button, on it, and the name of what it opens. */
  label: string;
  told: string;
  words: string;
  menuClass: string;
  /** Of the cards, in CSS pixels. */
  size: { label: string; value: number; min: number; max: number; onSlide: (value: number) => void };
  children: ComponentChildren;
}

export function ViewMenu({ label, told, words, menuClass, size, children }: ViewMenuProps) {
  return (
    <Menu label={label} told={told} words={words} menuClass={`inv-view-menu ${menuClass}`} popoverClass="inv-popover">
      <Slider {...size} step={8} text={`${size.value} px`} />
      {children}
    </Menu>
  );
}

export interface Choice {
  key: string;
  label: string;
  /** Its name in the network. */
  code?: string;
  /** What else is to be known of it, briefly. */
  aside?: string | undefined;
  title?: string;
  /** It is not shown, whether chosen or not. */
  outside?: boolean;
}

interface ChecksProps {
  legend?: string;
  choices: readonly Choice[];
  chosen: ReadonlySet<string>;
  onToggle: (key: string) => void;
  /** Show or hide all at once. */
  onEvery?: (shown: boolean) => void;
}

export function Checks({ legend, choices, chosen, onToggle, onEvery }: ChecksProps) {
  const t = useTranslate();
  const count = choices.filter(({ key }) => chosen.has(key)).length;
  return (
    <fieldset class="inv-checks">
      {legend && <legend class="inv-quiet">{legend}</legend>}
      {choices.map(({ key, label, code, aside, title, outside = false }) => (
        <label key={key} title={title} data-outside={outside}>
          <input type="checkbox" checked={chosen.has(key)} onChange={() => onToggle(key)} {...GUARDED} />
          <span dir="auto">{label}</span>
          {code !== undefined && <code>{code}</code>}
          {aside !== undefined && <span class="inv-quiet">{aside}</span>}
        </label>
      ))}
      {onEvery && (
        <div class="inv-actions">
          {([true, false] as const).map((shown) => {
            const done = count === (shown ? choices.length : 0);
            return (
              <button
                key={String(shown)}
                type="button"
                class="inv-button"
                // In words only: it keeps the focus, and Escape still closes the menu.
                aria-disabled={done || undefined}
                onClick={done ? undefined : () => onEvery(shown)}
                {...GUARDED}
              >
                {t(shown ? "explorer.show_all" : "explorer.hide_all")}
              </button>
            );
          })}
        </div>
      )}
    </fieldset>
  );
}
