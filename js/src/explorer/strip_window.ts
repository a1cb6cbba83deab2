/** Which thumbnails of a long strip are drawn, and where. No DOM. */

/** From one thumbnail to the next, in CSS pixels; the stylesheet's size and gap. */
export const PITCH = 54;
const SIZE = 48;
/** Drawn beyond what is in sight, on each side. */
const BEYOND = 8;
/** Left free beside a thumbnail that is brought into sight. */
const MARGIN = 24;

export interface Window {
  /** Places: from `first` up to, not including, `end`. */
  first: number;
  end: number;
}

/** What is seen of `length` thumbnails at this scroll position, and a little more. */
export function windowAt(left: number, width: number, length: number): Window {
  const first = Math.floor(left / PITCH) - BEYOND;
  const end = Math.ceil((left + width) / PITCH) + BEYOND;
  return { first: Math.min(Math.max(0, first), length), end: Math.max(0, Math.min(length, end)) };
}

/** The places to draw, ascending: the window, and what keeps the focus or can take it. */
export function drawn({ first, end }: Window, others: readonly number[]): number[] {
  const outside = others.filter((place) => place >= 0 && (place < first || place >= end));
  const window = Array.from({ length: Math.max(0, end - first) }, (_, i) => first + i);
  return [...new Set([...outside, ...window])].sort((one, two) => one - two);
}

/** The scroll position at which a thumbnail is in sight: the present one where it is already. */
export function scrolledTo(place: number, left: number, width: number): number {
  const start = place * PITCH;
  if (start < left + MARGIN) return Math.max(0, start - MARGIN);
  if (start + SIZE > left + width - MARGIN) return start + SIZE + MARGIN - width;
  return left;
}

/** How many thumbnails the keys Page Up and Page Down move by. */
export function page(width: number): number {
  return Math.max(1, Math.floor(width / PITCH) - 1);
}
