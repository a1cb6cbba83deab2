/** How much of a map is seen: its opacity in an overlay, the share of the picture that a mask shows. */
import { percent, Slider } from "./controls";
import { useTranslate } from "./language";

interface StrengthProps {
  value: number;
  onSlide: (value: number) => void;
}

export function OpacitySlider({ value, disabled, onSlide }: StrengthProps & { disabled: boolean }) {
  const t = useTranslate();
  return (
    <Slider
      label={t("explorer.opacity")}
      min={0}
      max={1}
      step={0.01}
      value={value}
      text={percent(100 * value, 0, t)}
      disabled={disabled}
      onSlide={onSlide}
    />
  );
}

export function ShareSlider({ value, onSlide }: StrengthProps) {
  const t = useTranslate();
  return (
    <Slider
      label={t("explorer.share")}
      min={0.5}
      max={100}
      step={0.5}
      value={value}
      text={percent(value, value % 1 ? 1 : 0, t)}
      onSlide={onSlide}
    />
  );
}
