/** The layers that all views keep to, chosen by their ends: what a drag over the chart does, keys can do here. */
import { useContext } from "preact/hooks";
import { Icon } from "../core/controls";
import { useUniqueId } from "../core/ids";
import { GUARDED } from "../core/keyboard";
import { useTranslate } from "../core/language";
import { Context } from "./context";
import { layerTitles, titleIn } from "./summary";

export function LayerRange() {
  const { store } = useContext(Context);
  const t = useTranslate();
  const id = useUniqueId();
  const summary = store.summary.value;
  const { layers } = summary;
  if (layers.length < 2) return null;
  const range = store.range.value ?? layers.map(({ name }) => name);
  const [from, to] = [range[0] ?? "", range.at(-1) ?? ""];
  const titles = layerTitles(summary);
  const choice = (end: "from" | "to", value: string, onChoose: (name: string) => void) => (
    <span class="inv-select">
      <select
        id={`${id}-${end}`}
        aria-label={t(end === "from" ? "chart.from_layer" : "chart.to_layer")}
        value={value}
        onChange={(event) => onChoose(event.currentTarget.value)}
        {...GUARDED}
      >
        {layers.map(({ name }, i) => (
          <option key={name} value={name} selected={name === value}>
            {titleIn(t, titles[i] ?? name)}
          </option>
        ))}
      </select>
      <Icon name="down" />
    </span>
  );
  return (
    <div class="inv-control inv-range" role="group" aria-label={t("chart.layers")} title={t("chart.drag")}>
      <label class="inv-control-label" for={`${id}-from`}>
        {t("chart.layers")}
      </label>
      <span class="inv-range-ends">
        {choice("from", from, (name) => store.brush(name, to))}
        <span aria-hidden="true">–</span>
        {choice("to", to, (name) => store.brush(from, name))}
      </span>
    </div>
  );
}
