/** Mean silhouette over the number of clusters that was tried, the best one marked. */
import { fixed } from "../core/controls";
import { useTranslate } from "../core/language";
import type { Column } from "../core/payload";

const [WIDTH, HEIGHT, LEFT, BOTTOM, TOP, RIGHT] = [320, 112, 32, 22, 10, 12];

export function Silhouette({ column }: { column: Column }) {
  const t = useTranslate();
  const points = column.silhouettes.filter((point): point is [number, number] => point[1] !== null);
  if (points.length === 0) {
    // Why comes from the analysis, which writes English.
    return column.reason ? (
      <p class="inv-quiet" lang="en">
        {column.reason}
      </p>
    ) : (
      <p class="inv-quiet">{t("explorer.no_silhouette")}</p>
    );
  }
  const best = points.reduce((one, two) => (two[1] > one[1] ? two : one));
  const values = points.map(([, value]) => value);
  const low = Math.min(0, ...values);
  const high = Math.max(0.1, ...values) * 1.08;
  const [first, last] = [points[0]?.[0] ?? 0, points[points.length - 1]?.[0] ?? 1];
  const x = (k: number) => LEFT + ((k - first) / Math.max(1, last - first)) * (WIDTH - LEFT - RIGHT);
  const y = (value: number) => HEIGHT - BOTTOM - ((value - low) / (high - low)) * (HEIGHT - BOTTOM - TOP);
  const line = points.map(([k, value]) => `${x(k).toFixed(1)},${y(value).toFixed(1)}`).join(" ");
  const words = t("explorer.silhouette", { count: best[0], value: fixed(best[1], 2, t) });
  return (
    <figure class="inv-silhouette">
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={words}>
        <line class="inv-axis" x1={LEFT} x2={WIDTH - RIGHT} y1={y(low)} y2={y(low)} />
        <text x={LEFT - 6} y={y(low)} text-anchor="end" dominant-baseline="central">
          {fixed(low, 1, t)}
        </text>
        <text x={LEFT - 6} y={y(best[1])} text-anchor="end" dominant-baseline="central">
          {fixed(best[1], 2, t)}
        </text>
        <line class="inv-guide" x1={LEFT} x2={x(best[0])} y1={y(best[1])} y2={y(best[1])} />
        <polyline points={line} />
        {points.map(([k, value]) => (
          <g key={k} data-best={k === best[0]}>
            <circle cx={x(k)} cy={y(value)} r={k === best[0] ? 4.5 : 2.5} />
            <text x={x(k)} y={HEIGHT - 6} text-anchor="middle">
              {k}
            </text>
          </g>
        ))}
      </svg>
      <figcaption class="inv-quiet">{words}</figcaption>
    </figure>
  );
}
