/**
 * The guess: a field that finds classes by what is typed (an ARIA combobox with a listbox), and for few classes all of them as
 * chips, chosen by click, arrows or number keys.
 */
import { useSignal } from "@preact/signals";
import { useContext, useLayoutEffect, useMemo, useRef } from "preact/hooks";
import { Icon } from "../core/controls";
import { useUniqueId } from "../core/ids";
import { GUARDED } from "../core/keyboard";
import { Context } from "./context";
import { Matcher } from "./matching";
import type { Round } from "./open_round";

/** So many classes stand there as chips; more are found by typing. */
export const FEW = 12;

/** More than anyone reads; the rest is found by typing on. */
const SHOWN = 50;

interface GuessProps {
  round: Round;
  names: readonly string[];
  disabled: boolean;
  invalid: boolean;
  input: { current: HTMLInputElement | null };
  /** A class was chosen, or Enter pressed with one chosen. */
  onChosen: () => void;
}

export function Guess({ round, names, disabled, invalid, input, onChosen }: GuessProps) {
  const { store } = useContext(Context);
  const t = store.t.value;
  const id = useUniqueId();
  const list = useRef<HTMLDivElement>(null);
  const open = useSignal(false);
  const active = useSignal(-1);
  const matcher = useMemo(() => new Matcher(names), [names]);
  const few = names.length <= FEW;
  const typed = round.guessText.value;
  const { guess } = round.choice.value;
  const matches = useMemo(() => matcher.match(typed), [matcher, typed]);
  // Few classes keep their places, so that nothing jumps; what does not fit is dimmed.
  const shown = few ? names : matches.slice(0, SHOWN);
  const fits = useMemo(() => new Set(matches), [matches]);
  const best = typed === "" ? -1 : shown.indexOf(matches[0] ?? "");
  const at = active.value >= 0 && active.value < shown.length ? active.value : best;
  const expanded = !disabled && (few || open.value) && matches.length > 0;

  const choose = (name: string) => {
    round.guess(name);
    round.type({ guess: "" });
    open.value = false;
    active.value = -1;
    onChosen();
  };
  const clear = () => {
    round.guess(null);
    round.type({ guess: "" });
    active.value = -1;
    input.current?.focus({ preventScroll: true });
  };
  const onInput = (value: string) => {
    // What stands in the field is either the guess or something else.
    if (guess !== null) round.guess(null);
    round.type({ guess: value });
    active.value = -1;
    open.value = value.trim() !== "";
  };
  const move = (step: number) => {
    if (matches.length === 0) return;
    open.value = true;
    let to = at >= 0 ? at : shown.indexOf(guess ?? "");
    if (to < 0 && step < 0) to = shown.length;
    do to = (to + step + shown.length) % shown.length;
    while (!fits.has(shown[to] ?? ""));
    active.value = to;
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (disabled || event.isComposing || event.keyCode === 229 || event.ctrlKey || event.metaKey || event.altKey)
      return;
    const empty = typed === "";
    const number = /^[0-9]$/.test(event.key) ? (Number(event.key) + 9) % 10 : undefined;
    if (event.key === "ArrowDown" || (few && empty && event.key === "ArrowRight")) move(1);
    else if (event.key === "ArrowUp" || (few && empty && event.key === "ArrowLeft")) move(-1);
    else if (event.key === "Enter") {
      const name = shown[at];
      if (event.repeat) {
        // The same press that opened the round must not answer it.
      } else if (name !== undefined) choose(name);
      else if (guess !== null) onChosen();
      else open.value = !few;
    } else if (event.key === "Tab") {
      const name = shown[at];
      if (name !== undefined && !event.shiftKey) {
        round.guess(name);
        round.type({ guess: "" });
      }
      return;
    } else if (event.key === "Escape") {
      open.value = false;
      active.value = -1;
    } else if (few && empty && number !== undefined && names[number] !== undefined) choose(names[number]);
    else return;
    event.preventDefault();
  };
  useLayoutEffect(() => {
    const box = list.current;
    const option = box?.children[at] as HTMLElement | undefined;
    if (!box || !option) return;
    const [top, bottom] = [option.offsetTop, option.offsetTop + option.offsetHeight];
    if (top < box.scrollTop) box.scrollTop = top;
    else if (bottom > box.scrollTop + box.clientHeight) box.scrollTop = bottom - box.clientHeight;
  }, [at, expanded]);

  return (
    <div
      class="inv-question inv-guess"
      onFocusOut={(event) => {
        if (!event.currentTarget.contains(event.relatedTarget as Node | null)) open.value = false;
      }}
    >
      <div class="inv-question-head">
        <label for={id}>{t("game.guess")}</label>
        <span class="inv-hint inv-number">{t("game.classes", { count: names.length })}</span>
      </div>
      <div class="inv-combobox">
        <div class="inv-field" data-disabled={disabled} data-chosen={guess !== null} data-invalid={invalid}>
          <Icon name={guess === null ? "search" : "check"} />
          <input
            ref={input}
            id={id}
            type="text"
            role="combobox"
            dir="auto"
            autocomplete="off"
            autocapitalize="none"
            spellcheck={false}
            aria-autocomplete="list"
            aria-expanded={expanded}
            aria-controls={`${id}-list`}
            aria-activedescendant={expanded && at >= 0 ? `${id}-${at}` : undefined}
            aria-invalid={invalid}
            aria-describedby={`${id}-none`}
            value={guess !== null && typed === "" ? guess : typed}
            placeholder={t(few ? "game.guess_placeholder_few" : "game.guess_placeholder")}
            readOnly={disabled}
            aria-disabled={disabled || undefined}
            onKeyDown={onKeyDown}
            onInput={(event) => onInput(event.currentTarget.value)}
            onFocus={(event) => {
              if (guess !== null) event.currentTarget.select();
            }}
            onClick={() => {
              open.value = true;
            }}
            {...GUARDED}
          />
          {(guess !== null || typed !== "") && (
            <button
              type="button"
              class="inv-clear"
              aria-label={t("game.guess_clear")}
              aria-disabled={disabled || undefined}
              onClick={disabled ? undefined : clear}
              {...GUARDED}
            >
              <Icon name="close" />
            </button>
          )}
        </div>
        <div class={few ? "inv-options" : "inv-options inv-dropdown"} hidden={!expanded && !few}>
          <div
            ref={list}
            id={`${id}-list`}
            role="listbox"
            aria-label={t("game.guess")}
            // The field keeps the focus while one is chosen.
            onMouseDown={(event) => event.preventDefault()}
          >
            {shown.map((name, i) => (
              // biome-ignore lint/a11y/useKeyWithClickEvents: the field has the keys, as in every combobox
              <div
                key={name}
                id={`${id}-${i}`}
                role="option"
                tabIndex={-1}
                dir="auto"
                aria-selected={name === guess}
                aria-disabled={disabled}
                data-active={i === at}
                data-dim={!fits.has(name)}
                onClick={() => !disabled && choose(name)}
                {...GUARDED}
              >
                {few && i < 10 && <kbd aria-hidden="true">{(i + 1) % 10}</kbd>}
                <span>{name}</span>
              </div>
            ))}
          </div>
          {matches.length > shown.length && !few && (
            <p class="inv-hint">{t("game.guess_more", { count: matches.length - shown.length })}</p>
          )}
        </div>
        <p id={`${id}-none`} class="inv-hint inv-no-match" hidden={matches.length > 0} role="status">
          {matches.length === 0 ? t("game.guess_none", { typed: typed.trim() }) : ""}
        </p>
      </div>
    </div>
  );
}
