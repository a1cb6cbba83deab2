/** Card size, and the columns that are shown. */
import { useContext, useEffect, useRef, useState } from "preact/hooks";
import { Icon, Slider } from "../core/controls";
import { useUniqueId } from "../core/ids";
import { GUARDED } from "../core/keyboard";
import { useTranslate } from "../core/language";
import { Context } from "./context";
import { layerTitle } from "./words";

export function ViewMenu() {
  const { store } = useContext(Context);
  const t = useTranslate();
  const [open, setOpen] = useState(false);
  const root = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  const id = useUniqueId();
  useEffect(() => {
    if (!open) return undefined;
    const outside = (event: Event) => {
      if (root.current && !event.composedPath().includes(root.current)) setOpen(false);
    };
    document.addEventListener("pointerdown", outside);
    return () => document.removeEventListener("pointerdown", outside);
  }, [open]);
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== "Escape" || !open) return;
    event.stopPropagation();
    setOpen(false);
    button.current?.focus();
  };
  return (
    <div class="inv-control inv-menu" ref={root} onKeyDown={onKeyDown}>
      <span class="inv-control-label">{t("explorer.columns")}</span>
      <button
        ref={button}
        type="button"
        class="inv-button"
        aria-expanded={open}
        aria-controls={id}
        onClick={() => setOpen(!open)}
        {...GUARDED}
      >
        <span class="inv-number">
          {t("explorer.columns_of", {
            shown: store.columns.value.length,
            total: store.picture.value?.columns.length ?? 0,
          })}
        </span>
        <Icon name="down" />
      </button>
      {open && (
        <div class="inv-popover" id={id} role="group" aria-label={t("explorer.columns_words")}>
          <Slider
            label={t("explorer.card_size")}
            min={88}
            max={320}
            step={8}
            value={store.cardSize.value}
            text={`${store.cardSize.value} px`}
            onSlide={(card_size) => store.slide({ card_size })}
          />
          <Checks />
        </div>
      )}
    </div>
  );
}

function Checks() {
  const { store } = useContext(Context);
  const t = useTranslate();
  const all = store.picture.value?.columns ?? [];
  const hidden = new Set(store.own.hidden_layers.value);
  const chosen = all.filter(({ layer }) => !hidden.has(layer)).length;
  const range = store.range.value;
  const toggle = (layer: string) => {
    if (hidden.has(layer)) hidden.delete(layer);
    else hidden.add(layer);
    store.set({ hidden_layers: [...hidden] });
  };
  return (
    <>
      <div class="inv-checks">
        {all.map((column) => {
          const { layer } = column;
          const outside = range !== undefined && !range.has(layer);
          return (
            <label key={layer} title={outside ? t("explorer.outside", { layer }) : layer} data-outside={outside}>
              <input type="checkbox" checked={!hidden.has(layer)} onChange={() => toggle(layer)} {...GUARDED} />
              <span>{layerTitle(t, column)}</span>
              <code>{layer}</code>
            </label>
          );
        })}
      </div>
      <div class="inv-actions">
        <button
          type="button"
          class="inv-button"
          disabled={chosen === all.length}
          onClick={() => store.set({ hidden_layers: [] })}
          {...GUARDED}
        >
          {t("explorer.show_all")}
        </button>
        <button
          type="button"
          class="inv-button"
          disabled={chosen === 0}
          onClick={() => store.set({ hidden_layers: all.map(({ layer }) => layer) })}
          {...GUARDED}
        >
          {t("explorer.hide_all")}
        </button>
      </div>
    </>
  );
}
