/** The language of the interface, small enough for a header. */
import { Icon } from "./controls";
import { GUARDED } from "./keyboard";
import { LANGUAGES, type Language, type Translate } from "./languages";

interface LanguageSelectProps {
  language: Language;
  t: Translate;
  onSelect: (language: Language) => void;
}

export function LanguageSelect({ language, t, onSelect }: LanguageSelectProps) {
  return (
    <span class="inv-language" title={t("language.label")}>
      <span aria-hidden="true">{language.toUpperCase()}</span>
      <Icon name="down" />
      <select
        aria-label={t("language.label")}
        value={language}
        onChange={(event) => onSelect(event.currentTarget.value as Language)}
        {...GUARDED}
      >
        {LANGUAGES.map((code) => (
          <option key={code} value={code} lang={code} selected={code === language}>
            {t(`language.${code}`)}
          </option>
        ))}
      </select>
    </span>
  );
}
