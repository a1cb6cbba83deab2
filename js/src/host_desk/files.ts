/** What leaves the page: a download, a copy. */

/** Offer bytes as a file. */
export function download(name: string, type: string, content: Uint8Array<ArrayBuffer>): void {
  const url = URL.createObjectURL(new Blob([content], { type }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  // Firefox follows links in the page only.
  document.body.append(link);
  link.click();
  link.remove();
  // The browser reads the address after this task.
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

/** Copy text; whether it worked. On plain http there is no clipboard but the old command. */
export async function copy(text: string, near: HTMLElement): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const field = document.createElement("textarea");
    field.value = text;
    field.setAttribute("data-lm-suppress-shortcuts", "true");
    field.style.position = "fixed";
    field.style.opacity = "0";
    near.append(field);
    field.select();
    try {
      return document.execCommand("copy");
    } catch {
      return false;
    } finally {
      field.remove();
      near.focus({ preventScroll: true });
    }
  }
}
