/** Unpacks what `inv_widgets/export/packed_cells.py` packed; the browser inflates. */

/** What deflated bytes (RFC 1951) held. */
export async function inflate(packed: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  const { readable, writable } = inflater();
  const writer = writable.getWriter();
  // What is wrong with the bytes is told to the reader too.
  writer.write(packed).catch(() => {});
  writer.close().catch(() => {});
  const parts: Uint8Array[] = [];
  let size = 0;
  const reader = readable.getReader();
  try {
    for (let step = await reader.read(); !step.done; step = await reader.read()) {
      parts.push(step.value);
      size += step.value.byteLength;
    }
  } catch (cause) {
    // A kernel that runs on after an update sends what the older front end read.
    const words = "A picture's bytes are damaged, or of another version: restart the kernel and run the cell again.";
    throw new Error(`[inv-widgets] ${words}`, { cause });
  }
  const whole = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.byteLength;
  }
  return whole;
}

function inflater(): DecompressionStream {
  try {
    return new DecompressionStream("deflate-raw");
  } catch (cause) {
    // Some browsers of 2020 to 2023 have the class without this format.
    const words = "[inv-widgets] This browser is too old to show cluster maps: use one of 2023 or newer.";
    throw new Error(words, { cause });
  }
}

/** From differences back to cells, in place: each is the sum (mod 256) of all up to it. */
export function summed(differences: Uint8Array): Uint8Array {
  let sum = 0;
  for (let i = 0; i < differences.length; i++) {
    sum += differences[i] as number;
    differences[i] = sum;
  }
  return differences;
}
