/** Measures as a language writes them. No DOM. */
import { fixed, percent } from "../core/controls";
import type { Translate } from "../core/languages";
import type { CellHead, Measure } from "./data";

type Value = number | null | undefined;

export function written(t: Translate, { name, unit }: Pick<Measure, "name" | "unit">, value: Value): string {
  if (name === "seconds") return seconds(t, value);
  if (unit === "%") return percent(value, 1, t);
  if (unit === "passes") return fixed(value, typeof value === "number" && value % 1 ? 1 : 0, t);
  if (unit === "bytes") return value === null || value === undefined ? "–" : `${fixed(value / 1e6, 1, t)}\u00a0MB`;
  return significant(t, value);
}

/** Run time: milliseconds under a second. */
export function seconds(t: Translate, value: Value): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  if (value < 0.0095) return `${fixed(1000 * value, 1, t)}\u00a0ms`;
  return value < 0.9995 ? `${fixed(1000 * value, 0, t)}\u00a0ms` : `${fixed(value, value < 99.5 ? 1 : 0, t)}\u00a0s`;
}

/** A number with three significant digits; very small and very large ones as powers of ten. */
export function significant(t: Translate, value: Value): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  if (value === 0) return "0";
  const size = Math.abs(value);
  const options: Intl.NumberFormatOptions = { minimumSignificantDigits: 3, maximumSignificantDigits: 3 };
  return t.number(value, size < 1e-3 || size >= 1e6 ? { ...options, notation: "scientific" } : options);
}

/** "1 + 1 passes": forward and backward. */
export function passes(t: Translate, { numbers }: CellHead): string {
  const [forwards, backwards] = [numbers.forwards, numbers.backwards];
  if (typeof forwards !== "number" || typeof backwards !== "number") return "";
  const text = (value: number) => fixed(value, value % 1 ? 1 : 0, t);
  return t("comparison.passes", { forwards: text(forwards), backwards: text(backwards) });
}

/** What a measure is called: costs in the view's language, metrics as the literature does. */
export function titleOf(t: Translate, { name, title, cost }: Measure): string {
  return cost ? t(`comparison.cost_${name}`) : title;
}
