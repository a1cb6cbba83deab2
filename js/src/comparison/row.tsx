/** A row: the picture with what the network says of it, then a cell a method. */
import { useContext, useEffect, useRef, useState } from "preact/hooks";
import { IconButton, percent } from "../core/controls";
import { Alert } from "../core/errors";
import { GUARDED } from "../core/keyboard";
import { useTranslate } from "../core/language";
import { Cell, ClusterCell } from "./cell";
import { ClassPicker } from "./class_picker";
import { Context } from "./context";
import type { Head, RowHead } from "./data";
import { GridContext } from "./grid_context";
import { MapCanvas, sizeOf } from "./map_canvas";
import { Probed } from "./probe";

interface RowProps {
  head: Head;
  /** Its place in the grid, from 0. */
  place: number;
}

export function PictureRow({ head, place }: RowProps) {
  const { store } = useContext(Context);
  const { near, observer, all } = useContext(GridContext);
  const t = useTranslate();
  const ref = useRef<HTMLTableRowElement>(null);
  useEffect(() => (ref.current ? observer.watch(ref.current) : undefined), [observer]);
  const seen = all || near.value.has(head.key);
  const chosen = store.chosen.value?.key === head.key;
  const columns = store.columns.value;
  const cluster = store.cluster.value;
  if (head.withheld) {
    return (
      <tr ref={ref} data-key={head.key} aria-rowindex={place + 3}>
        <th scope="row" class="inv-cmp-row-head" data-place={0} tabIndex={place === 0 ? 0 : -1} {...GUARDED}>
          <b>{t("explorer.play")}</b>
          <span class="inv-quiet">{t("comparison.withheld", { number: place + 1 })}</span>
        </th>
        <td colSpan={Math.max(1, columns.length + Number(cluster !== undefined))} class="inv-cmp-veiled" />
      </tr>
    );
  }
  const size = sizeOf(head, store.own.cell_size.value);
  // Rows out of sight keep their height, so that the scroll bar does not jump.
  const numbers = 26 + 18 * (1 + store.measures.value.length);
  const words = 76 + (head.added ? 18 : 0) + (store.told._about.value.live ? 30 : 0);
  const height = size.height + Math.max(numbers, words);
  return (
    <tr
      ref={ref}
      data-key={head.key}
      data-chosen={chosen}
      data-added={head.added === true}
      aria-selected={chosen}
      aria-rowindex={place + 3}
      style={{ height: `${height}px` }}
      onClick={(event) => {
        if (!(event.target as HTMLElement).closest("button, input, [role=dialog]")) store.choose(head);
      }}
    >
      <th scope="row" class="inv-cmp-row-head" data-place={0} tabIndex={place === 0 ? 0 : -1} {...GUARDED}>
        {seen && <RowHeading head={head} />}
      </th>
      {columns.map((method, i) => (
        <Cell key={method.key} head={head} method={method} place={i + 1} seen={seen} />
      ))}
      {cluster && <ClusterCell head={head} cluster={cluster} place={columns.length + 1} seen={seen} />}
    </tr>
  );
}

