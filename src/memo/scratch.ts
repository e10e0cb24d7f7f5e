import type { Value } from "../python/index.ts";

/**
 * Answers and values of the subject at hand, by number of question and place. One set of arrays serves all subjects of a run: what an
 * earlier subject left is told by its epoch.
 */
export class Scratch {
  #epoch = 0;
  readonly #answers: number[] = [];
  readonly #answered: number[] = [];
  readonly #values: (Value | undefined)[] = [];
  readonly #valued: number[] = [];

  next(): number {
    return ++this.#epoch;
  }
  answer(question: number, epoch: number): number | undefined {
    return this.#answered[question] === epoch ? this.#answers[question] : undefined;
  }
  setAnswer(question: number, epoch: number, answer: number): void {
    this.#answers[question] = answer;
    this.#answered[question] = epoch;
  }
  hasValue(path: number, epoch: number): boolean {
    return this.#valued[path] === epoch;
  }
  value(path: number): Value | undefined {
    return this.#values[path];
  }
  setValue(path: number, epoch: number, value: Value | undefined): void {
    this.#values[path] = value;
    this.#valued[path] = epoch;
  }
}
