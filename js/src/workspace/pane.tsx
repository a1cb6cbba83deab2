/** One pane: another widget drawn inside, with words while it is opened and when it cannot be. */
import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { Alert } from "../core/errors";
import type { Translate } from "../core/languages";
import type { Host } from "../core/model";

export function Waiting({ children }: { children: ComponentChildren }) {
  return (
    <div class="inv-loading" role="status">
      <span class="inv-visually-hidden">{children}</span>
      {Array.from({ length: 5 }, (_, i) => (
        <span key={i} class="inv-skeleton" aria-hidden="true" />
      ))}
    </div>
  );
}

interface ChildProps {
  t: Translate;
  host: Host | undefined;
  /** What the model calls the child. */
  reference: unknown;
}

export function Child({ t, host, reference }: ChildProps) {
  const place = useRef<HTMLDivElement>(null);
  const state = useSignal<"opening" | "open" | { error: unknown }>("opening");
  const turn = useSignal(0);
  const attempt = turn.value;
  const old = t("workspace.old_host");
  useEffect(() => {
    const element = place.current;
    if (!element) return undefined;
    const controller = new AbortController();
    state.value = "opening";
    draw(element, host, reference, controller.signal, old).then(
      () => {
        if (!controller.signal.aborted) state.value = "open";
      },
      (error: unknown) => {
        if (!controller.signal.aborted) state.value = { error };
      },
    );
    return () => {
      controller.abort();
      element.replaceChildren();
    };
  }, [host, reference, attempt]);
  return (
    <>
      {state.value === "opening" && <Waiting>{t("workspace.opening")}</Waiting>}
      {typeof state.value === "object" && (
        <Alert
          title={t("workspace.failed")}
          error={state.value.error}
          onRetry={() => {
            turn.value++;
          }}
        />
      )}
      <div class="inv-child" ref={place} hidden={state.value !== "open"} />
    </>
  );
}

async function draw(el: HTMLElement, host: Host | undefined, reference: unknown, signal: AbortSignal, old: string) {
  if (!host?.getWidget) throw new Error(old);
  const child = await host.getWidget(reference);
  if (signal.aborted) return;
  await child.render({ el, signal });
}
