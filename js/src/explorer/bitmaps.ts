/** Pictures as the browser draws them: decoded once, and let go. */
import { type Bytes, bytes, type Picture } from "../core/payload";

/** Decoded pictures that are kept; about 2 MB each. */
const KEPT = 8;

export class Bitmaps {
  readonly #images = new Map<string, Promise<ImageBitmap>>();

  image(picture: Pick<Picture, "key" | "image" | "image_type">): Promise<ImageBitmap> {
    const known = this.#images.get(picture.key);
    if (known) {
      this.#images.delete(picture.key);
      this.#images.set(picture.key, known);
      return known;
    }
    const image = decoded(picture.image, picture.image_type);
    this.#images.set(picture.key, image);
    // What failed is not remembered: the next one who asks tries again.
    image.catch(() => this.#images.delete(picture.key));
    if (this.#images.size > KEPT) {
      // Not closed: a canvas may still draw it. The browser frees it when nothing does.
      this.#images.delete(this.#images.keys().next().value as string);
    }
    return image;
  }

  forget(key: string): void {
    this.#images.delete(key);
  }

  dispose(): void {
    for (const image of this.#images.values()) image.then((bitmap) => bitmap.close()).catch(() => {});
    this.#images.clear();
  }
}

async function decoded(image: Bytes, type: string): Promise<ImageBitmap> {
  try {
    return await createImageBitmap(new Blob([bytes(image)], { type }));
  } catch (cause) {
    if (type !== "image/avif") throw cause;
    // Some browsers know it since 2024 only.
    const words = "A picture could not be decoded: it is an AVIF, which takes a browser of 2024 or newer.";
    throw new Error(`[inv-widgets] ${words}`, { cause });
  }
}
