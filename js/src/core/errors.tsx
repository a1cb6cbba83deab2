/** Errors are shown, never swallowed: a view that fails leaves words behind, not an empty output. */
import { Component, type ComponentChildren } from "preact";
import { GUARDED } from "./keyboard";

export function message(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.replace(/^\[inv-widgets\]\s*/, "") || "Something went wrong.";
}

interface AlertProps {
  title: string;
  error: unknown;
  onRetry?: (() => void) | undefined;
}

export function Alert({ title, error, onRetry }: AlertProps) {
  return (
    <div class="inv-alert" role="alert">
      <strong>{title}</strong>
      <span>{message(error)}</span>
      {onRetry && (
        <button type="button" class="inv-button" onClick={onRetry} {...GUARDED}>
          Try again
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
    return { error: error ?? new Error("Something went wrong.") };
  }

  override render() {
    if (this.state.error === undefined) return this.props.children;
    return (
      <Alert
        title="This view could not be drawn."
        error={this.state.error}
        onRetry={() => this.setState({ error: undefined })}
      />
    );
  }
}
