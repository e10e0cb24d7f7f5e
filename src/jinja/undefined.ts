import { PyError, PyObject, repr, typeName, type HashKey, type Value } from "../python/index.ts";

/** What an undefined value is about; from it comes the message. */
export interface UndefinedAbout {
  /** The whole message, where it is not made from `object` and `name`. */
  readonly hint?: string;
  /** The object that lacks something; absent where a plain name is undefined. */
  readonly object?: Value;
  /** The name or key that is missing. */
  readonly name?: Value;
  /** Python's class of the error that using the value raises; `UndefinedError` unless said, `SecurityError` for unsafe attributes. */
  readonly raises?: string;
}

/** Modules of types that are not Python builtins, as `type(x).__module__` gives them. */
const MODULES: ReadonlyMap<string, string> = new Map([
  ["OrderedDict", "collections"],
  ["defaultdict", "collections"],
  ["Undefined", "jinja2.runtime"],
  ["StrictUndefined", "jinja2.runtime"],
  ["Macro", "jinja2.runtime"],
  ["LoopContext", "jinja2.runtime"],
  ["BlockReference", "jinja2.runtime"],
  ["TemplateReference", "jinja2.runtime"],
  ["TemplateModule", "jinja2.environment"],
  ["Namespace", "jinja2.utils"],
  ["Cycler", "jinja2.utils"],
  ["Joiner", "jinja2.utils"],
  ["_GroupTuple", "jinja2.filters"],
  ["Markup", "markupsafe"],
]);

/** How Jinja names the type of an object in its messages: `dict object`, `jinja2.runtime.Macro object`, `None`. */
export function objectTypeRepr(value: Value): string {
  if (value === null) return "None";
  const name = typeName(value);
  const module = MODULES.get(name);
  return `${module === undefined ? name : `${module}.${name}`} object`;
}

/**
 * A name, attribute or item that is not there (jinja2.runtime.Undefined). This one prints as nothing, is false and iterates
 * over nothing; any other use raises. Salt uses it only with `allow_undefined`, and Jinja for an inline `if` without `else`.
 */
export class Undefined extends PyObject {
  readonly typeName: string = "Undefined";
  readonly about: UndefinedAbout;
  constructor(about: UndefinedAbout) {
    super();
    this.about = about;
  }
  /** Jinja's message: `'x' is undefined`, `'dict object' has no attribute 'x'`. */
  get message(): string {
    const { hint, object, name = null } = this.about;
    if (hint !== undefined && hint !== "") return hint;
    if (object === undefined) return `${repr(name)} is undefined`;
    if (typeof name !== "string") return `${objectTypeRepr(object)} has no element ${repr(name)}`;
    return `${repr(objectTypeRepr(object))} has no attribute ${repr(name)}`;
  }
  /** Raises what using the value raises. @throws PyError `UndefinedError` or `SecurityError` */
  fail(): never {
    throw new PyError(this.about.raises ?? "UndefinedError", this.message);
  }
  override refuse(): never {
    return this.fail();
  }
  override attribute(name: string): Value | undefined {
    if (name.startsWith("__") && name.endsWith("__")) return undefined;
    return this.fail();
  }
  override item(): Value | undefined {
    return this.fail();
  }
  override iterate(): Iterable<Value> {
    return [];
  }
  override len(): number {
    return 0;
  }
  override contains(_value: Value): boolean {
    return false;
  }
  override truthy(): boolean {
    return false;
  }
  override equals(other: Value): boolean {
    return other instanceof Undefined && other.typeName === this.typeName;
  }
  override hashKey(): HashKey | undefined {
    return `\0u${this.typeName}`;
  }
  override str(): string {
    return "";
  }
  repr(): string {
    return "Undefined";
  }
}

/** jinja2.runtime.StrictUndefined, Salt's default: nothing can be done with it but ask whether it is defined. */
export class StrictUndefined extends Undefined {
  override readonly typeName = "StrictUndefined";
  override iterate(): Iterable<Value> {
    return this.fail();
  }
  override len(): number {
    return this.fail();
  }
  override contains(_value: Value): boolean {
    return this.fail();
  }
  override truthy(): boolean {
    return this.fail();
  }
  override equals(_other: Value): boolean {
    return this.fail();
  }
  override hashKey(): HashKey | undefined {
    return this.fail();
  }
  override str(): string {
    return this.fail();
  }
}
