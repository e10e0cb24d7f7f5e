import type { Value } from "../../python/index.ts";
import type { Context as Variables } from "../types.ts";

/**
 * Variables that a template sees and does not change: layers, the first that has a name wins. Nothing is copied, so that a
 * layer which records what is read records what a template reads.
 */
export class Scope {
  readonly #layer: Variables;
  readonly #outer: Scope | undefined;

  constructor(layer: Variables, outer?: Scope) {
    this.#layer = layer;
    this.#outer = outer;
  }
  get(name: string): Value | undefined {
    const found = this.#layer.get(name);
    return found === undefined && this.#outer !== undefined ? this.#outer.get(name) : found;
  }
  /** Adds all names and values to a map, those of this layer last. */
  collect(into: Map<string, Value>): void {
    this.#outer?.collect(into);
    for (const [name, value] of this.#layer) if (typeof name === "string") into.set(name, value);
  }
}
