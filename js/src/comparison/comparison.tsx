/** The Comparison: toolbar, what is added, the grid. */
import { useSignal } from "@preact/signals";
import { useRef } from "preact/hooks";
import { Empty, Gone, IconButton } from "../core/controls";
import { Alert } from "../core/errors";
import { useTranslate } from "../core/language";
import { useWidth } from "../core/width";
import { type ComparisonContext, Context } from "./context";
import { Grid } from "./grid";
import { Toolbar } from "./toolbar";
import { filesOf } from "./uploads";

/** In CSS pixels: below, the toolbar's controls would stand in more than two rows. */
const NARROW = 560;

export function Comparison(given: ComparisonContext) {
  const { store, alive } = given;
  const t = useTranslate();
  const over = useSignal(false);
  /** Grows when what could not be drawn is tried again: everything is drawn anew. */
  const attempt = useSignal(0);
  const root = useRef<HTMLDivElement>(null);
  const width = useWidth(root);
  const { live } = store.told._about.value;
  const takes = live && alive.value;
  const onDrop = (event: DragEvent) => {
    over.value = false;
    const files = filesOf(event.dataTransfer);
    if (files.length === 0) return;
    // Without this the page would be left for the picture.
    event.preventDefault();
    event.stopPropagation();
    if (takes) void store.add(files);
    else store.complaints.value = [t(live ? "comparison.kernel_gone" : "comparison.no_run")];
  };
  const onDragOver = (event: DragEvent) => {
    if (![...(event.dataTransfer?.types ?? [])].includes("Files")) return;
    event.preventDefault();
    event.stopPropagation();
    over.value = true;
  };
  const onPaste = (event: ClipboardEvent) => {
    const files = filesOf(event.clipboardData);
    if (files.length === 0 || !takes) return;
    event.preventDefault();
    event.stopPropagation();
    void store.add(files);
  };
  const empty = store.rows.value.length === 0;
  return (
    <Context.Provider value={given}>
      <div
        class="inv-comparison"
        ref={root}
        data-over={over.value}
        data-page={given.page}
        style={{ "--height": `${store.own.height.value}px`, "--cell": `${store.own.cell_size.value}px` }}
        onDrop={onDrop}
        onDragOver={onDragOver}
        onDragLeave={(event) => {
          if (!root.current?.contains(event.relatedTarget as Node | null)) over.value = false;
        }}
        onPaste={onPaste}
      >
        {!alive.value && <Gone />}
        {store.error.value !== undefined && (
          <Alert
            title={t("explorer.not_drawn")}
            error={store.error.value}
            onRetry={() => {
              attempt.value++;
              store.error.value = undefined;
            }}
          />
        )}
        <Toolbar narrow={width > 0 && width < NARROW} />
        <Complaints complaints={store.complaints.value} onClose={() => (store.complaints.value = [])} />
        {empty ? <Nothing live={live} /> : <Grid key={attempt.value} />}
        {over.value && (
          <p class="inv-cmp-drop" aria-hidden="true">
            {t(takes ? "comparison.drop" : live ? "comparison.kernel_gone" : "comparison.no_run")}
          </p>
        )}
      </div>
    </Context.Provider>
  );
}

function Complaints({ complaints, onClose }: { complaints: readonly string[]; onClose: () => void }) {
  const t = useTranslate();
  if (complaints.length === 0) return null;
  return (
    <div class="inv-alert" role="alert">
      <ul>
        {complaints.map((words) => (
          <li key={words} dir="auto">
            {words}
          </li>
        ))}
      </ul>
      <IconButton icon="close" label={t("action.close")} onClick={onClose} />
    </div>
  );
}

function Nothing({ live }: { live: boolean }) {
  const t = useTranslate();
  return (
    <Empty title={t("comparison.empty")}>
      <p>{t(live ? "comparison.empty_live" : "comparison.empty_words")}</p>
      <pre>
        <code>{"inv.Comparison(inv.compare(net, pictures))"}</code>
      </pre>
    </Empty>
  );
}

export function Opening() {
  const t = useTranslate();
  return (
    <div class="inv-loading" role="status">
      <span class="inv-visually-hidden">{t("comparison.opening")}</span>
      {Array.from({ length: 6 }, (_, i) => (
        <span key={i} class="inv-skeleton" aria-hidden="true" />
      ))}
    </div>
  );
}
