import { expect, it } from "vitest";
import { drawn, PITCH, page, scrolledTo, windowAt } from "./strip_window";

it.each([
  // From left to right: at the start, in the middle, at the end, a strip that fits, an empty one.
  [0, 540, 10_000, 0, 18],
  [54_000, 540, 10_000, 992, 1018],
  [PITCH * 10_000 - 540, 540, 10_000, 9982, 10_000],
  [0, 540, 3, 0, 3],
  [0, 540, 0, 0, 0],
  // Scrolled further than what a search left over.
  [54_000, 540, 5, 5, 5],
])("at %i px of a strip %i px wide with %i thumbnails, draws %i up to %i", (left, width, length, first, end) => {
  expect(windowAt(left, width, length)).toEqual({ first, end });
});

it("draws what can take the focus wherever it stands, each once and in order", () => {
  expect(drawn({ first: 5, end: 8 }, [6, 9999, -1, 2, 2])).toEqual([2, 5, 6, 7, 9999]);
  expect(drawn({ first: 3, end: 3 }, [0])).toEqual([0]);
});

it("scrolls as little as must be, and never when a thumbnail is in sight", () => {
  expect(scrolledTo(0, 0, 500)).toBe(0);
  expect(scrolledTo(3, 0, 500)).toBe(0);
  const right = scrolledTo(100, 0, 500);
  expect(right).toBe(100 * PITCH + 48 + 24 - 500);
  expect(scrolledTo(100, right, 500)).toBe(right);
  expect(scrolledTo(100, 9000, 500)).toBe(100 * PITCH - 24);
});

it("moves by a screenful, and by one at least", () => {
  expect([page(540), page(60), page(0)]).toEqual([9, 1, 1]);
});
