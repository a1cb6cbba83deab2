/** Roving tabindex: a group of elements is one stop of the Tab key; arrows move within it. */

/** Where an arrow key leads in a row of `length` items, or undefined if the key is not for us. */
export function alongRow(key: string, place: number, length: number, rightToLeft = false): number | undefined {
  const [back, forth] = rightToLeft ? ["ArrowRight", "ArrowLeft"] : ["ArrowLeft", "ArrowRight"];
  switch (key) {
    case back:
    case "ArrowUp":
      return Math.max(0, place - 1);
    case forth:
    case "ArrowDown":
      return Math.min(length - 1, place + 1);
    case "Home":
      return 0;
    case "End":
      return length - 1;
    default:
      return undefined;
  }
}

export interface Place {
  readonly column: number;
  readonly row: number;
}

/** Where an arrow key leads in columns of these lengths; empty columns are stepped over. */
export function overColumns(key: string, from: Place, lengths: readonly number[]): Place | undefined {
  const length = lengths[from.column] ?? 0;
  switch (key) {
    case "ArrowUp":
      return { column: from.column, row: Math.max(0, from.row - 1) };
    case "ArrowDown":
      return { column: from.column, row: Math.min(length - 1, from.row + 1) };
    case "Home":
      return sideways(lengths, -1, 1, from);
    case "End":
      return sideways(lengths, lengths.length, -1, from);
    case "ArrowLeft":
      return sideways(lengths, from.column, -1, from);
    case "ArrowRight":
      return sideways(lengths, from.column, 1, from);
    default:
      return undefined;
  }
}

function sideways(lengths: readonly number[], start: number, step: number, from: Place): Place {
  for (let column = start + step; column >= 0 && column < lengths.length; column += step) {
    const length = lengths[column] ?? 0;
    if (length > 0) return { column, row: Math.min(from.row, length - 1) };
  }
  return from;
}
