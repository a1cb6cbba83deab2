/**
 * Names as charts can draw them; `inv_widgets/export/drawable_names.py` does the same for files.
 *
 * Vega keeps what it draws in plain objects, by its name. All names can be keys there but one: it gets an invisible character
 * (a word joiner) at its end.
 */
const DRAWN = "__proto__\u2060";

export const drawable = (name: string): string => (name === "__proto__" ? DRAWN : name);

/** The name that was meant by a drawn one. */
export const meant = (name: string): string => (name === DRAWN ? "__proto__" : name);
