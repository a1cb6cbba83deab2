/** Size, methods, measures, signs, outline, and files of what is seen. */
import type { ComponentChildren } from "preact";
import { useContext, useState } from "preact/hooks";
import { Icon, Segmented } from "../core/controls";
import { GUARDED } from "../core/keyboard";
import { useTranslate } from "../core/language";
import { bytes } from "../core/payload";
import { said } from "../core/requests";
import { Checks, ViewMenu as Menu } from "../core/view_menu";
import { download } from "../host_desk/files";
import { Context } from "./context";
import { titleOf } from "./numbers";

/** `children`: what the toolbar has no room for. */
export function ViewMenu({ children }: { children: ComponentChildren }) {
  const { store } = useContext(Context);
  const t = useTranslate();
  return (
    <Menu
      label={t("comparison.shown")}
      told={t("comparison.methods_of", { shown: store.columns.value.length, total: store.methods.value.length })}
      words={t("comparison.shown_words")}
      menuClass="inv-cmp-menu"
      size={{
        label: t("comparison.cell_size"),
        value: store.own.cell_size.value,
        min: 72,
        max: 400,
        onSlide: (cell_size) => store.slide({ cell_size }),
      }}
    >
      {children}
      <Methods />
      <Measures />
      <Segmented
        label={t("comparison.signs")}
        value={store.own.signs.value}
        options={["both", "positive"] as const}
        name={(each) => t(`comparison.signs_${each}`)}
        onChoose={(signs) => store.set({ signs })}
      />
      <Outline />
      <Files />
    </Menu>
  );
}

function Methods() {
  const { store } = useContext(Context);
  const t = useTranslate();
  const all = store.methods.value;
  const hidden = new Set(store.own.hidden_methods.value);
  const toggle = (key: string) => {
    if (hidden.has(key)) hidden.delete(key);
    else hidden.add(key);
    store.set({ hidden_methods: [...hidden] });
  };
  return (
    <Checks
      legend={t("comparison.methods_head")}
      choices={all}
      chosen={new Set(all.map(({ key }) => key).filter((key) => !hidden.has(key)))}
      onToggle={toggle}
      onEvery={(shown) => store.set({ hidden_methods: shown ? [] : all.map(({ key }) => key) })}
    />
  );
}

function Measures() {
  const { store } = useContext(Context);
  const t = useTranslate();
  const all = store.told._about.value.measures.filter(({ cost }) => !cost);
  const shown = new Set(store.measures.value.map(({ name }) => name));
  if (all.length === 0) return null;
  const toggle = (name: string) => {
    if (shown.has(name)) shown.delete(name);
    else shown.add(name);
    store.set({ metrics: all.map((measure) => measure.name).filter((each) => shown.has(each)) });
  };
  const choices = all.map((measure) => ({
    key: measure.name,
    label: titleOf(t, measure),
    aside: measure.better ? t(`comparison.better_${measure.better}`) : undefined,
  }));
  return <Checks legend={t("comparison.measures_head")} choices={choices} chosen={shown} onToggle={toggle} />;
}

function Outline() {
  const { store } = useContext(Context);
  const t = useTranslate();
  const any = store.rows.value.some((head) => !head.withheld && head.has_mask);
  if (!any) return null;
  return (
    <Checks
      choices={[{ key: "outline", label: t("comparison.outline") }]}
      chosen={new Set(store.own.outline.value ? ["outline"] : [])}
      onToggle={() => store.set({ outline: !store.own.outline.peek() })}
    />
  );
}

const TYPES = { png: "image/png", svg: "image/svg+xml", html: "text/html" } as const;

function Files() {
  const { store, alive, page, theme } = useContext(Context);
  const t = useTranslate();
  const [busy, setBusy] = useState(false);
  if (page) return null;
  const save = async (format: keyof typeof TYPES) => {
    setBusy(true);
    try {
      const { content, buffers } = await store.requests.ask({ kind: "file", format, theme: theme.peek() });
      download(String(content.name), TYPES[format], bytes(buffers[0]));
    } catch (error) {
      store.complaints.value = [said(error, t)];
    } finally {
      setBusy(false);
    }
  };
  return (
    <div class="inv-actions" role="group" aria-label={t("comparison.save")}>
      {(Object.keys(TYPES) as (keyof typeof TYPES)[]).map((format) => (
        <button
          key={format}
          type="button"
          class="inv-button"
          aria-disabled={busy || !alive.value || undefined}
          aria-label={t("comparison.save_as", { format: format.toUpperCase() })}
          onClick={busy || !alive.value ? undefined : () => void save(format)}
          {...GUARDED}
        >
          <Icon name="down" />
          {format.toUpperCase()}
        </button>
      ))}
    </div>
  );
}
