import * as fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { JinjaEnvironment, JinjaError } from "../../src/jinja/index.ts";
import { methodNames } from "../../src/jinja/semantics/index.ts";
import { PyBytes, PyCallable, PyDict, PyError, PyFloat, PyObject, PySet, PyTuple, type Value } from "../../src/python/index.ts";

/** Ways out that templates have been tried with, in this engine's family and in JavaScript's. Each must be refused. */
const ESCAPES = [
  "{{ range.constructor('return process')() }}",
  "{{ range.constructor.constructor('return this')() }}",
  "{{ ''.constructor.constructor('return process')() }}",
  "{{ [].constructor.constructor('return process')() }}",
  "{{ {}.constructor.constructor('return process')() }}",
  "{{ (1).constructor.constructor('return process')() }}",
  "{{ x.constructor.constructor('return process.env')() }}",
  "{{ x['constructor']['constructor']('return process')() }}",
  "{{ x['con' ~ 'structor'].name }}",
  "{{ x|attr('constructor')|attr('constructor') }}",
  "{{ x.__proto__.polluted }}",
  "{{ x['__proto__']['polluted'] }}",
  "{{ x.__defineGetter__('a', range) }}",
  "{{ x.__lookupGetter__('a') }}",
  "{{ x.toString.call(x) }}",
  "{{ x.valueOf() }}",
  "{{ x.hasOwnProperty('a') }}",
  "{{ [].map(range) }}",
  "{{ [].push(1) }}",
  "{{ [].length }}",
  "{{ [].reduce.constructor('return 1')() }}",
  "{{ ''.replaceAll('a', range) }}",
  "{{ 'a'.match('a') }}",
  "{{ 'a'.link('x') }}",
  "{{ 'a'.sub.constructor }}",
  "{{ process.env }}",
  "{{ global.process }}",
  "{{ globalThis.process }}",
  "{{ this.constructor }}",
  "{{ require('fs') }}",
  "{{ eval('1') }}",
  "{{ Function('return 1')() }}",
  "{{ arguments[0] }}",
  "{{ c.state }}",
  "{{ S.limits }}",
  "{{ T.environment }}",
  "{{ rt.Macro }}",
  "{{ P[0] }}",
  "{{ K[0] }}",
  "{% macro m() %}{% endmacro %}{{ m.constructor('return process')() }}",
  "{% macro m() %}{% endmacro %}{{ m.invoke() }}",
  "{% macro m() %}{% endmacro %}{{ m.call() }}",
  "{% for i in [1] %}{{ loop.constructor }}{% endfor %}",
  "{% for i in [1] %}{{ loop.next() }}{% endfor %}",
  "{{ self.constructor }}",
  "{{ self.context }}",
  "{{ namespace().constructor }}",
  "{{ namespace().set('a', 1) }}",
  "{{ cycler(1).constructor }}",
  "{{ joiner().constructor }}",
  "{{ x.items.constructor }}",
  "{{ x.items().dict }}",
  "{{ ''.upper.owner }}",
  "{{ ''.upper.call() }}",
  "{{ range(3).iterate() }}",
  "{{ '{0.constructor}'.format(x) }}",
  "{{ '{0.__class__.__mro__}'.format(x) }}",
  "{{ '{a[constructor]}'.format(a='') }}",
  "{{ '%(constructor)s' % x }}",
  "{{ [x]|map(attribute='constructor')|first + 1 }}",
  "{{ [range]|sort(attribute='constructor.name')|first }}{{ 1 + range }}",
  "{{ ''.__class__.__mro__[1].__subclasses__() }}",
  "{{ x.__class__.__init__.__globals__ }}",
  "{{ cycler.__init__.__globals__.os.popen('id').read() }}",
  "{{ self._TemplateReference__context.cycler.__init__.__globals__ }}",
  "{{ undefined_thing.__class__.__mro__ }}",
  "{% import 'constructor' as c %}",
  "{% include '__proto__' %}",
  "{% from 'main' import constructor %}{{ constructor() }}",
  "{{ x | constructor }}",
  "{{ x is constructor }}",
  "{{ `${process}` }}",
  "{{ r/(.*)/g.exec('a') }}",
  '{{ "\\"); process.exit(1); (\\"" + 1 }}',
  "{% set a');process.exit(1);(' = 1 %}",
  "{% block a'];process.exit(1);// %}{% endblock %}",
];

