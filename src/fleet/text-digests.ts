import { sha256 } from "../addon/index.ts";

/** So many texts at most are remembered. */
const MOST = 20_000;
/** Longer texts, of which release.yaml is one, are hardly ever another cluster's too. */
const LONG = 8192;

/** Digests of texts, each by a number; equal texts mostly have one. */
export class TextDigests {
  readonly list: string[] = [];
  readonly #numbers = new Map<string, number>();

  number(text: string): number {
    if (text.length > LONG) return this.#add(text);
    let number = this.#numbers.get(text);
    if (number === undefined) {
      number = this.#add(text);
      if (this.#numbers.size >= MOST) this.#numbers.clear();
      this.#numbers.set(text, number);
    }
    return number;
  }

  #add(text: string): number {
    return this.list.push(digestOf(text)) - 1;
  }
}

/** SHA-256 in base64. */
export function digestOf(content: string | Buffer): string {
  return sha256(content, "base64");
}
