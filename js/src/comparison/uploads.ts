/** Files to the kernel. In parts: a Jupyter server closes the connection on a message of more than 10 MB. */
import type { Requests } from "../core/requests";

const PART = 4_000_000;

export async function sendFile(requests: Requests, file: File, about: Record<string, unknown>): Promise<void> {
  const data = await file.arrayBuffer();
  const upload = `${Math.random().toString(36).slice(2)}-${file.size}`;
  const parts = Math.max(1, Math.ceil(data.byteLength / PART));
  for (let part = 0; part < parts; part++) {
    const content = { kind: "upload", upload, part, parts, name: file.name || "picture", ...about };
    await requests.ask(content, undefined, [data.slice(part * PART, (part + 1) * PART)]);
  }
}

/** Pictures in what was dropped or pasted. */
export function filesOf(transfer: DataTransfer | null): File[] {
  return [...(transfer?.files ?? [])];
}