const PROTOTYPES = [Object, Function, Array, String, Number, Boolean, Map, Set, RegExp, Error, Promise, Symbol, BigInt].map(
  (type) => type.prototype as object,
);
function snapshot(): string {
  return JSON.stringify(PROTOTYPES.map((prototype) => Reflect.ownKeys(prototype).map(String)));
}

/** Traps on the ways to the host: whoever calls one is counted. */
let alarms: string[] = [];
let restore: (() => void)[] = [];
function trap(owner: object, name: string): void {
  const before = Object.getOwnPropertyDescriptor(owner, name);
  if (before === undefined || before.configurable !== true) return;
  Object.defineProperty(owner, name, {
    configurable: true,
    writable: true,
    value: (...args: unknown[]) => alarms.push(`${name}(${args.map(String).join(", ")})`),
  });
  restore.push(() => Object.defineProperty(owner, name, before));
}

const VALUES = (): Map<string, Value> =>
  new Map<string, Value>([
    ["x", PyDict.from({ a: 1, b: [1, "2"] })],
    ["s", "text"],
    ["n", 5],
    ["f", new PyFloat(2.5)],
    ["t", new PyTuple([1, "a"])],
    ["e", new PySet([1])],
    ["y", new PyBytes(new Uint8Array([65]))],
    ["l", [3, 1, 2]],
  ]);
function environmentOf(text: string): JinjaEnvironment {
  return new JinjaEnvironment({ loader: { load: (name) => (name === "main" ? { name, text } : undefined) } });
}

/** Renders with the traps set; a refusal is told by its code. */
function trapped(text: string): string {
  const environment = environmentOf(text);
  let template;
  try {
    template = environment.compile({ name: "main", text });
    template.code(false);
  } catch (error) {
    if (error instanceof JinjaError) return `refused: ${error.findings[0].code}`;
    throw error;
  }
  trap(globalThis, "eval");
  trap(Function.prototype, "constructor");
  trap(process, "exit");
  trap(process, "kill");
  try {
    return template.render(VALUES()).text;
  } catch (error) {
    if (error instanceof JinjaError) return `refused: ${error.findings[0].code}`;
    throw error;
  } finally {
    for (const undo of restore.splice(0).reverse()) undo();
  }
}

