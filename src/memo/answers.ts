import { createHash } from "node:crypto";
import { Ask, isScalar, PyDict, PyOrderedDict, type DataPath, type Value } from "../python/index.ts";
import { canonical, NotPlain } from "./canonical.ts";

/** The answer of what cannot be compared: equal to none, itself included. */
export const NEVER = -1;

/** Longer answers are kept as their digest. */
const LONGEST = 48;

/** Gives equal answers equal numbers, for one run. */
export class Answers {
  readonly #known = new Map<string, number>();
  readonly #texts: string[] = [];
  /** Strings are most of what is asked for. */
  readonly #strings = new Map<string, number>();
  readonly #containers = new WeakMap<object, number>();

  /** The number of an answer's text. */
  number(text: string): number {
    const known = this.#known.get(text);
    if (known !== undefined) return known;
    const number = this.#texts.length;
    this.#texts.push(text);
    this.#known.set(text, number);
    return number;
  }

  /** The text of an answer, the same in every run: the value itself or, where that is long, its digest. */
  text(number: number): string {
    return this.#texts[number] ?? "";
  }

  /** What a question about data is answered: `value` stands at its place, `undefined` where there is nothing. */
  answer(what: Ask, value: Value | undefined): number {
    switch (what) {
      case Ask.value:
        return this.#value(value);
      case Ask.kind:
        return this.number(kindOf(value));
      case Ask.keys:
        return this.#keys(value);
      default:
        return this.number(value instanceof PyDict ? `${mapping(value)}${value.size}` : "-");
    }
  }

  /** A number equal for one object, and for equal plain values. */
  identity(value: Value | undefined): number {
    if (value === null || typeof value !== "object") return this.#value(value);
    let number = this.#identities.get(value);
    if (number === undefined) this.#identities.set(value, (number = --this.#lastIdentity));
    return number;
  }
  readonly #identities = new WeakMap<object, number>();
  /** Those of objects are below all of plain values. */
  #lastIdentity = NEVER;

  #value(value: Value | undefined): number {
    if (typeof value === "string") {
      let number = this.#strings.get(value);
      if (number === undefined) {
        number = this.number(shortened(`'${value}`));
        this.#strings.set(value, number);
      }
      return number;
    }
    if (value === undefined) return this.number("-");
    if (value instanceof PyDict) return this.number(mapping(value));
    if (value !== null && typeof value === "object") return this.#container(value, () => canonical(value));
    return this.number(`=${canonical(value)}`);
  }

  #keys(value: Value | undefined): number {
    if (!(value instanceof PyDict)) return this.number("-");
    let number = this.#keyLists.get(value);
    if (number === undefined) {
      number = this.number(shortened(`k${mapping(value)}${[...value.keys()].map(canonical).join(",")}`));
      this.#keyLists.set(value, number);
    }
    return number;
  }
  readonly #keyLists = new WeakMap<object, number>();

  #container(value: object, text: () => string): number {
    let number = this.#containers.get(value);
    if (number === undefined) {
      try {
        number = this.number(shortened(`=${text()}`));
      } catch (error) {
        if (!(error instanceof NotPlain)) throw error;
        number = NEVER;
      }
      this.#containers.set(value, number);
    }
    return number;
  }
}

function kindOf(value: Value | undefined): string {
  if (value === undefined) return "-";
  if (value instanceof PyDict) return mapping(value);
  return Array.isArray(value) ? "L" : isScalar(value) ? "S" : "C";
}

function mapping(value: PyDict): string {
  return value instanceof PyOrderedDict ? "O" : "D";
}

function shortened(text: string): string {
  // As UTF-8 all half surrogates, which JSON can spell, would be one character.
  return text.length <= LONGEST ? text : `#${createHash("sha256").update(text, "utf16le").digest("base64")}`;
}

/** A question about data as one number. */
export function questionOf(path: DataPath, what: Ask): number {
  return path.id * 4 + what;
}
