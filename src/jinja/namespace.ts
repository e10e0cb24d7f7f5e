import { PyDict, PyObject, type Value } from "../python/index.ts";

/** What `namespace()` gives: the one object whose attributes a template may assign (`{% set ns.x = 1 %}`; jinja2.utils.Namespace). */
export class Namespace extends PyObject {
  readonly typeName = "Namespace";
  readonly attributes: PyDict;
  /** Takes the dict over, it is not copied. */
  constructor(attributes: PyDict = new PyDict()) {
    super();
    this.attributes = attributes;
  }
  override attribute(name: string): Value | undefined {
    return this.attributes.get(name);
  }
  set(name: string, value: Value): void {
    this.attributes.set(name, value);
  }
  repr(seen: Set<object> = new Set()): string {
    return `<Namespace ${this.attributes.repr(seen)}>`;
  }
}
