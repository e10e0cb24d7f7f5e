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

  /**
   * The numbers of a cluster's files in their order. `alike`: one object for clusters most of whose files have the same texts; what is another
   * text in one of them is that cluster's own, and not remembered.
   */
  numbers(files: ReadonlyMap<string, string>, alike: object | undefined): readonly number[] {
    const first = alike === undefined ? undefined : this.#alike.get(alike);
    if (first === undefined || first.files.size !== files.size) {
      const numbers = [...files.values()].map((text) => this.number(text));
      if (alike !== undefined) this.#alike.set(alike, { files, numbers });
      return numbers;
    }
    const { numbers } = first;
    const texts = first.files.values();
    const own: number[] = [];
    for (const text of files.values()) own.push(text === texts.next().value ? (numbers[own.length] ?? -1) : this.#add(text));
    return own;
  }
  readonly #alike = new WeakMap<object, { readonly files: ReadonlyMap<string, string>; readonly numbers: readonly number[] }>();

  #add(text: string): number {
    return this.list.push(digestOf(text)) - 1;
  }
}

/** SHA-256 in base64. */
export function digestOf(content: string | Buffer): string {
  return sha256(content, "base64");
}
