import { describe, expect, it } from "vitest";
import en from "../../../inv_widgets/languages/en.json";
import italian from "../../../inv_widgets/languages/it.json";
import { closest, errorText, LANGUAGES, translator } from "./languages";

declare global {
  interface ImportMeta {
    glob(
      pattern: string | string[],
      options: { query: "?raw"; import: "default"; eager: true },
    ): Record<string, string>;
  }
}

const sources = import.meta.glob(["../**/*.{ts,tsx}", "!../**/*.test.{ts,tsx}"], {
  query: "?raw",
  import: "default",
  eager: true,
});
const python = import.meta.glob("../../../inv_widgets/**/*.py", { query: "?raw", import: "default", eager: true });
const catalogues = { en, it: italian } as Record<string, Record<string, string>>;

/** "key.one" and "key.other" are both "key". */
const base = (key: string) => key.replace(/\.(one|other)$/, "");
const placeholders = (text: string) => [...new Set(text.match(/\{\w+\}/g) ?? [])].sort();

/** The first argument of each call of `t`, as text. */
function firstArguments(source: string): string[] {
  return [...source.matchAll(/\bt\(\s*/g)].map(({ index, 0: call }) => {
    let depth = 0;
    let end = index + call.length;
    for (; end < source.length; end++) {
      const letter = source[end] as string;
      if ("([{".includes(letter)) depth++;
      else if (")]}".includes(letter) && depth-- === 0) break;
      else if (letter === "," && depth === 0) break;
    }
    return source.slice(index + call.length, end);
  });
}

const literals = (text: string) => [...text.matchAll(/"([^"\n]*)"/g)].map(([, literal]) => literal as string);
/** Keys that are made of codes: `end.words_${reason}`, or a group such as "error.". */
const prefixes = (text: string) =>
  [...text.matchAll(/`([a-z_]+\.[\w.-]*)\$\{|"([a-z_]+\.)"/g)].map(([, made, group]) => (made ?? group) as string);

describe("the catalogues", () => {
  it("have the same keys", () => {
    expect(LANGUAGES).toEqual(Object.keys(catalogues));
    expect(Object.keys(italian).sort()).toEqual(Object.keys(en).sort());
  });

  it("have the same placeholders, and a text for each key", () => {
    for (const [key, text] of Object.entries(en)) {
      const other = (italian as Record<string, string>)[key] ?? "";
      expect(other.trim(), key).not.toBe("");
      expect(text.trim(), key).not.toBe("");
      const wanted = placeholders(text).filter((name) => name !== "{count}");
      expect(
        placeholders(other).filter((name) => name !== "{count}"),
        key,
      ).toEqual(wanted);
    }
  });

  it("have a singular and a plural, or neither; and the plural says the number where one does", () => {
    for (const [language, catalogue] of Object.entries(catalogues)) {
      for (const key of Object.keys(catalogue).filter((name) => base(name) !== name)) {
        const [one, other] = [catalogue[`${base(key)}.one`], catalogue[`${base(key)}.other`]];
        expect(one, `${language} ${key}`).toBeTypeOf("string");
        expect(other, `${language} ${key}`).toBeTypeOf("string");
        if (one?.includes("{count}")) expect(other, `${language} ${key}`).toContain("{count}");
        expect(catalogue, `${language} ${key}`).not.toHaveProperty([base(key)]);
      }
    }
  });

  it("hold every key that the sources ask for", () => {
    const known = new Set(Object.keys(en).map(base));
    const asked = Object.entries(sources).flatMap(([path, source]) =>
      firstArguments(source).flatMap((argument) => [
        ...literals(argument)
          .filter((key) => key.includes("."))
          .map((key) => ({ path, key, found: known.has(key) })),
        ...prefixes(argument).map((key) => ({ path, key, found: [...known].some((name) => name.startsWith(key)) })),
      ]),
    );
    expect(asked.length).toBeGreaterThan(5);
    expect(asked.filter(({ found }) => !found)).toEqual([]);
  });

  it("have words for every error code that the kernel answers with", () => {
    const all = Object.entries(python).filter(([path]) => /\/(play|store|widgets)\//.test(path));
    const codes = all.flatMap(([path, source]) =>
      [...source.matchAll(/\b(?:Refusal\(|code(?:: \w+)? ?= ?)\s*"([a-z-]+)"|\b_bad\(\s*"([a-z-]+)"/g)].map(
        ([, refused, bad]) => ({ path, code: (refused ?? bad) as string }),
      ),
    );
    const listed = /^CODES = \(([^)]*)\)/m.exec(python["../../../inv_widgets/store/errors.py"] ?? "")?.[1] ?? "";
    expect(literals(listed)).toContain("store-busy");
    codes.push(...literals(listed).map((code) => ({ path: "errors.py", code })));
    expect(codes.length).toBeGreaterThan(8);
    expect(codes.filter(({ code }) => !(`error.${code}` in en))).toEqual([]);
  });

  it("hold no key that nothing asks for", () => {
    const all = [...Object.values(sources), ...Object.values(python)].join("\n");
    const said = new Set(literals(all));
    const made = prefixes(all);
    const unused = [...new Set(Object.keys(en).map(base))].filter(
      (key) => !said.has(key) && !made.some((prefix) => key.startsWith(prefix)),
    );
    expect(unused).toEqual([]);
  });
});

describe("the translator", () => {
  it("takes the nearest language, English for an unknown one", () => {
    expect(["it", "it-CH", "IT_it", "de", "", "constructor"].map(closest)).toEqual([
      "it",
      "it",
      "it",
      "en",
      "en",
      "en",
    ]);
    expect([null, undefined].map(closest)).toEqual(["en", "en"]);
    expect(translator("it")("action.close")).toBe("Chiudi");
    expect(translator("de")("action.close")).toBe("Close");
    expect(translator("it")).toBe(translator("it-IT"));
  });

  it("fills placeholders once, in one pass: what people typed is not read for placeholders", () => {
    const t = translator("en");
    expect(t("host.of", { done: "{total}", total: 7 })).toBe("{total} of 7");
    expect(t("host.of", { done: 1 })).toBe("1 of {total}");
  });

  it("chooses the plural and writes numbers as the language does", () => {
    const [english, other] = [translator("en"), translator("it")];
    expect([0, 1, 2, 12345].map((count) => english("host.cell_rounds", { count }))).toEqual([
      "0 rounds",
      "1 round",
      "2 rounds",
      "12,345 rounds",
    ]);
    expect(other.number(0.5)).toBe("0,5");
    expect(other.percent(0.256, 1)).toBe("25,6\u00a0%");
    expect(english.percent(0.256)).toBe("26\u00a0%");
    // Italian has a plural form of its own for millions: the text is the usual plural.
    expect(other("host.cell_rounds", { count: 1_000_000 })).toContain("1.000.000");
  });

  it("says errors in the player's language, and what has no code by its message", () => {
    const t = translator("it");
    expect(errorText(t, "nickname-taken", "x")).toBe(italian["error.nickname-taken"]);
    expect(errorText(t, "no-such-code", "[inv-widgets] Too odd.")).toBe("Too odd.");
    expect(errorText(t, undefined, "")).toBe(italian["error.unknown"]);
  });
});
