import { type Host, LocalModel, type Model } from "./model";

interface Manager {
  get_model?(id: string): Promise<Model>;
}

/** The State's model of a view: by the host where there is one, else by the widget manager. */
export async function stateOf(model: Model, host: Host | undefined): Promise<Model> {
  const reference = model.get("state");
  if (typeof reference !== "string") return new LocalModel();
  try {
    if (host) return await host.getModel(reference);
    const manager = model.widget_manager as Manager | undefined;
    const state = await manager?.get_model?.(reference.replace(/^anywidget:|^IPY_MODEL_/, ""));
    return state ?? new LocalModel();
  } catch {
    // A saved notebook can lack the State: the view then works alone.
    return new LocalModel();
  }
}
