/** What a chart looks like in this host: the colours and the font around it, as a configuration of Vega-Lite. */
import type { Spec } from "../core/vega";
import { labelRoom } from "./fitting";

const COLOURS = { ink: "--inv-ink", quiet: "--inv-quiet", line: "--inv-line", accent: "--inv-accent" } as const;

/** Read from `element`, which stands in the page: variables can hold what only the browser can resolve. */
export function configFor(element: HTMLElement, width: number): Spec {
  const probe = element.ownerDocument.createElement("span");
  element.append(probe);
  const read = (name: keyof typeof COLOURS) => {
    probe.style.color = `var(${COLOURS[name]})`;
    return getComputedStyle(probe).color || "currentColor";
  };
  const [ink, quiet, line] = [read("ink"), read("quiet"), read("line")];
  const font = getComputedStyle(element).fontFamily || "sans-serif";
  probe.remove();
  return {
    background: "transparent",
    font,
    padding: 0,
    view: { stroke: null },
    title: { color: ink, anchor: "start" },
    axis: {
      labelColor: ink,
      titleColor: quiet,
      gridColor: line,
      domainColor: line,
      tickColor: line,
      titleFontWeight: "normal",
      labelFontSize: 12,
    },
    axisY: { labelLimit: labelRoom(width) },
    legend: { labelColor: quiet, titleColor: quiet, titleFontWeight: "normal", labelFontSize: 11 },
    header: { labelColor: ink, titleColor: quiet },
    text: { color: ink },
    rule: { color: ink },
  };
}
