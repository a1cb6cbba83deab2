/** The picture's name and what the network says of it; what other views chose; the view's controls. */
import type { ComponentChildren } from "preact";
import { useContext } from "preact/hooks";
import { ColourMapSelect } from "../core/colour_map_select";
import { IconButton, percent, Segmented, Slider } from "../core/controls";
import { GUARDED } from "../core/keyboard";
import { useTranslate } from "../core/language";
import type { PictureHead } from "../core/payload";
import { OpacitySlider, ShareSlider } from "../core/strength";
import { Context } from "./context";
import { carrying } from "./label_filter";
import { ViewMenu } from "./view_menu";
import { layerTitle } from "./words";

const MODES = ["overlay", "mask", "map"] as const;

export function Toolbar() {
  const { store } = useContext(Context);
  const t = useTranslate();
  const head = store.head.value;
  const mode = store.own.view.value;
  const [label, range] = [store.filter.value, store.range.value];
  return (
    <header class="inv-toolbar">
      {head?.withheld && (
        <div class="inv-title">
          <h2>{t("explorer.hidden")}</h2>
        </div>
      )}
      {head && !head.withheld && <Title head={head} />}
      {(label !== null || range) && (
        <div class="inv-choices">
          {label !== null && <LabelChip label={label} />}
          {range && <RangeChip range={range} />}
        </div>
      )}
      <div class="inv-controls">
        <Segmented
          label={t("explorer.view")}
          value={mode}
          options={MODES}
          name={(each) => t(`explorer.view_${each}`)}
          onChoose={(view) => store.set({ view })}
        />
        <ColourMapSelect value={store.shared.colour_map.value} onChoose={(colour_map) => store.share({ colour_map })} />
        <OpacitySlider
          value={store.shared.opacity.value}
          disabled={mode !== "overlay"}
          onSlide={(opacity) => store.slideShared({ opacity })}
        />
        {mode === "mask" ? <MaskShare /> : <CutSlider />}
        <ViewMenu />
      </div>
    </header>
  );
}

interface ChoiceProps {
  name: string;
  /** What takes it back. */
  clear: ComponentChildren;
  children: ComponentChildren;
}

/** What was chosen in another view, and the way back. */
function Choice({ name, clear, children }: ChoiceProps) {
  return (
    <p class="inv-chip inv-chip-choice" role="status">
      <span class="inv-quiet">{name}</span>
      {children}
      {clear}
    </p>
  );
}

/** The label that was picked; only cluster maps that carry it are shown. */
function LabelChip({ label }: { label: string }) {
  const { store } = useContext(Context);
  const t = useTranslate();
  const heads = store.heads.value;
  const known = heads.map((head) => carrying(head, label)).filter((found) => found !== undefined);
  const found = known.filter(Boolean).length;
  // What is not told of (big runs, open games) is not counted, and that is said.
  const key = known.length === heads.length ? "explorer.label_in" : "explorer.label_in_known";
  return (
    <Choice
      name={t("explorer.label")}
      clear={
        <IconButton
          icon="close"
          label={t("explorer.label_clear")}
          onClick={() => store.share({ label: null, group: null })}
        />
      }
    >
      <b dir="auto">{label}</b>
      <span class="inv-number inv-quiet">{t(key, { found, count: known.length })}</span>
    </Choice>
  );
}

/** The layers that were brushed; only their columns are shown. */
function RangeChip({ range }: { range: ReadonlySet<string> }) {
  const { store } = useContext(Context);
  const t = useTranslate();
  const all = store.picture.value?.columns ?? [];
  const shown = all.filter(({ layer }) => range.has(layer));
  const [first, last] = [shown[0], shown.at(-1)];
  const ends = [first, last].map((column) => (column ? layerTitle(t, column) : ""));
  const gapless = last !== undefined && all.indexOf(last) - all.indexOf(shown[0] as (typeof all)[0]) < shown.length;
  const clear = (
    <button type="button" class="inv-button" onClick={() => store.share({ layers: [] })} {...GUARDED}>
      {t("explorer.range_clear")}
    </button>
  );
  return (
    <Choice name={t("explorer.range")} clear={clear}>
      {gapless && (
        <b>{shown.length === 1 ? ends[0] : t("explorer.range_ends", { first: ends[0] ?? "", last: ends[1] ?? "" })}</b>
      )}
      <span class="inv-number inv-quiet">{t("explorer.range_of", { number: shown.length, count: all.length })}</span>
    </Choice>
  );
}

export function MaskShare() {
  const { store } = useContext(Context);
  return <ShareSlider value={store.own.share.value} onSlide={(share) => store.slide({ share })} />;
}

function CutSlider() {
  const { store } = useContext(Context);
  const t = useTranslate();
  const cut = store.own.cut.value;
  return (
    <Slider
      label={t("explorer.cut")}
      min={0}
      max={0.95}
      step={0.01}
      value={cut}
      text={percent(100 * cut, 0, t)}
      onSlide={(value) => store.slide({ cut: value })}
    />
  );
}

function Title({ head }: { head: PictureHead }) {
  const { store } = useContext(Context);
  const t = useTranslate();
  const { prediction, target_name, target_probability, target } = head;
  const same = target?.length === 1 && target[0] === prediction?.index;
  const network = head.network ? `${head.network}: ` : "";
  return (
    <div class="inv-title">
      {store.heads.value.length === 1 && <img src={store.thumbnail(head)} alt="" draggable={false} />}
      <h2 dir="auto" title={head.name}>
        {head.name}
      </h2>
      <p class="inv-chips">
        <span class="inv-chip inv-chip-target" title={network + t("explorer.target_words", { name: target_name })}>
          <span class="inv-quiet">{t(same ? "explorer.target_predicted" : "explorer.target")}</span>
          <b dir="auto">{target_name}</b>
          <Probability value={target_probability} />
        </span>
        {!same && prediction && (
          <span class="inv-chip" title={network + t("explorer.predicted_words", { name: prediction.name })}>
            <span class="inv-quiet">{t("explorer.predicted")}</span>
            <b dir="auto">{prediction.name}</b>
            <Probability value={prediction.probability} />
          </span>
        )}
      </p>
    </div>
  );
}

function Probability({ value }: { value: number | null | undefined }) {
  const t = useTranslate();
  return value === null || value === undefined ? null : <span class="inv-number">{percent(100 * value, 1, t)}</span>;
}
