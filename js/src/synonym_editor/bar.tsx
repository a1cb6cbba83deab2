/** Search, undo, redo, save; how the file stands; what somebody else did to it. */
import { useContext } from "preact/hooks";
import { Icon, IconButton } from "../core/controls";
import { GUARDED } from "../core/keyboard";
import { Context } from "./context";

export function Bar() {
  const { store } = useContext(Context);
  const t = store.t.value;
  const { undo, redo, withheld } = store.sent.value;
  const file = store.file.value;
  const dirty = file.state !== "saved";
  const idle = !dirty || store.saving.value || !store.alive.value;
  return (
    <>
      <div class="inv-synonyms-bar">
        <label class="inv-search">
          <Icon name="search" />
          <input
            type="search"
            aria-label={t("synonyms.search")}
            placeholder={t("synonyms.search")}
            value={store.search.value}
            disabled={withheld}
            onInput={(event) => {
              store.search.value = event.currentTarget.value;
            }}
            {...GUARDED}
          />
        </label>
        <IconButton icon="undo" label={t("synonyms.undo")} disabled={!undo} onClick={() => store.undo()} />
        <IconButton icon="redo" label={t("synonyms.redo")} disabled={!redo} onClick={() => store.redo()} />
        <FileStatus />
        <button
          type="button"
          class="inv-button inv-save"
          data-dirty={dirty}
          // In words only: what was just saved from the keyboard keeps the focus.
          aria-disabled={idle || undefined}
          onClick={idle ? undefined : () => void store.save()}
          {...GUARDED}
        >
          {t("synonyms.save")}
        </button>
      </div>
      {file.state === "conflict" && <Conflict />}
      {file.state === "failed" && (
        <p class="inv-alert" role="alert">
          <strong>{t("synonyms.not_saved", { path: file.path })}</strong>
          <span>{file.message.replace(/^\[inv-widgets\]\s*/, "")}</span>
        </p>
      )}
      {store.fault.value !== undefined && (
        <p class="inv-alert" role="alert">
          <strong>{t("synonyms.failed")}</strong>
          <span>{store.fault.value}</span>
        </p>
      )}
    </>
  );
}

function FileStatus() {
  const { store } = useContext(Context);
  const t = store.t.value;
  const file = store.file.value;
  const count = store.sent.value.changed.size;
  const name = nameOf(file.path);
  const saved = file.state === "saved" && store.savedHere.value;
  return (
    <span class="inv-file" role="status" title={file.path} data-state={saved ? "just-saved" : file.state}>
      {store.saving.value ? (
        t("synonyms.saving")
      ) : saved ? (
        <>
          <Icon name="check" />
          {t("synonyms.saved")}
        </>
      ) : file.state !== "saved" ? (
        t("synonyms.changes", { count })
      ) : (
        <bdi>{name}</bdi>
      )}
    </span>
  );
}

function Conflict() {
  const { store } = useContext(Context);
  const t = store.t.value;
  const choices = ["both", "mine", "theirs"] as const;
  return (
    <div class="inv-conflict" role="alert">
      <p>
        <strong>{t("synonyms.conflict", { path: nameOf(store.file.value.path) })}</strong>{" "}
        {t("synonyms.conflict_words")}
      </p>
      <div class="inv-conflict-choices">
        {choices.map((how) => (
          <button
            key={how}
            type="button"
            class="inv-button"
            title={t(`synonyms.resolve_${how}_words`)}
            onClick={() => void store.resolve(how)}
            {...GUARDED}
          >
            {t(`synonyms.resolve_${how}`)}
          </button>
        ))}
      </div>
    </div>
  );
}

const nameOf = (path: string): string => path.split(/[\\/]/).at(-1) ?? path;
