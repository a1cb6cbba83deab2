import { expect, it, vi } from "vitest";
import { watchConnection } from "./connection";
import { LocalModel, type Model } from "./model";

class Emitter {
  readonly slots = new Set<(sender: unknown, status: string) => void>();
  connect = (slot: (sender: unknown, status: string) => void) => this.slots.add(slot);
  disconnect = (slot: (sender: unknown, status: string) => void) => this.slots.delete(slot);
  emit(status: string) {
    for (const slot of this.slots) slot(this, status);
  }
}

class LiveModel extends LocalModel {
  comm_live = true;
  go(live: boolean) {
    this.comm_live = live;
    this.set("comm_live_update", {});
  }
  override on(event: string, callback: () => void) {
    super.on(event === "comm_live_update" ? "change:comm_live_update" : event, callback);
  }
  override off(event: string, callback: () => void) {
    super.off(event === "comm_live_update" ? "change:comm_live_update" : event, callback);
  }
}

function withManager(manager: unknown): Model {
  return Object.assign(new LocalModel(), { widget_manager: manager });
}

it("takes a host that says nothing to be alive", () => {
  expect(watchConnection(new LocalModel(), null).alive.value).toBe(true);
});

it("follows comm_live of the referenced model", async () => {
  const live = new LiveModel();
  const get_model = vi.fn(async () => live);
  const connection = watchConnection(withManager({ get_model }), "anywidget:abc");
  await Promise.resolve();
  await Promise.resolve();
  expect(get_model).toHaveBeenCalledWith("abc");
  live.go(false);
  expect(connection.alive.value).toBe(false);
  live.go(true);
  expect(connection.alive.value).toBe(true);
  connection.dispose();
  live.go(false);
  expect(connection.alive.value).toBe(true);
});

it.each(["restarting", "autorestarting", "dead", "terminating"])("sees a kernel that is %s", (status) => {
  const statusChanged = new Emitter();
  const connection = watchConnection(withManager({ context: { sessionContext: { statusChanged } } }), null);
  statusChanged.emit("busy");
  expect(connection.alive.value).toBe(true);
  statusChanged.emit(status);
  expect(connection.alive.value).toBe(false);
  connection.dispose();
  expect(statusChanged.slots.size).toBe(0);
});
