/** What helped to guess, in the player's own words and language. */
import { useContext } from "preact/hooks";
import { IconButton } from "../core/controls";
import { useUniqueId } from "../core/ids";
import { GUARDED } from "../core/keyboard";
import { Chips } from "./chips";
import { Context } from "./context";
import type { Round } from "./open_round";

/** Languages that are offered for the words; others stay selectable once they were chosen. */
const SPOKEN = [
  "en", "it", "ar", "bn", "cs", "de", "el", "es", "fa", "fr", "he", "hi", "hu", "id", "ja", "ko", "nl", "pl", "pt", "ro", "ru",
  "sv", "tr", "uk", "ur", "vi", "zh",
] as const; // biome-ignore format: a list of codes

interface FeaturesProps {
  round: Round;
  disabled: boolean;
  invalid: boolean;
  input: { current: HTMLInputElement | null };
  onDone: () => void;
  onTravel: (kind: "undo" | "redo") => void;
}

export function Features({ round, disabled, invalid, input, onDone, onTravel }: FeaturesProps) {
  const { store } = useContext(Context);
  const t = store.t.value;
  const id = useUniqueId();
  const { max_labels, max_label_length, features_required } = store.settings.value;
  const { labels } = round.choice.value;
  return (
    <div class="inv-question">
      <div class="inv-question-head">
        <label for={id}>{t("game.features")}</label>
        <WordsLanguage value={round.language.value} disabled={disabled} onChange={(code) => store.speak(code)} />
      </div>
      <Chips
        t={t}
        id={id}
        labels={labels}
        text={round.featureText.value}
        language={round.language.value}
        limit={max_labels}
        maxLength={max_label_length}
        disabled={disabled}
        placeholder={t(labels.length === 0 ? "game.features_placeholder" : "game.features_more")}
        describedBy={`${id}-hint`}
        invalid={invalid}
        input={input}
        onText={(feature) => round.type({ feature })}
        onAdd={(text) => {
          if (round.add(text)) round.type({ feature: "" });
        }}
        onRemove={(label) => round.remove(label)}
        onDone={onDone}
      />
      <div class="inv-under">
        <p id={`${id}-hint`} class="inv-hint">
          {features_required ? t("game.features_hint") : t("game.features_hint_optional")}
        </p>
        <span class="inv-undo">
          <IconButton
            icon="undo"
            label={t("game.undo")}
            disabled={disabled || !round.canUndo.value}
            onClick={() => onTravel("undo")}
          />
          <IconButton
            icon="redo"
            label={t("game.redo")}
            disabled={disabled || !round.canRedo.value}
            onClick={() => onTravel("redo")}
          />
        </span>
      </div>
    </div>
  );
}

interface WordsLanguageProps {
  value: string;
  disabled?: boolean;
  onChange: (code: string) => void;
}

export function WordsLanguage({ value, disabled = false, onChange }: WordsLanguageProps) {
  const { store } = useContext(Context);
  const t = store.t.value;
  const codes = (SPOKEN as readonly string[]).includes(value) ? SPOKEN : [value, ...SPOKEN];
  return (
    <select
      class="inv-plain-select"
      aria-label={t("game.words_language")}
      title={t("game.words_language")}
      value={value}
      // In words only, as a field of text is made read-only: it keeps the focus.
      aria-disabled={disabled || undefined}
      onMouseDown={(event) => disabled && event.preventDefault()}
      onKeyDown={(event) => disabled && event.key !== "Tab" && event.preventDefault()}
      onChange={(event) => {
        if (disabled) event.currentTarget.value = value;
        else onChange(event.currentTarget.value);
      }}
      {...GUARDED}
    >
      {codes.map((code) => (
        <option key={code} value={code} selected={code === value}>
          {languageName(code, t.language)}
        </option>
      ))}
    </select>
  );
}

/** A language's name in another: "German", "tedesco". */
function languageName(code: string, language: string): string {
  try {
    return new Intl.DisplayNames([language], { type: "language" }).of(code) ?? code;
  } catch {
    return code;
  }
}
