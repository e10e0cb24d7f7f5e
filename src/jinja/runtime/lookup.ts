import { PyDict, str, stringRepr, typeName, type Value } from "../../python/index.ts";
import { Markup } from "../markup.ts";
import { getAttribute, getItem } from "../semantics/index.ts";
import { Undefined, type UndefinedAbout } from "../undefined.ts";
import { hasInternalAttribute } from "./sandbox.ts";

const UNDERSCORE = 95;

/** `foo.bar` and `foo['bar']` as SandboxedEnvironment.getattr and .getitem do them (jinja2/sandbox.py). */
export class Lookup {
  readonly #undefined: (about: UndefinedAbout) => Value;

  constructor(undefinedValue: (about: UndefinedAbout) => Value) {
    this.#undefined = undefinedValue;
  }

  /** The attribute, else the item, else an undefined value. */
  attribute(value: Value, name: string): Value {
    if (name.charCodeAt(0) === UNDERSCORE) {
      if (hasInternalAttribute(value, name)) return this.#unsafe(value, name);
    } else {
      const found = getAttribute(value, name);
      if (found !== undefined) return found;
    }
    const item = this.#subscript(value, name);
    // None is an item like any other.
    return item === undefined ? this.#undefined({ object: value, name }) : item;
  }
  /** The item, else the attribute, else an undefined value. */
  item(value: Value, key: Value): Value {
    const found = this.#subscript(value, key);
    if (found !== undefined) return found;
    if (typeof key === "string" || key instanceof Markup) {
      const name = str(key);
      if (name.charCodeAt(0) === UNDERSCORE) {
        if (hasInternalAttribute(value, name)) return this.#unsafe(value, name);
      } else {
        const attribute = getAttribute(value, name);
        if (attribute !== undefined) return attribute;
      }
    }
    return this.#undefined({ object: value, name: key });
  }

  #subscript(value: Value, key: Value): Value | undefined {
    if (value instanceof PyDict) {
      // An undefined key is hashed first, which raises.
      if (key instanceof Undefined) key.hashKey();
      return typeof key === "string" ? value.get(key) : getItem(value, key);
    }
    return getItem(value, key);
  }
  #unsafe(value: Value, name: string): Value {
    const hint = `access to attribute ${stringRepr(name)} of '${typeName(value)}' object is unsafe.`;
    return this.#undefined({ hint, name, object: value, raises: "SecurityError" });
  }
}
