/** The few controls that all views share: a slider, a choice of one among few, icons. */
import type { ComponentChildren } from "preact";
import { useUniqueId } from "./ids";
import { GUARDED } from "./keyboard";
import { useTranslate } from "./language";
import { type Translate, translator } from "./languages";
import { alongRow } from "./roving";

const ENGLISH = translator("en");

interface SliderProps {
  label: string;
  value: number;
  min: number;
  max: number;
  step: number;
  text: string;
  disabled?: boolean;
  onSlide: (value: number) => void;
}

export function Slider({ label, value, min, max, step, text, disabled = false, onSlide }: SliderProps) {
  const id = useUniqueId();
  const filled = (100 * (value - min)) / (max - min);
  return (
    <div class="inv-control" data-disabled={disabled}>
      <label class="inv-control-label" for={id}>
        <span>{label}</span>
        <span class="inv-number" aria-hidden="true">
          {text}
        </span>
      </label>
      <input
        id={id}
        class="inv-slider"
        type="range"
        min={min}
        max={max}
        step={step}
        value={value}
        disabled={disabled}
        aria-valuetext={text}
        style={{ "--filled": `${filled}%` }}
        onInput={(event) => onSlide(event.currentTarget.valueAsNumber)}
        {...GUARDED}
      />
    </div>
  );
}

interface SegmentedProps<T extends string> {
  label: string;
  value: T;
  options: readonly T[];
  /** What an option is called; by default as it is. */
  name?: (option: T) => string;
  onChoose: (value: T) => void;
}

export function Segmented<T extends string>({
  label,
  value,
  options,
  name = (option) => option,
  onChoose,
}: SegmentedProps<T>) {
  const onKeyDown = (event: KeyboardEvent & { currentTarget: HTMLElement }) => {
    const next = alongRow(event.key, options.indexOf(value), options.length);
    const option = next === undefined ? undefined : options[next];
    if (option === undefined) return;
    event.preventDefault();
    onChoose(option);
    event.currentTarget.querySelectorAll("button")[next as number]?.focus();
  };
  return (
    <div class="inv-control">
      <span class="inv-control-label">{label}</span>
      <div class="inv-segmented" role="radiogroup" aria-label={label} onKeyDown={onKeyDown}>
        {options.map((option) => (
          <button
            key={option}
            type="button"
            role="radio"
            aria-checked={option === value}
            tabIndex={option === value ? 0 : -1}
            onClick={() => onChoose(option)}
            {...GUARDED}
          >
            {name(option)}
          </button>
        ))}
      </div>
    </div>
  );
}

const ICONS = {
  close: "M4 4l8 8M12 4l-8 8",
  previous: "M10 3L5 8l5 5",
  next: "M6 3l5 5-5 5",
  down: "M4 6l4 4 4-4",
  search: "M7 2.5a4.5 4.5 0 1 0 0 9 4.5 4.5 0 0 0 0-9M10.3 10.3L14 14",
  plug: "M5 2v4M11 2v4M3.5 6h9v2.5a4.5 4.5 0 0 1-9 0zM8 13v2",
  copy: "M6 6h7v7H6zM3 10V3h7",
  sun: "M8 5a3 3 0 1 0 0 6 3 3 0 0 0 0-6M8 1v1.5M8 13.5V15M1 8h1.5M13.5 8H15M3 3l1 1M12 12l1 1M13 3l-1 1M4 12l-1 1",
  moon: "M13 9.5A5.5 5.5 0 0 1 6.5 3 5.5 5.5 0 1 0 13 9.5z",
  pause: "M5.5 3v10M10.5 3v10",
  play: "M5 3l8 5-8 5z",
  skip: "M3 3l7 5-7 5zM12.5 3v10",
  podium: "M6 13.5V4h4v9.5M2 13.5V8h4M14 13.5V10h-4M1 13.5h14",
  bars: "M2.5 13.5V9M6.2 13.5V6M9.8 13.5V8M13.5 13.5V2.5",
  information: "M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2M8 7.2V11M8 4.8v.3",
  undo: "M6 3L3 6l3 3M3 6h6.5a3.5 3.5 0 0 1 0 7H6",
  redo: "M10 3l3 3-3 3M13 6H6.5a3.5 3.5 0 0 0 0 7H10",
  check: "M3 8.5L6.5 12 13 4.5",
  more: "M8 3v10M3 8h10",
  clock: "M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2M8 4.5V8l2.5 1.5",
  flame:
    "M8 2c.5 2.5 3.5 3.7 3.5 7.2A3.6 3.6 0 0 1 8 13a3.6 3.6 0 0 1-3.5-3.8C4.5 7.4 5.5 6.6 6 5.5c.6.5 1 1 1.1 1.7C7.8 5.8 8.3 4 8 2z",
  star: "M8 2.2l1.8 3.7 4 .6-2.9 2.8.7 4L8 11.4l-3.6 1.9.7-4L2.2 6.5l4-.6z",
  map: "M2 4l4-1.5 4 1.5 4-1.5v9.5L10 13.5 6 12l-4 1.5zM6 2.5V12M10 4v9.5",
  columns: "M2.5 3.5h11v9h-11zM8 3.5v9",
  grid: "M2.5 2.5h4.5v4.5H2.5zM9 2.5h4.5v4.5H9zM2.5 9h4.5v4.5H2.5zM9 9h4.5v4.5H9z",
  groups: "M2.5 3.5h7v4h-7zM6.5 8.5h7v4h-7z",
  pen: "M10.5 3l2.5 2.5L6 12.5l-3 .5.5-3z",
} as const;

export function Icon({ name }: { name: IconName }) {
  return (
    <svg class="inv-icon" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
      <path d={ICONS[name]} />
    </svg>
  );
}

export type IconName = keyof typeof ICONS;

interface IconButtonProps {
  icon: IconName;
  label: string;
  /** For a button that opens something. */
  expanded?: boolean;
  disabled?: boolean;
  onClick: () => void;
}

/** Disabled it keeps the focus: on the page's body keys would do nothing, Escape included. */
export function IconButton({ icon, label, expanded, disabled = false, onClick }: IconButtonProps) {
  return (
    <button
      type="button"
      class="inv-icon-button"
      aria-label={label}
      title={label}
      aria-expanded={expanded}
      aria-disabled={disabled || undefined}
      onClick={disabled ? undefined : onClick}
      {...GUARDED}
    >
      <Icon name={icon} />
    </button>
  );
}

/** The banner of a view that goes on without its kernel. */
export function Gone() {
  const t = useTranslate();
  return (
    <p class="inv-banner" role="status">
      <Icon name="plug" />
      <span>
        <b>{t("view.gone")}</b> {t("view.gone_words")}
      </span>
    </p>
  );
}

/** Words in place of content: what is missing, and what to do. */
export function Empty({ title, children }: { title: string; children?: ComponentChildren }) {
  return (
    <div class="inv-empty">
      <strong>{title}</strong>
      {children}
    </div>
  );
}

/** A percentage with one decimal, or whole, as a language writes it; a dash for what is not a number. */
export function percent(value: number | null | undefined, digits = 1, t: Translate = ENGLISH): string {
  const text = fixed(value, digits, t);
  return text === "–" ? text : `${text}\u00a0%`;
}

/** A number with so many decimals, as a language writes it; a dash for what is none. */
export function fixed(value: number | null | undefined, digits: number, t: Translate = ENGLISH): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  // No "-0.0": what rounds to nothing has no sign.
  const rounded = Number(value.toFixed(digits)) + 0;
  return t.number(rounded, { minimumFractionDigits: digits, maximumFractionDigits: digits, useGrouping: false });
}

export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}