describe("nothing of the host is reachable", () => {
  let prototypes = "";
  beforeEach(() => {
    alarms = [];
    prototypes = snapshot();
  });
  afterEach(() => {
    for (const undo of restore.splice(0).reverse()) undo();
    expect(alarms).toEqual([]);
    expect(snapshot()).toBe(prototypes);
  });
  test.each(ESCAPES)("%s", (text) => {
    expect(trapped(text)).toMatch(/^refused: jinja-/);
  });

  test("expressions of hostile names print nothing of JavaScript", () => {
    const name = fc.constantFrom(
      ..."x s n f t e y l range dict namespace cycler joiner self loop constructor __proto__ prototype __class__ __init__ toString valueOf call apply bind name length items keys get upper join format append arguments caller callee process global require eval Function Object c S T P K rt".split(
        " ",
      ),
    );
    const expression = fc.letrec<{ e: string }>((tie) => ({
      e: fc.oneof(
        { maxDepth: 4 },
        name,
        fc.tuple(tie("e"), name).map(([e, n]) => `${e}.${n}`),
        fc.tuple(tie("e"), name).map(([e, n]) => `${e}['${n}']`),
        fc.tuple(tie("e"), tie("e")).map(([e, a]) => `${e}(${a})`),
        fc.tuple(tie("e"), tie("e")).map(([e, a]) => `${e}[${a}]`),
        fc.tuple(tie("e"), name).map(([e, n]) => `${e}|attr('${n}')`),
        fc.tuple(tie("e"), name).map(([e, n]) => `[${e}]|map(attribute='${n}')|list`),
        fc.tuple(tie("e"), tie("e")).map(([a, b]) => `(${a} ~ ${b})`),
        tie("e").map((e) => `${e}()`),
        fc.constantFrom("1", "'return process'", "'{0.constructor}'", "[]", "{}", "none"),
      ),
    })).e;
    fc.assert(
      fc.property(expression, (text) => {
        const printed = trapped(`{{ ${text} }}`);
        expect(printed).not.toMatch(/native code|\[object|function \(|=>|\bclass \w+ \{/);
      }),
      { numRuns: 1000 },
    );
  });
});

/** Whether a value is one of the few types that templates know. */
function isOurs(value: unknown): boolean {
  if (value === null || typeof value === "string" || typeof value === "boolean" || typeof value === "bigint") return true;
  if (typeof value === "number") return Number.isSafeInteger(value);
  if (Array.isArray(value)) return value.every(isOurs);
  return value instanceof PyObject;
}

/** Arguments that methods and functions are tried with. */
function argumentLists(): Value[][] {
  return [[], ["a"], [1], [[1, 2]], ["a", "b"], [new PyDict()]];
}

test("a walk over all that a template can reach meets only values of templates", () => {
  const own = new Set<string>();
  const hostNames = (value: object): void => {
    for (let at: object | null = value; at !== null; at = Object.getPrototypeOf(at) as object | null) {
      for (const key of Reflect.ownKeys(at)) own.add(typeof key === "string" ? key : key.toString());
    }
  };
  const environment = environmentOf("");
  const text =
    "{% macro m(a) %}{{ caller }}{% endmacro %}{% set ns = namespace(q=1) %}{% set mod = self %}{% for i in [1, 2] %}{% set ns.loop = loop %}{% endfor %}{% block b %}{% endblock %}{% set block = self.b %}{% set un = nope is defined %}";
  const module = environment.compile({ name: "main", text }).module(VALUES());
  const start: Value[] = [...environment.globals.values(), ...VALUES().values(), ...module.exports.values(), module, environment];
  for (const value of [...start, "", 1, true]) hostNames(Object(value) as object);
  for (const table of ["str", "list", "dict", "int", "float", "tuple", "set", "bytes"] as const)
    for (const name of methodNames(table)) own.add(name);
  const names = [...own];
  const seen = new Set<string>();
  const queue: { readonly value: Value; readonly path: string }[] = start.map((value) => ({ value, path: "start" }));
  let visited = 0;
  const visit = (value: unknown, path: string): void => {
    expect(isOurs(value), `${path} gives ${typeof value}`).toBe(true);
    const ours = value as Value;
    const key =
      ours instanceof PyObject
        ? `${ours.typeName} ${ours.repr().slice(0, 80)}`
        : JSON.stringify(ours, (_, part: unknown) => (typeof part === "bigint" ? String(part) : part));
    if (path.split(".").length > 4 || seen.has(key)) return;
    seen.add(key);
    queue.push({ value: ours, path });
  };
  const attempt = (path: string, run: () => unknown): void => {
    let result: unknown;
    try {
      result = run();
    } catch (error) {
      if (error instanceof PyError) return;
      throw new Error(`${path}: ${String(error)}`, { cause: error });
    }
    visit(result, path);
  };
  for (let next = queue.shift(); next !== undefined && visited < 500; next = queue.shift(), visited++) {
    const { value, path } = next;
    for (const name of names) {
      attempt(`${path}.${name}`, () => environment.lookup.attribute(value, name));
      attempt(`${path}.[${name}]`, () => environment.lookup.item(value, name));
    }
    if (value instanceof PyCallable) {
      for (const args of argumentLists()) attempt(`${path}.()`, () => value.call(args, new Map()));
    }
  }
  expect(visited).toBeGreaterThan(100);
});
