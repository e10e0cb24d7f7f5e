import { FindingError } from "../finding/index.ts";
import { PyDict, type Value } from "../python/index.ts";
import { duration } from "../schema/index.ts";

/** Takes one part of halite.yaml apart. Names are as messages have them: `sealed:age:recipients`. @throws FindingError `config-invalid` */
export class SettingsReader {
  readonly #file: string;

  /** @param file the config's name in messages */
  constructor(file: string) {
    this.#file = file;
  }

  mapping(value: Value | undefined, name: string): PyDict | undefined {
    if (value === undefined || value === null) return undefined;
    if (value instanceof PyDict) return value;
    throw this.refuse(`${name} must be a mapping`);
  }

  text(value: Value | undefined, name: string): string | undefined {
    if (value === undefined || value === null) return undefined;
    if (typeof value === "string" && value !== "") return value;
    throw this.refuse(`${name} must be a string that is not empty`);
  }

  /** A text, or a list of texts. */
  texts(value: Value | undefined, name: string): readonly string[] {
    if (value === undefined || value === null) return [];
    const list: readonly Value[] = Array.isArray(value) ? value : [value];
    return list.map((each) => {
      if (typeof each === "string" && each !== "") return each;
      throw this.refuse(`${name} must be a list of strings`);
    });
  }

  /** Whole seconds, at least one. */
  seconds(value: Value | undefined, name: string): number | undefined {
    if (value === undefined || value === null) return undefined;
    const milliseconds = typeof value === "string" ? (duration(value) ?? 0) : 0;
    if (milliseconds >= 1000 && milliseconds % 1000 === 0) return milliseconds / 1000;
    throw this.refuse(`${name} must be a duration such as 30s, 10m or 1h`);
  }

  /** A whole number within a range, both ends included. */
  count(value: Value | undefined, name: string, least: number, most: number): number | undefined {
    if (value === undefined || value === null) return undefined;
    const number = typeof value === "number" || typeof value === "bigint" ? Number(value) : Number.NaN;
    if (Number.isInteger(number) && number >= least && number <= most) return number;
    throw this.refuse(`${name} must be a whole number${most === Infinity ? `, at least ${least}` : ` from ${least} to ${most}`}`);
  }

  /** With what commits are signed: `{format, key}`. */
  signingKey(value: Value | undefined, name: string): { readonly format: "ssh" | "openpgp"; readonly key: string } | undefined {
    const sign = this.mapping(value, name);
    if (sign === undefined) return undefined;
    const format = this.text(sign.get("format"), `${name}:format`) ?? "ssh";
    const key = this.text(sign.get("key"), `${name}:key`);
    if (key !== undefined && (format === "ssh" || format === "openpgp")) return { format, key };
    throw this.refuse(`${name} must have a key, and as format ssh or openpgp`);
  }

  refuse(message: string): FindingError {
    return new FindingError({ code: "config-invalid", severity: "error", message, at: { file: this.#file } });
  }
}
