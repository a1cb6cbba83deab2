/** Which parts were played how often: a row a picture, a column a layer, coloured by rounds a cluster map. */
import { useSignal } from "@preact/signals";
import { useMemo } from "preact/hooks";
import { gradient, lookUpTable } from "../core/colour_maps";
import { GUARDED } from "../core/keyboard";
import type { Translate } from "../core/languages";
import type { Cell } from "./desk_data";
import type { DeskStore } from "./store";

/** Colour of the scale, readable on both themes. */
const SCALE = "viridis";

/** Rows that are drawn at first: a run can have thousands of pictures. */
const ROWS = 200;

export function Coverage({ store }: { store: DeskStore }) {
  const t = store.t.value;
  const { coverage, retire_after } = store.desk.value;
  const all = useSignal(false);
  const most = useMemo(() => scaleOf(coverage.cells, retire_after), [coverage, retire_after]);
  const names = store.names.value;
  const rows = all.value ? coverage.cells : coverage.cells.slice(0, ROWS);
  if (coverage.cells.length === 0) return null;
  return (
    <section class="inv-desk-card inv-coverage" aria-label={t("host.coverage")}>
      <div class="inv-card-head">
        <h3>{t("host.coverage")}</h3>
        <Legend t={t} most={most} />
        <label class="inv-toggle" title={t("host.names_hint")}>
          <input
            type="checkbox"
            checked={names}
            onChange={(event) => {
              store.names.value = event.currentTarget.checked;
            }}
            {...GUARDED}
          />
          <span>{t("host.names")}</span>
        </label>
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a long table scrolls by the keyboard */}
      <div class="inv-coverage-scroll" tabIndex={0} role="region" aria-label={t("host.coverage")} {...GUARDED}>
        <table data-names={names}>
          <caption class="inv-visually-hidden">{t("host.coverage_caption")}</caption>
          <thead>
            <tr>
              <th scope="col">
                <span class="inv-visually-hidden">{t("host.picture")}</span>
              </th>
              {coverage.layers.map((layer) => (
                <th key={layer} scope="col">
                  <span>{layer}</span>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map((row, i) => (
              <tr key={i}>
                <th scope="row" class="inv-number" dir="auto">
                  {names ? coverage.pictures[i] : t.number(coverage.numbers[i] ?? i + 1)}
                </th>
                {row.map((cell, k) => (
                  <CellView
                    key={k}
                    t={t}
                    cell={cell}
                    most={most}
                    layer={coverage.layers[k] ?? ""}
                    number={coverage.numbers[i] ?? i + 1}
                  />
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {coverage.cells.length < coverage.n_pictures && (
        <p class="inv-quiet">
          {t("host.coverage_most", { count: coverage.cells.length, all: t.number(coverage.n_pictures) })}
        </p>
      )}
      {rows.length < coverage.cells.length && (
        <button
          type="button"
          class="inv-button"
          onClick={() => {
            all.value = true;
          }}
          {...GUARDED}
        >
          {t("host.all_rows", { count: coverage.cells.length })}
        </button>
      )}
    </section>
  );
}

interface CellProps {
  t: Translate;
  cell: Cell | null;
  most: number;
  layer: string;
  number: number;
}

function CellView({ t, cell, most, layer, number }: CellProps) {
  if (cell === null || cell.maps === 0) {
    return (
      <td data-kind="none">
        <span class="inv-visually-hidden">{t("host.cell_none")}</span>
      </td>
    );
  }
  const words = t("host.cell", {
    rounds: t("host.cell_rounds", { count: cell.rounds }),
    played: cell.played,
    count: cell.maps,
  });
  const style = cell.rounds === 0 ? undefined : { backgroundColor: colourOf(cell.rounds / cell.maps, most) };
  return (
    <td
      data-kind={cell.rounds === 0 ? "empty" : "played"}
      title={`${t("host.cell_place", { number, layer })}: ${words}`}
    >
      <span class="inv-cell" style={style}>
        <span class="inv-visually-hidden">{words}</span>
      </span>
    </td>
  );
}

function Legend({ t, most }: { t: Translate; most: number }) {
  return (
    <span class="inv-legend">
      <span class="inv-cell" data-kind="empty" aria-hidden="true" />
      <span>0</span>
      <span class="inv-legend-scale" aria-hidden="true" style={{ background: gradient(SCALE) }} />
      <span class="inv-number">{t.number(most, { maximumFractionDigits: 1 })}</span>
      <span class="inv-quiet">{t("host.per_map")}</span>
    </span>
  );
}

/** The end of the scale in rounds a map: what the rules ask for, else the most there is. */
export function scaleOf(cells: readonly (readonly (Cell | null)[])[], retireAfter: number | null): number {
  let most = retireAfter ?? 1;
  for (const row of cells) {
    for (const cell of row) {
      if (cell !== null && cell.maps > 0) most = Math.max(most, cell.rounds / cell.maps);
    }
  }
  return most;
}

const table = lookUpTable(SCALE);

function colourOf(value: number, most: number): string {
  const place = 3 * Math.round(255 * Math.min(1, value / most));
  return `rgb(${table[place]} ${table[place + 1]} ${table[place + 2]})`;
}
