/** Card size, and the columns that are shown. */
import { useContext } from "preact/hooks";
import { Slider } from "../core/controls";
import { GUARDED } from "../core/keyboard";
import { useTranslate } from "../core/language";
import { Menu } from "../core/menu";
import { Context } from "./context";
import { layerTitle } from "./words";

export function ViewMenu() {
  const { store } = useContext(Context);
  const t = useTranslate();
  return (
    <Menu
      label={t("explorer.columns")}
      told={t("explorer.columns_of", {
        shown: store.columns.value.length,
        total: store.picture.value?.columns.length ?? 0,
      })}
      words={t("explorer.columns_words")}
      menuClass="inv-menu"
      popoverClass="inv-popover"
    >
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
    </Menu>
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
          aria-disabled={chosen === all.length || undefined}
          onClick={() => store.set({ hidden_layers: [] })}
          {...GUARDED}
        >
          {t("explorer.show_all")}
        </button>
        <button
          type="button"
          class="inv-button"
          aria-disabled={chosen === 0 || undefined}
          onClick={() => store.set({ hidden_layers: all.map(({ layer }) => layer) })}
          {...GUARDED}
        >
          {t("explorer.hide_all")}
        </button>
      </div>
    </>
  );
}
