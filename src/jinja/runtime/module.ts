import { PyObject, repr, type Value } from "../../python/index.ts";
import type { Pieces } from "./trace.ts";

/** An imported template: what it exports as attributes, its output as text (jinja2.environment.TemplateModule). */
export class TemplateModule extends PyObject {
  readonly typeName = "TemplateModule";
  /** The template's name. */
  readonly name: string;
  /** Exported names and values. */
  readonly exports: ReadonlyMap<string, Value>;
  /** The template's output; in a traced render with its lines. */
  readonly body: string | Pieces;

  constructor(name: string, exports: ReadonlyMap<string, Value>, body: string | Pieces) {
    super();
    this.name = name;
    this.exports = exports;
    this.body = body;
  }
  override attribute(name: string): Value | undefined {
    return this.exports.get(name);
  }
  override str(): string {
    return typeof this.body === "string" ? this.body : this.body.capture();
  }
  repr(): string {
    return `<TemplateModule ${repr(this.name)}>`;
  }
}
