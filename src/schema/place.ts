import { printPath, type Json, type JsonObject, type JsonPath, type Problem } from "./problem.ts";

/**
 * A place in an object under check: the value there, if any, and the way to it.
 *
 * A check asks for what it needs and gets nothing where the type is another; the type itself is the structural pass's business,
 * so that no check can fail on malformed input.
 */
export class Place {
  readonly value: Json | undefined;
  readonly path: JsonPath;
  readonly #problems: Problem[];

  constructor(value: Json | undefined, path: JsonPath, problems: Problem[]) {
    this.value = value;
    this.path = path;
    this.#problems = problems;
  }

  /** The mapping here; an empty one where there is none. */
  get object(): JsonObject {
    return typeof this.value === "object" && this.value !== null && !Array.isArray(this.value) ? this.value : {};
  }
  get isObject(): boolean {
    return typeof this.value === "object" && this.value !== null && !Array.isArray(this.value);
  }
  get text(): string | undefined {
    return typeof this.value === "string" ? this.value : undefined;
  }
  get number(): number | undefined {
    return typeof this.value === "number" ? this.value : undefined;
  }
  /** Whether something stands here. */
  get present(): boolean {
    return this.value !== undefined;
  }
  /** Whether a string field holds nothing: to Go the empty string and absence are the same. */
  get blank(): boolean {
    return this.value === undefined || this.value === "";
  }
  get isEmpty(): boolean {
    if (Array.isArray(this.value)) return this.value.length === 0;
    return this.isObject ? Object.keys(this.object).length === 0 : this.blank;
  }
  get items(): Place[] {
    return Array.isArray(this.value) ? this.value.map((item, index) => new Place(item, [...this.path, index], this.#problems)) : [];
  }
  get entries(): [string, Place][] {
    return Object.keys(this.object).map((key) => [key, this.at(key)]);
  }
  /** The place below, through any number of fields. */
  at(...names: string[]): Place {
    let value: Json | undefined = this.value;
    for (const name of names) {
      value = typeof value === "object" && value !== null && !Array.isArray(value) && Object.hasOwn(value, name) ? value[name] : undefined;
    }
    return new Place(value, [...this.path, ...names], this.#problems);
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
