/** Unpacks what `inv_widgets/export/packed_cells.py` packed. */
import { inflateSync } from "fflate";

/** A kernel that runs on after an update sends what the older front end read. */
export function damaged(cause?: unknown): Error {
  const words = "A picture's bytes are damaged, or of another version: restart the kernel and run the cell again.";
  return new Error(`[inv-widgets] ${words}`, { cause });
}

/** What deflated bytes (RFC 1951) held. */
export function inflate(packed: Uint8Array): Uint8Array {
  if (packed.length === 0) throw damaged(); // it would be nothing, without a word
  try {
    return inflateSync(packed);
  } catch (cause) {
    throw damaged(cause);
  }
}

/** What deflated JSON said. */
export function inflatedJson(packed: Uint8Array): unknown {
  const text = new TextDecoder().decode(inflate(packed));
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw damaged(cause);
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

/** A map's cells, 0..255 in steps of `step`, from how each level differs from the mean of those to the left and above. */
export function fromNeighbours(differences: Uint8Array, width: number, step: number): Uint8Array {
  const levels = new Uint8Array(differences.length);
  const level = (i: number) => levels[i] as number;
  for (let i = 0; i < levels.length; i++) {
    let expected = 0;
    if (i % width === 0) expected = i > 0 ? level(i - width) : 0;
    else expected = i < width ? level(i - 1) : (level(i - 1) + level(i - width)) >> 1;
    levels[i] = (differences[i] as number) + expected;
  }
  return levels.map((value) => Math.min(255, step * value));
}

/** Numbers of four bytes: first all their lowest bytes, last all their highest. */
export function fromPlanes(planes: Uint8Array): Int32Array {
  const numbers = new Int32Array(planes.length >> 2);
  for (let plane = 0; plane < 4; plane++) {
    for (let i = 0; i < numbers.length; i++) {
      const byte = planes[plane * numbers.length + i] as number;
      numbers[i] = (numbers[i] as number) | (byte << (8 * plane));
    }
  }
  return numbers;
}
