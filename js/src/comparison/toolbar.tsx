/** What is compared; how it is drawn; what it is sorted by; pictures that are added. */
import { useContext, useRef, useState } from "preact/hooks";
import { ColourMapSelect } from "../core/colour_map_select";
import { Icon, Segmented } from "../core/controls";
import { SIGNS } from "../core/heat_maps";
import { useUniqueId } from "../core/ids";
import { GUARDED } from "../core/keyboard";
import { useTranslate } from "../core/language";
import { OpacitySlider, ShareSlider } from "../core/strength";
import { ClassPicker } from "./class_picker";
import { Context } from "./context";
import { isSigned } from "./maps";
import { titleOf } from "./numbers";
import { PICTURE_KEYS } from "./sorting";
import { ViewMenu } from "./view_menu";

const MODES = ["overlay", "mask", "map"] as const;

/** Where it is `narrow` one row has what is used most, and the menu the rest. */
export function Toolbar({ narrow }: { narrow: boolean }) {
  const { store, page } = useContext(Context);
  const t = useTranslate();
  const about = store.told._about.value;
  const pictures = t("explorer.pictures", { count: store.contents.heads.value.length });
  const methods = t("comparison.methods", { count: about.methods.length });
  const rest = (
    <>
      <Legend />
      <Strength />
      <Sorting what="methods" />
      <Sorting what="pictures" />
    </>
  );
  return (
    <header class="inv-cmp-toolbar" data-narrow={narrow}>
      <div class="inv-cmp-title">
        {!page && <h2>{t("comparison.title", { pictures, methods })}</h2>}
        {about.network && <p class="inv-quiet">{t("comparison.by", { network: about.network })}</p>}
        {!page && <Adding />}
      </div>
      <div class="inv-cmp-controls">
        <Segmented
          label={t("explorer.view")}
          value={store.own.view.value}
          options={MODES}
          name={(each) => t(`explorer.view_${each}`)}
          onChoose={(view) => store.set({ view })}
        />
        {!narrow && rest}
        <ViewMenu>{narrow && rest}</ViewMenu>
      </div>
    </header>
  );
}

/** How much of a map is seen: its opacity, or the share that a mask shows. */
function Strength() {
  const { store } = useContext(Context);
  const mode = store.own.view.value;
  return mode === "mask" ? (
    <ShareSlider value={store.own.share.value} onSlide={(share) => store.slide({ share })} />
  ) : (
    <OpacitySlider
      value={store.shared.opacity.value}
      disabled={mode !== "overlay"}
      onSlide={(opacity) => store.slideShared({ opacity })}
    />
  );
}

/** The colour map, and the two colours of maps with signs where there are such maps. */
function Legend() {
  const { store } = useContext(Context);
  const t = useTranslate();
  const signed =
    store.own.signs.value === "both" &&
    store.rows.value.some((head) => [...(store.contents.of(head)?.maps.values() ?? [])].some(isSigned));
  const swatch = (colour: readonly number[]) => <i style={{ background: `rgb(${colour.join(" ")})` }} />;
  return (
    <ColourMapSelect value={store.shared.colour_map.value} onChoose={(colour_map) => store.share({ colour_map })}>
      {signed && (
        <span class="inv-cmp-signs" title={t("comparison.signs_words")}>
          {swatch(SIGNS.plus)} {t("comparison.for")} {swatch(SIGNS.minus)} {t("comparison.against")}
        </span>
      )}
    </ColourMapSelect>
  );
}

function Sorting({ what }: { what: "methods" | "pictures" }) {
  const { store } = useContext(Context);
  const t = useTranslate();
  const id = useUniqueId();
  const by = what === "methods" ? store.own.sort_methods.value : store.own.sort_pictures.value;
  const measures = store.told._about.value.measures;
  const set = (value: string | null) =>
    store.set(what === "methods" ? { sort_methods: value } : { sort_pictures: value });
  const name = by?.replace(/^-/, "") ?? "";
  const turned = by?.startsWith("-") ?? false;
  return (
    <div class="inv-control inv-cmp-sorting">
      <label class="inv-control-label" for={id}>
        {t(what === "methods" ? "comparison.sort_methods" : "comparison.sort_pictures")}
      </label>
      <span class="inv-cmp-row">
        <span class="inv-select inv-cmp-select-plain">
          <select id={id} value={name} onChange={(event) => set(event.currentTarget.value || null)} {...GUARDED}>
            <option value="" selected={name === ""}>
              {t("comparison.as_given")}
            </option>
            {what === "pictures" &&
              PICTURE_KEYS.map((key) => (
                <option key={key} value={key} selected={name === key}>
                  {t(`comparison.by_${key}`)}
                </option>
              ))}
            {measures.map((measure) => (
              <option key={measure.name} value={measure.name} selected={name === measure.name}>
                {titleOf(t, measure)}
              </option>
            ))}
          </select>
          <Icon name="down" />
        </span>
        <button
          type="button"
          class="inv-icon-button"
          aria-pressed={turned}
          aria-label={t("comparison.turn")}
          title={t("comparison.turn")}
          disabled={by === null}
          onClick={() => set(turned ? name : `-${name}`)}
          {...GUARDED}
        >
          {turned ? "↑" : "↓"}
        </button>
      </span>
    </div>
  );
}

/** Pictures from this computer, and the class that they are asked about. */
function Adding() {
  const { store, alive } = useContext(Context);
  const t = useTranslate();
  const [open, setOpen] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  const { live, categories } = store.told._about.value;
  if (!live) return <p class="inv-quiet inv-cmp-hint">{t("comparison.no_run")}</p>;
  const target = store.target.value;
  const name = target === null ? t("comparison.any_class") : typeof target === "number" ? categories[target] : target;
  const close = () => {
    setOpen(false);
    button.current?.focus();
  };
  return (
    <div class="inv-cmp-adding">
      <button
        type="button"
        class="inv-button"
        aria-disabled={!alive.value || undefined}
        title={t("comparison.add_words")}
        onClick={() => alive.value && input.current?.click()}
        {...GUARDED}
      >
        <Icon name="more" />
        {t("comparison.add")}
      </button>
      <input
        ref={input}
        type="file"
        accept="image/*"
        multiple
        hidden
        aria-label={t("comparison.add")}
        onChange={(event) => {
          const files = [...(event.currentTarget.files ?? [])];
          // The same file can be chosen again.
          event.currentTarget.value = "";
          void store.add(files);
        }}
      />
      <span class="inv-cmp-anchor">
        <button
          ref={button}
          type="button"
          class="inv-button"
          aria-expanded={open}
          title={t("comparison.class_words")}
          onClick={() => setOpen(!open)}
          {...GUARDED}
        >
          <span class="inv-quiet inv-cmp-class">{t("comparison.class")}</span>
          <bdi>{name}</bdi>
          <Icon name="down" />
        </button>
        {open && (
          <ClassPicker
            label={t("comparison.class_words")}
            anyClass
            onClose={close}
            onPick={(picked) => {
              store.target.value = picked;
              close();
            }}
          />
        )}
      </span>
      {store.sending.value > 0 && (
        <span class="inv-quiet" role="status">
          {t("comparison.sending")}
        </span>
      )}
    </div>
  );
}
