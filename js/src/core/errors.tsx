/** Errors are shown, never swallowed: a view that fails leaves words behind, not an empty output. */
import { Component, type ComponentChildren } from "preact";
import { useRef } from "preact/hooks";
import { isLost, lend } from "./focus";
import { GUARDED } from "./keyboard";
import { useTranslate } from "./language";
import { said } from "./requests";

/** What an error says; an empty text where it says nothing. */
export function message(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.replace(/^\[inv-widgets\]\s*/, "");
}

/** What is tried again is drawn by then, or has failed again. */
const SETTLED_MS = 100;

interface AlertProps {
  title: string;
  error: unknown;
  onRetry?: (() => void) | undefined;
}

export function Alert({ title, error, onRetry }: AlertProps) {
  const t = useTranslate();
  const place = useRef<HTMLDivElement>(null);
  const retry = () => {
    const around = place.current?.parentElement;
    onRetry?.();
    // Where the button went, what stands around it takes the focus.
    setTimeout(() => {
      if (around?.isConnected && isLost(around.ownerDocument)) lend(around);
    }, SETTLED_MS);
  };
  return (
    <div ref={place} class="inv-alert" role="alert">
      <strong>{title}</strong>
      <span>{said(error, t) || t("error.unknown")}</span>
      {onRetry && (
        <button type="button" class="inv-button" onClick={retry} {...GUARDED}>
          {t("action.retry")}
        </button>
      )}
    </div>
  );
}

interface BoundaryState {
  error: unknown;
}

export class ErrorBoundary extends Component<{ children: ComponentChildren }, BoundaryState> {
  override state: BoundaryState = { error: undefined };

  static override getDerivedStateFromError(error: unknown): BoundaryState {
    return { error: error ?? new Error() };
  }

  override render() {
    if (this.state.error === undefined) return this.props.children;
    return <Broken error={this.state.error} onRetry={() => this.setState({ error: undefined })} />;
  }
}

function Broken({ error, onRetry }: { error: unknown; onRetry: () => void }) {
  return <Alert title={useTranslate()("view.not_drawn")} error={error} onRetry={onRetry} />;
}
