import type { Json, JsonObject, JsonPath } from "../schema/index.ts";

/** A value in an object with the way to it; whatever is of another type than asked for is as if absent. */
export class At {
  readonly value: Json | undefined;
  readonly path: JsonPath;

  constructor(value: Json | undefined, path: JsonPath = []) {
    this.value = value;
    this.path = path;
  }

  at(...steps: readonly string[]): At {
    let value: Json | undefined = this.value;
    for (const step of steps) value = isObject(value) && Object.hasOwn(value, step) ? value[step] : undefined;
    return new At(value, [...this.path, ...steps]);
  }
  get present(): boolean {
    return this.value !== undefined;
  }
  get text(): string | undefined {
    return typeof this.value === "string" ? this.value : undefined;
  }
  get items(): readonly At[] {
    return Array.isArray(this.value) ? this.value.map((item, index) => new At(item, [...this.path, index])) : [];
  }
  get texts(): readonly string[] {
    return this.items.flatMap((item) => item.text ?? []);
  }
  get entries(): readonly (readonly [string, At])[] {
    const value = this.value;
    return isObject(value) ? Object.keys(value).map((key) => [key, new At(value[key], [...this.path, key])]) : [];
  }
}

export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
