/** Words as chips, and a field that makes more of them: Enter or comma adds, Backspace in the empty field removes the last. */
import type { Ref } from "preact";
import { useRef } from "preact/hooks";
import { Icon } from "../core/controls";
import { GUARDED } from "../core/keyboard";
import type { Translate } from "../core/languages";
import { SEPARATORS } from "./open_round";

interface ChipsProps {
  t: Translate;
  id: string;
  labels: readonly string[];
  text: string;
  /** Of the words, for spelling and speech. */
  language: string;
  limit: number;
  maxLength: number;
  disabled?: boolean;
  placeholder?: string;
  describedBy?: string | undefined;
  invalid?: boolean;
  input: Ref<HTMLInputElement> & { current: HTMLInputElement | null };
  onText: (text: string) => void;
  /** Add what is typed. */
  onAdd: (text: string) => void;
  onRemove: (label: string) => void;
  /** Enter in the empty field. */
  onDone: () => void;
}

export function Chips(props: ChipsProps) {
  const { t, id, labels, text, language, limit, maxLength, disabled = false, input } = props;
  const list = useRef<HTMLUListElement>(null);
  const full = labels.length >= limit;
  const onKeyDown = (event: KeyboardEvent) => {
    if (disabled) return;
    // Enter and comma belong to the input method while it composes a word.
    if (event.isComposing || event.keyCode === 229) return;
    if (event.key === "Enter" && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      if (event.repeat) return;
      if (text.trim() === "") props.onDone();
      else props.onAdd(text);
    } else if (event.key === "Backspace" && text === "" && !event.repeat) {
      const last = labels.at(-1);
      if (last === undefined) return;
      event.preventDefault();
      props.onRemove(last);
    }
  };
  const onInput = (value: string, composing: boolean) => {
    if (!composing && SEPARATORS.test(value)) props.onAdd(value);
    else props.onText(value);
  };
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: a click beside the field goes into it; keys are in it already
    <div
      class="inv-field inv-chip-field"
      data-disabled={disabled}
      data-invalid={props.invalid ?? false}
      onClick={(event) => {
        if (event.target === event.currentTarget || event.target === list.current) input.current?.focus();
      }}
    >
      {labels.length > 0 && (
        <ul ref={list} aria-label={t("game.features_given")}>
          {labels.map((label) => (
            <li key={label} class="inv-word">
              <span dir="auto" lang={language}>
                {label}
              </span>
              <button
                type="button"
                aria-label={t("game.feature_remove", { label })}
                aria-disabled={disabled || undefined}
                onClick={() => {
                  if (disabled) return;
                  props.onRemove(label);
                  input.current?.focus({ preventScroll: true });
                }}
                {...GUARDED}
              >
                <Icon name="close" />
              </button>
            </li>
          ))}
        </ul>
      )}
      <input
        ref={input}
        id={id}
        type="text"
        dir="auto"
        lang={language}
        autocomplete="off"
        autocapitalize="none"
        enterkeyhint={text.trim() === "" ? "done" : "enter"}
        spellcheck={true}
        maxLength={maxLength}
        value={text}
        // Never really disabled: it keeps the focus, and Enter and Backspace still do what they do where it is full.
        readOnly={disabled || full}
        aria-disabled={disabled || undefined}
        placeholder={full ? t("game.features_full", { count: limit }) : (props.placeholder ?? "")}
        aria-describedby={props.describedBy}
        aria-invalid={props.invalid ?? false}
        onKeyDown={onKeyDown}
        onInput={(event) => onInput(event.currentTarget.value, event.isComposing)}
        onCompositionEnd={(event) => onInput(event.currentTarget.value, false)}
        onPaste={(event) => {
          // A field of one line would join pasted lines; each is a word of its own.
          const pasted = event.clipboardData?.getData("text") ?? "";
          if (disabled || full || !/[\n\r]/.test(pasted.trim())) return;
          event.preventDefault();
          props.onAdd(`${text}${pasted}`);
        }}
        {...GUARDED}
      />
    </div>
  );
}
