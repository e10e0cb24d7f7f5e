import { isObject, Steps } from "./at.ts";
import { printPath, type Json, type JsonObject, type JsonPath, type Problem } from "./problem.ts";

/**
 * A place in an object under check, which collects what is wrong.
 *
 * A check asks for what it needs and gets nothing where the type is another; the type itself is the structural pass's business,
 * so that no check can fail on malformed input.
 */
export class Place extends Steps<Place> {
  readonly #problems: Problem[];

  constructor(value: Json | undefined, path: JsonPath, problems: Problem[]) {
    super(value, path);
    this.#problems = problems;
  }

  /** The mapping here; an empty one where there is none. */
  get object(): JsonObject {
    return isObject(this.value) ? this.value : {};
  }
  get isObject(): boolean {
    return isObject(this.value);
  }
  get number(): number | undefined {
    return typeof this.value === "number" ? this.value : undefined;
  }
  /** Whether a string field holds nothing: to Go the empty string and absence are the same. */
  get blank(): boolean {
    return this.value === undefined || this.value === "";
  }
  get isEmpty(): boolean {
    if (Array.isArray(this.value)) return this.value.length === 0;
    return this.isObject ? Object.keys(this.object).length === 0 : this.blank;
  }
  below(value: Json | undefined, path: JsonPath): Place {
    return new Place(value, path, this.#problems);
  }
  /** Reports a problem; the message goes on after the place's name: "must be positive". */
  refuse(code: string, rest: string, advice?: string): void {
    this.report(code, `${printPath(this.path)} ${rest}`, advice);
  }
  /** Reports a problem of this place in a message that stands alone. */
  report(code: string, message: string, advice?: string, severity: Problem["severity"] = "error"): void {
    const problem: Problem = { code, severity, message, pointer: this.path };
    this.#problems.push(advice === undefined ? problem : { ...problem, advice });
  }
  /** Reports what a syntax rule of names.ts says of the text here, if it says anything. */
  syntax(code: string, rule: (text: string) => string | undefined): void {
    if (this.text === undefined || this.text === "") return;
    const wrong = rule(this.text);
    if (wrong !== undefined) this.refuse(code, `${JSON.stringify(this.text)} ${wrong}`);
  }
  /** Reports a field that is missing or empty. */
  require(rest = "is required"): void {
    if (this.isEmpty) this.refuse("schema-required", rest);
  }
  /** Reports a number outside a range, both ends included. */
  range(low: number, high: number): void {
    const number = this.number;
    if (number !== undefined && (number < low || number > high)) {
      this.refuse(
        "schema-range",
        high === Infinity ? `is ${number} and must be ${low} or more` : `is ${number} and must be between ${low} and ${high}`,
      );
    }
  }
  /** Reports the second of two list items with one key. */
  unique(keyOf: (item: Place) => string | undefined, what: string): void {
    const seen = new Set<string>();
    for (const item of this.items) {
      const key = keyOf(item);
      if (key === undefined) continue;
      if (seen.has(key)) item.refuse("schema-duplicate-item", `is the second ${what} ${JSON.stringify(key)} in this list`);
      seen.add(key);
    }
  }
}
