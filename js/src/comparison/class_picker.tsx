/** A class to ask about: a list that is searched; where the classes are not known, a name. */
import { useContext, useEffect, useRef, useState } from "preact/hooks";
import { useUniqueId } from "../core/ids";
import { GUARDED } from "../core/keyboard";
import { useTranslate } from "../core/language";
import { useOutsidePress } from "../core/menu";
import { Context } from "./context";

interface ClassPickerProps {
  label: string;
  /** Offer "the most probable class". */
  anyClass?: boolean;
  onPick: (target: number | string | null) => void;
  onClose: () => void;
}

const SHOWN = 60;

export interface Category {
  readonly index: number;
  readonly name: string;
}

/** Categories whose name has all words of a search; those that begin with it first. */
export function found(names: readonly string[], search: string): Category[] {
  const words = search.trim().toLocaleLowerCase().split(/\s+/).filter(Boolean);
  const all = names.map((name, index) => ({ name, index }));
  const matching = all.filter(({ name }) => words.every((word) => name.toLocaleLowerCase().includes(word)));
  const first = words.join(" ");
  const starts = ({ name }: Category) => Number(!name.toLocaleLowerCase().startsWith(first));
  return matching.sort((one, two) => starts(one) - starts(two) || one.index - two.index);
}

export function ClassPicker({ label, anyClass = false, onPick, onClose }: ClassPickerProps) {
  const { store } = useContext(Context);
  const t = useTranslate();
  const [search, setSearch] = useState("");
  const [active, setActive] = useState(0);
  const root = useRef<HTMLDivElement>(null);
  const field = useRef<HTMLInputElement>(null);
  const id = useUniqueId();
  const { categories } = store.told._about.value;
  const matches = found(categories, search);
  const options: { target: number | string | null; name: string }[] = [
    ...(anyClass && search === "" ? [{ target: null, name: t("comparison.any_class") }] : []),
    ...matches.slice(0, SHOWN).map(({ index, name }) => ({ target: index, name })),
    // A function of the user's own may not say which classes there are.
    ...(categories.length === 0 && search.trim() ? [{ target: search.trim(), name: search.trim() }] : []),
  ];
  useEffect(() => {
    field.current?.focus();
  }, []);
  useOutsidePress(root, true, onClose);
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "Escape") {
      event.stopPropagation();
      event.preventDefault();
      onClose();
    } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      const next = active + (event.key === "ArrowDown" ? 1 : -1);
      setActive(Math.min(options.length - 1, Math.max(0, next)));
    } else if (event.key === "Enter") {
      event.preventDefault();
      const option = options[active];
      if (option) onPick(option.target);
    }
  };
  useEffect(() => {
    root.current?.querySelector("[aria-selected=true]")?.scrollIntoView?.({ block: "nearest" });
  }, [active]);
  return (
    <div class="inv-popover inv-cmp-classes" role="dialog" aria-label={label} ref={root} onKeyDown={onKeyDown}>
      <input
        ref={field}
        type="text"
        role="combobox"
        autocomplete="off"
        aria-autocomplete="list"
        aria-label={label}
        aria-expanded={true}
        aria-controls={id}
        aria-activedescendant={options[active] ? `${id}-${active}` : undefined}
        placeholder={t(categories.length > 0 ? "comparison.find_class" : "comparison.name_class")}
        value={search}
        onInput={(event) => {
          setSearch(event.currentTarget.value);
          setActive(0);
        }}
        {...GUARDED}
      />
      <div role="listbox" id={id} aria-label={label}>
        {options.map(({ target, name }, i) => (
          // biome-ignore lint/a11y/useKeyWithClickEvents: the field has the keys, as in every combobox
          // biome-ignore lint/a11y/useFocusableInteractive: the focus stays in the field
          <div
            key={String(target)}
            id={`${id}-${i}`}
            role="option"
            aria-selected={i === active}
            onPointerMove={() => setActive(i)}
            onClick={() => onPick(target)}
          >
            <bdi>{name}</bdi>
          </div>
        ))}
      </div>
      {matches.length > SHOWN && (
        <p class="inv-quiet">{t("comparison.more_classes", { count: matches.length - SHOWN })}</p>
      )}
      {categories.length > 0 && matches.length === 0 && <p class="inv-quiet">{t("comparison.no_class")}</p>}
    </div>
  );
}
