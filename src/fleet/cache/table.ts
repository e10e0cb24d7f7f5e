/** Gives each text a number. */
export class Table {
  readonly list: string[] = [];
  readonly #numbers = new Map<string, number>();
  number(text: string): number {
    let number = this.#numbers.get(text);
    if (number === undefined) {
      number = this.list.length;
      this.list.push(text);
      this.#numbers.set(text, number);
    }
    return number;
  }
}
