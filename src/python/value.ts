/**
 * Python's data model as Salt's templates and YAML see it, in as few wrappers as keep it exact.
 *
 * | Python        | here                                                        |
 * |---------------|-------------------------------------------------------------|
 * | None          | `null`                                                      |
 * | bool          | `boolean`                                                   |
 * | int           | `number` (always a safe integer), beyond 2^53 `bigint`      |
 * | float         | `PyFloat` (so that 1.0 stays 1.0)                           |
 * | str           | `string` (indices and lengths are in code points, see `text.ts`) |
 * | list          | `Value[]` (mutable, by identity, as in Python)              |
 * | tuple, dict … | a subclass of `PyObject`                                    |
 *
 * A `number` that is no safe integer never occurs: make integers with `int()` of int.ts.
 */
export type Value = null | boolean | number | bigint | string | PyObject | Value[];

/** What Python calls a keyword-argument mapping: names to values, in the order of the call. */
export type Kwargs = ReadonlyMap<string, Value>;

/** Base of every value that is not a plain JavaScript one. */
export abstract class PyObject {
  /** Python's name of the type, as `type(x).__name__` gives it. */
  abstract readonly typeName: string;
  /** `repr(x)`. `seen` holds the containers being printed, for self-reference. */
  abstract repr(seen?: Set<object>): string;
  /** `str(x)`; the same as `repr` unless a subclass says otherwise. */
  str(): string {
    return this.repr();
  }
  /** `bool(x)`. */
  truthy(): boolean {
    return true;
  }
  /** `x == other` for two values not identical; by default identity. */
  equals(_other: Value): boolean {
    return false;
  }
  /** A key equal for equal values, or `undefined` where Python raises "unhashable type". */
  hashKey(): HashKey | undefined {
    return this;
  }
  /** `x.name`, where the type has attributes of its own; `undefined` where there is none. */
  attribute?(name: string): Value | undefined;
  /** `x[key]`; `undefined` where Python raises KeyError or IndexError. */
  item?(key: Value): Value | undefined;
  /** `iter(x)`; a second call may go on where the first stopped, as Python's iterators do. */
  iterate?(): Iterable<Value>;
  /** `len(x)`. */
  len?(): number;
  /** `value in x`; without it `in` iterates. */
  contains?(value: Value): boolean;
  /** Raises what any operator on the value raises (Jinja's Undefined); absent on values that only lack the operator. */
  refuse?(): never;
}

/** What a dict's table is indexed by: equal exactly when Python's `==` and `hash` agree. */
export type HashKey = string | number | bigint | null | PyObject;

/** A value that a template can call: an execution-module function, a macro, a bound method. */
export abstract class PyCallable extends PyObject {
  /** The name error messages use, such as `pillar.get`. */
  abstract readonly name: string;
  abstract call(args: readonly Value[], kwargs: Kwargs): Value;
}

/** An error that Python code would raise and a template could see, such as TypeError or KeyError. */
export class PyError extends Error {
  /** Python's class name: `TypeError`, `KeyError`, `ZeroDivisionError` … */
  readonly type: string;
  constructor(type: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.type = type;
    this.name = "PyError";
  }
}
