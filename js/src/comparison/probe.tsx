/** The same pixel in all cells of a row: a cross-hair, the map's value there, and how much of the map lies below it. */
import { useContext, useEffect, useState } from "preact/hooks";
import { useTranslate } from "../core/language";
import type { Translate } from "../core/languages";
import type { RowContent } from "./contents";
import { Context } from "./context";
import type { RowHead, SaliencyMap } from "./data";
import { type Pixel, rankOf, valueAt } from "./maps";
import { significant } from "./numbers";

interface ProbedProps {
  head: RowHead;
  content: RowContent;
  map: SaliencyMap | undefined;
}

export function Probed({ head, content, map }: ProbedProps) {
  const { store } = useContext(Context);
  const t = useTranslate();
  const probe = store.probe.value;
  const here = probe?.key === head.key ? probe : undefined;
  const onPointerMove = (event: PointerEvent & { currentTarget: HTMLElement }) => {
    const box = event.currentTarget.getBoundingClientRect();
    const x = Math.floor(((event.clientX - box.left) / box.width) * head.width);
    const y = Math.floor(((event.clientY - box.top) / box.height) * head.height);
    store.probe.value = {
      key: head.key,
      x: Math.min(head.width - 1, Math.max(0, x)),
      y: Math.min(head.height - 1, Math.max(0, y)),
    };
  };
  const left = here ? (100 * (here.x + 0.5)) / head.width : 0;
  const top = here ? (100 * (here.y + 0.5)) / head.height : 0;
  return (
    <div
      class="inv-cmp-probe"
      onPointerMove={onPointerMove}
      onPointerLeave={() => {
        store.probe.value = undefined;
      }}
      aria-hidden="true"
    >
      {here && (
        <>
          <span class="inv-cmp-hair" data-along="x" style={{ top: `${top}%` }} />
          <span class="inv-cmp-hair" data-along="y" style={{ left: `${left}%` }} />
          <span class="inv-cmp-reading inv-number" data-low={top < 50}>
            {map ? reading(t, map, here, head, content) : t("comparison.pixel", { x: here.x, y: here.y })}
          </span>
        </>
      )}
    </div>
  );
}

/** "0.42 · 93 % below" */
export function reading(t: Translate, map: SaliencyMap, pixel: Pixel, head: RowHead, content: RowContent): string {
  const value = valueAt(map, pixel, head, content.window);
  if (value === undefined) return t("comparison.unseen");
  const rank = Math.round(rankOf(content.ranking(map, head), value));
  return t("comparison.reading", { value: significant(t, value), rank: t.percent(rank / 100) });
}

/** The same in words, for those who hear it, when the hand rests. */
export function Announced() {
  const { store } = useContext(Context);
  const t = useTranslate();
  const [words, setWords] = useState("");
  const probe = store.probe.value;
  useEffect(() => {
    const timer = setTimeout(() => setWords(spoken()), probe ? 500 : 0);
    return () => clearTimeout(timer);
  }, [probe]);
  const spoken = () => {
    const head = store.rows.peek().find(({ key }) => key === probe?.key);
    const content = head && store.contents.of(head);
    if (!probe || !head || head.withheld || !content) return "";
    const readings = store.columns.peek().flatMap((method) => {
      const map = content.maps.get(method.key);
      return map ? [`${method.label}: ${reading(t, map, probe, head, content)}`] : [];
    });
    return [t("comparison.pixel", { x: probe.x, y: probe.y }), ...readings].join("; ");
  };
  return (
    <p class="inv-visually-hidden" role="status">
      {words}
    </p>
  );
}
