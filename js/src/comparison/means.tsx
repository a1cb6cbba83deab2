/** The row of means over the pictures, each with its interval. */
import { useContext } from "preact/hooks";
import { useTranslate } from "../core/language";
import { Context } from "./context";
import type { Measure, MethodHead } from "./data";
import { titleOf, written } from "./numbers";

export function Means() {
  const { store } = useContext(Context);
  const t = useTranslate();
  const about = store.told._about.value;
  const columns = store.columns.value;
  const count = store.contents.heads.value.length;
  const added = store.told._added.value.length > 0;
  if (count === 0 || columns.length === 0) return null;
  const costs = about.measures.filter(({ name }) => name === "seconds" || name === "forwards");
  const measures = [...costs, ...store.measures.value];
  return (
    <tr class="inv-cmp-means">
      <th scope="row" class="inv-cmp-row-head">
        <b>{t("comparison.mean", { count })}</b>
        {count > 1 && <span class="inv-quiet">{t("comparison.interval")}</span>}
        {added && <span class="inv-quiet">{t("comparison.without_added")}</span>}
      </th>
      {columns.map((method) => (
        <td key={method.key}>
          <dl class="inv-cmp-measures">
            {measures.map((measure) => (
              <Mean key={measure.name} method={method} measure={measure} single={count === 1} />
            ))}
          </dl>
        </td>
      ))}
      {store.cluster.value && <td />}
    </tr>
  );
}

function Mean({ method, measure, single }: { method: MethodHead; measure: Measure; single: boolean }) {
  const { store } = useContext(Context);
  const t = useTranslate();
  const [mean, low, high, , undefinedCount] = store.told._about.value.summary[method.key]?.[measure.name] ?? [];
  const known = typeof mean === "number";
  const words = undefinedCount ? t("comparison.undefined_in", { count: undefinedCount }) : undefined;
  return (
    <div title={words}>
      <dt>{titleOf(t, measure)}</dt>
      <dd class="inv-number">{written(t, measure, mean)}</dd>
      {known && !single && measure.name !== "forwards" && (
        <dd class="inv-number inv-quiet inv-cmp-interval">
          {written(t, measure, low)} – {written(t, measure, high)}
        </dd>
      )}
    </div>
  );
}
