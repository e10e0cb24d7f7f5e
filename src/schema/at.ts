import type { Json, JsonObject, JsonPath } from "./problem.ts";

/** A value in an object with the way to it, from which one goes on to places below; whatever is of another type than asked for is as if absent. */
export abstract class Steps<Below> {
  readonly value: Json | undefined;
  readonly path: JsonPath;

  constructor(value: Json | undefined, path: JsonPath) {
    this.value = value;
    this.path = path;
  }

  /** A place of the same kind further down. */
  abstract below(value: Json | undefined, path: JsonPath): Below;

  /** The place below, through any number of fields. */
  at(...steps: readonly string[]): Below {
    let value: Json | undefined = this.value;
    for (const step of steps) value = isObject(value) && Object.hasOwn(value, step) ? value[step] : undefined;
    return this.below(value, [...this.path, ...steps]);
  }
  /** Whether something stands here. */
  get present(): boolean {
    return this.value !== undefined;
  }
  get text(): string | undefined {
    return typeof this.value === "string" ? this.value : undefined;
  }
  get items(): readonly Below[] {
    return Array.isArray(this.value) ? this.value.map((item, index) => this.below(item, [...this.path, index])) : [];
  }
  /** The items that are texts. */
  get texts(): readonly string[] {
    return Array.isArray(this.value) ? this.value.filter((item) => typeof item === "string") : [];
  }
  get entries(): readonly (readonly [string, Below])[] {
    const value = this.value;
    return isObject(value) ? Object.keys(value).map((key) => [key, this.below(value[key], [...this.path, key])]) : [];
  }
}

/** A value in an object with the way to it. */
export class At extends Steps<At> {
  constructor(value: Json | undefined, path: JsonPath = []) {
    super(value, path);
  }

  below(value: Json | undefined, path: JsonPath): At {
    return new At(value, path);
  }
}

export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
