/** The class, the view, the search; none of them asks the kernel. */
import { useContext } from "preact/hooks";
import { Icon, Segmented } from "../core/controls";
import { useUniqueId } from "../core/ids";
import { GUARDED } from "../core/keyboard";
import { useTranslate } from "../core/language";
import { Context } from "./context";
import { LayerRange } from "./layer_range";
import { VIEWS } from "./rows";
import type { Class } from "./summary";

export function Toolbar({ shown }: { shown: Class }) {
  const { store } = useContext(Context);
  const t = useTranslate();
  const id = useUniqueId();
  const { classes } = store.summary.value;
  return (
    <header class="inv-chart-toolbar">
      <div class="inv-chart-title">
        {classes.length > 1 ? (
          <div class="inv-control">
            <label class="inv-control-label" for={id}>
              {t("chart.class")}
            </label>
            <span class="inv-select inv-class">
              <select
                id={id}
                dir="auto"
                value={shown.name}
                onChange={(event) => store.chooseClass(event.currentTarget.value)}
                {...GUARDED}
              >
                {classes.map(({ name }) => (
                  <option key={name} value={name} selected={name === shown.name}>
                    {name}
                  </option>
                ))}
              </select>
              <Icon name="down" />
            </span>
          </div>
        ) : (
          <h2 dir="auto">{shown.name}</h2>
        )}
      </div>
      <Segmented
        label={t("chart.view")}
        value={store.own.view.value}
        options={VIEWS}
        name={(view) => t(`chart.view_${view}`)}
        onChoose={(view) => store.set({ view })}
      />
      <LayerRange />
      <div class="inv-control inv-find">
        <label class="inv-control-label" for={`${id}-find`}>
          {t("chart.find", { count: shown.labels.length })}
        </label>
        <span class="inv-chart-search">
          <Icon name="search" />
          <input
            id={`${id}-find`}
            type="search"
            value={store.search.value}
            placeholder={t("chart.find_example")}
            onInput={(event) => store.find(event.currentTarget.value)}
            onKeyDown={(event) => {
              if (event.key !== "Escape" || store.search.value === "") return;
              event.stopPropagation();
              store.find("");
            }}
            {...GUARDED}
          />
        </span>
      </div>
    </header>
  );
}
