/** The picture's name and what the network says of it; the view's controls, none of which asks the kernel. */
import { useContext, useEffect, useRef, useState } from "preact/hooks";
import { COLOUR_MAPS, gradient } from "../core/colour_maps";
import { count, Icon, IconButton, percent, Segmented, Slider } from "../core/controls";
import { useUniqueId } from "../core/ids";
import { GUARDED } from "../core/keyboard";
import { translator } from "../core/languages";
import type { PictureHead } from "../core/payload";
import { Context } from "./context";
import { carrying } from "./label_filter";

const MODES = ["overlay", "mask", "map"] as const;

export function Toolbar() {
  const { store } = useContext(Context);
  const head = store.head.value;
  const mode = store.own.view.value;
  return (
    <header class="inv-toolbar">
      {head?.withheld && (
        <div class="inv-title">
          <h2>{translator(store.shared.language.value)("explorer.hidden")}</h2>
        </div>
      )}
      {head && !head.withheld && <Title head={head} />}
      {store.filter.value !== null && <LabelChip label={store.filter.value} />}
      <div class="inv-controls">
        <Segmented label="view" value={mode} options={MODES} onChoose={(view) => store.set({ view })} />
        <ColourMapSelect />
        <Slider
          label="opacity"
          min={0}
          max={1}
          step={0.01}
          value={store.shared.opacity.value}
          text={percent(100 * store.shared.opacity.value, 0)}
          disabled={mode !== "overlay"}
          onSlide={(opacity) => store.slideShared({ opacity })}
        />
        {mode === "mask" ? <ShareSlider /> : <CutSlider />}
        <ViewMenu />
      </div>
    </header>
  );
}

/** The label that was picked in another view, and the way back to all cluster maps. */
function LabelChip({ label }: { label: string }) {
  const { store } = useContext(Context);
  const known = store.heads.value.map((head) => carrying(head, label)).filter((found) => found !== undefined);
  const pictures = known.filter((found) => found > 0).length;
  return (
    <p class="inv-chip inv-chip-label" role="status">
      <span class="inv-quiet">label</span>
      <b dir="auto">{label}</b>
      <span class="inv-number inv-quiet">
        in {pictures} of {count(known.length, "picture")}
      </span>
      <IconButton
        icon="close"
        label="Show all cluster maps"
        onClick={() => store.share({ label: null, group: null })}
      />
    </p>
  );
}

export function ShareSlider() {
  const { store } = useContext(Context);
  const share = store.own.share.value;
  return (
    <Slider
      label="show the top"
      min={0.5}
      max={100}
      step={0.5}
      value={share}
      text={percent(share, share % 1 ? 1 : 0)}
      onSlide={(value) => store.slide({ share: value })}
    />
  );
}

function CutSlider() {
  const { store } = useContext(Context);
  const cut = store.own.cut.value;
  return (
    <Slider
      label="hide below"
      min={0}
      max={0.95}
      step={0.01}
      value={cut}
      text={percent(100 * cut, 0)}
      onSlide={(value) => store.slide({ cut: value })}
    />
  );
}

function Title({ head }: { head: PictureHead }) {
  const { store } = useContext(Context);
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
        <span class="inv-chip inv-chip-target" title={`${network}the class that is explained, ${target_name}`}>
          <span class="inv-quiet">{same ? "predicted and explained" : "explained"}</span>
          <b dir="auto">{target_name}</b>
          <Probability value={target_probability} />
        </span>
        {!same && prediction && (
          <span class="inv-chip" title={`${network}the class with the highest score, ${prediction.name}`}>
            <span class="inv-quiet">predicted</span>
            <b dir="auto">{prediction.name}</b>
            <Probability value={prediction.probability} />
          </span>
        )}
      </p>
    </div>
  );
}

function Probability({ value }: { value: number | null | undefined }) {
  return value === null || value === undefined ? null : <span class="inv-number">{percent(100 * value)}</span>;
}

function ColourMapSelect() {
  const { store } = useContext(Context);
  const id = useUniqueId();
  const name = store.shared.colour_map.value;
  return (
    <div class="inv-control">
      <label class="inv-control-label" for={id}>
        colour map
      </label>
      <span class="inv-select">
        <span class="inv-swatch" style={{ backgroundImage: gradient(name) }} />
        <select
          id={id}
          value={name}
          onChange={(event) => store.share({ colour_map: event.currentTarget.value })}
          {...GUARDED}
        >
          {COLOUR_MAPS.map((option) => (
            <option key={option} value={option} selected={option === name}>
              {option}
            </option>
          ))}
        </select>
        <Icon name="down" />
      </span>
    </div>
  );
}

/** Card size and the columns that are shown. */
function ViewMenu() {
  const { store } = useContext(Context);
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
  const all = store.picture.value?.columns ?? [];
  const hidden = new Set(store.own.hidden_layers.value);
  const shown = all.filter(({ layer }) => !hidden.has(layer)).length;
  const toggle = (layer: string) => {
    if (hidden.has(layer)) hidden.delete(layer);
    else hidden.add(layer);
    store.set({ hidden_layers: [...hidden] });
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== "Escape" || !open) return;
    event.stopPropagation();
    setOpen(false);
    button.current?.focus();
  };
  return (
    <div class="inv-control inv-menu" ref={root} onKeyDown={onKeyDown}>
      <span class="inv-control-label">columns</span>
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
          {shown} of {all.length}
        </span>
        <Icon name="down" />
      </button>
      {open && (
        <div class="inv-popover" id={id} role="group" aria-label="Card size and columns">
          <Slider
            label="card size"
            min={88}
            max={320}
            step={8}
            value={store.cardSize.value}
            text={`${store.cardSize.value} px`}
            onSlide={(card_size) => store.slide({ card_size })}
          />
          <div class="inv-checks">
            {all.map(({ layer, title }) => (
              <label key={layer} title={layer}>
                <input type="checkbox" checked={!hidden.has(layer)} onChange={() => toggle(layer)} {...GUARDED} />
                <span>{title}</span>
                <code>{layer}</code>
              </label>
            ))}
          </div>
          <div class="inv-actions">
            <button
              type="button"
              class="inv-button"
              disabled={shown === all.length}
              onClick={() => store.set({ hidden_layers: [] })}
              {...GUARDED}
            >
              Show all
            </button>
            <button
              type="button"
              class="inv-button"
              disabled={shown === 0}
              onClick={() => store.set({ hidden_layers: all.map(({ layer }) => layer) })}
              {...GUARDED}
            >
              Hide all
            </button>
          </div>
        </div>
      )}
    </div>
  );
}
