/** The colour map of a State, to see and to choose. */
import type { ComponentChildren } from "preact";
import { COLOUR_MAPS, gradient } from "./colour_maps";
import { Icon } from "./controls";
import { useUniqueId } from "./ids";
import { GUARDED } from "./keyboard";
import { useTranslate } from "./language";

interface ColourMapSelectProps {
  value: string;
  onChoose: (name: string) => void;
  /** What stands beside the label. */
  children?: ComponentChildren;
}

export function ColourMapSelect({ value, onChoose, children }: ColourMapSelectProps) {
  const t = useTranslate();
  const id = useUniqueId();
  return (
    <div class="inv-control">
      <label class="inv-control-label" for={id}>
        {t("explorer.colour_map")}
        {children}
      </label>
      <span class="inv-select">
        <span class="inv-swatch" style={{ backgroundImage: gradient(value) }} />
        <select id={id} value={value} onChange={(event) => onChoose(event.currentTarget.value)} {...GUARDED}>
          {COLOUR_MAPS.map((option) => (
            <option key={option} value={option} selected={option === value}>
              {option === "greys" ? t("explorer.greys") : option}
            </option>
          ))}
        </select>
        <Icon name="down" />
      </span>
    </div>
  );
}
