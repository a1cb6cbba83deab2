/** A question before what cannot be taken back, where the hand is. */
import { useLayoutEffect, useRef } from "preact/hooks";
import { GUARDED } from "../core/keyboard";
import type { DeskStore } from "./store";

interface ConfirmProps {
  store: DeskStore;
  question: string;
  yes: string;
  busy: boolean;
  onYes: () => void;
  onCancel: () => void;
}

export function Confirm({ store, question, yes, busy, onYes, onCancel }: ConfirmProps) {
  const t = store.t.value;
  const cancel = useRef<HTMLButtonElement>(null);
  useLayoutEffect(() => cancel.current?.focus({ preventScroll: true }), []);
  return (
    <div
      class="inv-confirm"
      role="alertdialog"
      aria-label={question}
      onKeyDown={(event) => {
        if (event.key !== "Escape") return;
        event.preventDefault();
        event.stopPropagation();
        onCancel();
      }}
    >
      <p>{question}</p>
      <div class="inv-row">
        <button ref={cancel} type="button" class="inv-button" onClick={onCancel} {...GUARDED}>
          {t("action.cancel")}
        </button>
        <button
          type="button"
          class="inv-button inv-danger"
          aria-disabled={busy || undefined}
          onClick={onYes}
          {...GUARDED}
        >
          {yes}
        </button>
      </div>
    </div>
  );
}
