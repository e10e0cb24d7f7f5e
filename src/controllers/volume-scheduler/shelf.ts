/** Holds objects by name under words of them. */
export class Shelf<T> {
  readonly #entries = new Map<string, Map<string, T>>();

  put(word: string, name: string, object: T): void {
    const shelf = this.#entries.get(word) ?? new Map<string, T>();
    shelf.set(name, object);
    this.#entries.set(word, shelf);
  }

  drop(word: string, name: string): void {
    const shelf = this.#entries.get(word);
    shelf?.delete(name);
    if (shelf?.size === 0) this.#entries.delete(word);
  }

  at(word: string): Iterable<T> {
    return this.#entries.get(word)?.values() ?? [];
  }

  count(word: string): number {
    return this.#entries.get(word)?.size ?? 0;
  }
}