function RowHeading({ head }: { head: RowHead }) {
  const { store } = useContext(Context);
  const t = useTranslate();
  const content = store.contents.of(head);
  const failure = store.contents.failures.value.get(head.key);
  useEffect(() => store.contents.load(head), [store, head]);
  const size = sizeOf(head, store.own.cell_size.value);
  const first = head.predictions[0];
  const same = first !== undefined && head.target.length === 1 && head.target[0] === first.index;
  return (
    <>
      <div class="inv-cmp-picture" style={{ width: `${size.width}px`, height: `${size.height}px` }}>
        {content && <MapCanvas head={head} content={content} map={undefined} />}
        {content && <Probed head={head} content={content} map={undefined} />}
      </div>
      {failure && <Alert title={t("explorer.not_loaded")} error={failure} onRetry={() => store.contents.retry(head)} />}
      <button
        type="button"
        class="inv-cmp-name"
        title={t("comparison.choose", { name: head.name })}
        onClick={() => store.choose(head)}
        {...GUARDED}
      >
        <bdi>{head.name}</bdi>
      </button>
      {head.added && (
        <p class="inv-cmp-added inv-quiet" title={t("comparison.added_words")}>
          {t("comparison.added")}
        </p>
      )}
      {head.target_name && (
        <p class="inv-cmp-chips">
          <Chip
            words={same ? "" : t("explorer.target")}
            title={same ? t("explorer.target_predicted") : t("explorer.target_words", { name: head.target_name })}
            name={head.target_name}
            probability={head.probability}
          />
          {!same && first && (
            <Chip
              words={t("explorer.predicted")}
              title={t("explorer.predicted_words", { name: first.name })}
              name={first.name}
              probability={first.probability}
            />
          )}
        </p>
      )}
      <RowStatus head={head} />
      <RowActions head={head} />
    </>
  );
}

interface ChipProps {
  words: string;
  title: string;
  name: string;
  probability: number | null;
}

/** A class with its probability. */
function Chip({ words, title, name, probability }: ChipProps) {
  const t = useTranslate();
  return (
    <span class="inv-cmp-chip" title={title}>
      {words && <span class="inv-quiet">{words}</span>}
      <b dir="auto">{name}</b>
      <span class="inv-number">{percent(100 * (probability ?? Number.NaN), 1, t)}</span>
    </span>
  );
}

function RowStatus({ head }: { head: RowHead }) {
  const t = useTranslate();
  const { store } = useContext(Context);
  const { status } = head;
  if (!status || status.state === "done") return null;
  if (status.state === "failed") {
    return (
      <p class="inv-cmp-row-error" role="alert" dir="auto">
        {status.error}
      </p>
    );
  }
  const label = store.methods.value.find(({ key }) => key === status.method)?.label ?? "";
  const done = head.cells.length;
  const all = status.methods.length;
  const working = status.state === "working";
  return (
    <div class="inv-cmp-row-status" role="status">
      <span>
        {status.state === "waiting" && t("comparison.waiting")}
        {status.state === "stopped" && t("comparison.stopped", { done, all })}
        {working && (label ? t("comparison.working", { method: label }) : t("comparison.predicting"))}
      </span>
      {working && (
        <span class="inv-bar" aria-hidden="true">
          <span style={{ width: `${all > 0 ? (100 * done) / all : 0}%` }} />
        </span>
      )}
    </div>
  );
}

function RowActions({ head }: { head: RowHead }) {
  const { store, alive } = useContext(Context);
  const t = useTranslate();
  const [open, setOpen] = useState(false);
  const button = useRef<HTMLButtonElement>(null);
  const { live } = store.told._about.value;
  const state = head.status?.state;
  const busy = state === "waiting" || state === "working";
  if (!live) return null;
  const close = () => {
    setOpen(false);
    button.current?.focus();
  };
  return (
    <div class="inv-cmp-row-actions">
      {busy ? (
        <button type="button" class="inv-button" onClick={() => void store.stop(head)} {...GUARDED}>
          {t("comparison.stop")}
        </button>
      ) : (
        head.target_name && (
          <span class="inv-cmp-anchor">
            <button
              ref={button}
              type="button"
              class="inv-button"
              aria-expanded={open}
              aria-disabled={!alive.value || undefined}
              onClick={() => alive.value && setOpen(!open)}
              {...GUARDED}
            >
              {t("comparison.other_class")}
            </button>
            {open && (
              <ClassPicker
                label={t("comparison.class_for", { name: head.name })}
                onClose={close}
                onPick={(target) => {
                  close();
                  void store.compare(head, target);
                }}
              />
            )}
          </span>
        )
      )}
      {head.added && (
        <IconButton
          icon="close"
          label={t("comparison.remove", { name: head.name })}
          onClick={() => void store.remove(head)}
        />
      )}
    </div>
  );
}
