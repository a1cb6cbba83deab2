/**
 * Words of the interface, one catalogue a language: `inv_widgets/languages/CODE.json`, flat, plain text with {placeholders}.
 *
 * A key with a plural stands as "key.one" and "key.other" and is chosen by the value `count`. A new language is a new
 * catalogue with the same keys and a line in CATALOGUES.
 */
import en from "../../../inv_widgets/languages/en.json";
import it from "../../../inv_widgets/languages/it.json";

type Catalogue = Readonly<Record<string, string>>;

const CATALOGUES = { en, it } as const satisfies Record<string, Catalogue>;

export type Language = keyof typeof CATALOGUES;

/** Codes of the languages that have a catalogue. */
export const LANGUAGES = Object.keys(CATALOGUES) as Language[];

export type Values = Readonly<Record<string, string | number>>;

export interface Translate {
  /** The text of a key with its placeholders filled; numbers are written as the language writes them. */
  (key: string, values?: Values): string;
  readonly language: Language;
  /** Whether the catalogue has a text for a key; for keys that are made of codes. */
  has(key: string): boolean;
  number(value: number, options?: Intl.NumberFormatOptions): string;
  /** A share 0..1 in per cent. */
  percent(share: number, digits?: number): string;
}

const made = new Map<Language, Translate>();

/** The words in a language; English for one without a catalogue ("it-CH" is Italian). */
export function translator(language: string | null | undefined): Translate {
  const known = closest(language);
  let translate = made.get(known);
  if (!translate) {
    translate = build(known);
    made.set(known, translate);
  }
  return translate;
}

/** The language with a catalogue that is nearest to a code. */
export function closest(language: string | null | undefined): Language {
  const base = (language ?? "").toLowerCase().split(/[-_]/, 1)[0] as Language;
  return LANGUAGES.includes(base) ? base : "en";
}

/** What an error code says to a player (or, with another group of keys, to a host); its own message where no text is. */
export function errorText(t: Translate, code: string | null | undefined, message: string, group = "error."): string {
  const key = `${group}${code ?? ""}`;
  return t.has(key) ? t(key) : message.replace(/^\[inv-widgets\]\s*/, "") || t(`${group}unknown`);
}

function build(language: Language): Translate {
  const catalogue: Catalogue = CATALOGUES[language];
  const plural = new Intl.PluralRules(language);
  const plain = new Intl.NumberFormat(language);
  // Made once for each look: making one takes longer than all that it writes on a screen.
  const formats = new Map<string, Intl.NumberFormat>();
  const format = (options: Intl.NumberFormatOptions = {}) => {
    const key = JSON.stringify(options);
    const known = formats.get(key) ?? new Intl.NumberFormat(language, options);
    formats.set(key, known);
    return known;
  };
  const text = (key: string, values: Values): string => {
    const form = typeof values.count === "number" ? `${key}.${plural.select(values.count)}` : key;
    // A missing text is seen in the tests; a player gets English, never an empty place.
    return catalogue[form] ?? catalogue[`${key}.other`] ?? catalogue[key] ?? (en as Catalogue)[key] ?? key;
  };
  const translate = (key: string, values: Values = {}) =>
    text(key, values).replace(/\{(\w+)\}/g, (whole, name: string) => {
      const value = values[name];
      if (value === undefined) return whole;
      return typeof value === "number" ? plain.format(value) : value;
    });
  return Object.assign(translate, {
    language,
    has: (key: string) => key in catalogue,
    number: (value: number, options?: Intl.NumberFormatOptions) => format(options).format(value),
    // With a space, as the maps' weights are written.
    percent: (share: number, digits = 0) => `${format({ maximumFractionDigits: digits }).format(100 * share)}\u00a0%`,
  });
}
