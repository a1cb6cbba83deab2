/** Card size, and the columns that are shown. */
import { useContext } from "preact/hooks";
import { useTranslate } from "../core/language";
import { Checks, ViewMenu as Menu } from "../core/view_menu";
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
      size={{
        label: t("explorer.card_size"),
        value: store.cardSize.value,
        min: 88,
        max: 320,
        onSlide: (card_size) => store.slide({ card_size }),
      }}
    >
      <Layers />
    </Menu>
  );
}

function Layers() {
  const { store } = useContext(Context);
  const t = useTranslate();
  const all = store.picture.value?.columns ?? [];
  const hidden = new Set(store.own.hidden_layers.value);
  const range = store.range.value;
  const toggle = (layer: string) => {
    if (hidden.has(layer)) hidden.delete(layer);
    else hidden.add(layer);
    store.set({ hidden_layers: [...hidden] });
  };
  const choices = all.map((column) => {
    const { layer } = column;
    const outside = range !== undefined && !range.has(layer);
    const title = outside ? t("explorer.outside", { layer }) : layer;
    return { key: layer, label: layerTitle(t, column), code: layer, title, outside };
  });
  return (
    <Checks
      choices={choices}
      chosen={new Set(all.map(({ layer }) => layer).filter((layer) => !hidden.has(layer)))}
      onToggle={toggle}
      onEvery={(shown) => store.set({ hidden_layers: shown ? [] : all.map(({ layer }) => layer) })}
    />
  );
}
