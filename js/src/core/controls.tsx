/** The few controls that all views share: a slider, a choice of one among few, icons. */
import type { ComponentChildren } from "preact";
import { useUniqueId } from "./ids";
import { GUARDED } from "./keyboard";
import { alongRow } from "./roving";

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
  onChoose: (value: T) => void;
}

export function Segmented<T extends string>({ label, value, options, onChoose }: SegmentedProps<T>) {
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
            {option}
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
} as const;

export function Icon({ name }: { name: keyof typeof ICONS }) {
  return (
    <svg class="inv-icon" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
      <path d={ICONS[name]} />
    </svg>
  );
}

interface IconButtonProps {
  icon: keyof typeof ICONS;
  label: string;
  disabled?: boolean;
  onClick: () => void;
}

export function IconButton({ icon, label, disabled = false, onClick }: IconButtonProps) {
  return (
    <button
      type="button"
      class="inv-icon-button"
      aria-label={label}
      title={label}
      disabled={disabled}
      onClick={onClick}
      {...GUARDED}
    >
      <Icon name={icon} />
    </button>
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

/** A percentage with one decimal, or whole; a dash for what is not a number. */
export function percent(value: number | null | undefined, digits = 1): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  // No "-0.0": what rounds to nothing has no sign.
  const text = value.toFixed(digits).replace(/^-(0(?:\.0+)?)$/, "$1");
  return `${text}\u00a0%`;
}

export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}
