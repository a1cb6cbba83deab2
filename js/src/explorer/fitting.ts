/** How wide cards are where nobody said it. */

const COMFORTABLE = 144;

/** All columns in sight with cards neither tiny nor huge; where that cannot be, a comfortable size, and one scrolls. */
export function fitting(width: number, columns: number): number {
  if (width === 0 || columns === 0) return COMFORTABLE;
  const room = Math.floor((width - 32 - 16 * (columns - 1)) / columns);
  return room < 116 ? COMFORTABLE : Math.min(192, room);
}
