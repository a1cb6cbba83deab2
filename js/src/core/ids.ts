/**
 * An id that no other view on the page has.
 *
 * Preact's useId starts anew in each root, and each widget evaluates its own copy of this module: two Explorers in a notebook
 * would share ids, and a label of one would name, and focus, the other's control.
 */
import { useState } from "preact/hooks";

const own = Math.random().toString(36).slice(2, 10);
let made = 0;

export function useUniqueId(): string {
  const [id] = useState(() => `inv-${own}-${made++}`);
  return id;
}
