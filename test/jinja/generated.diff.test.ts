import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { PyDict, PyTuple, type Value } from "../../src/python/index.ts";
import { Oracle, oracleIsThere } from "../oracle/oracle.ts";
import { ours, theirs, type TemplateCase } from "./judge.ts";

const CONTEXT: Readonly<Record<string, Value>> = {
  a: 1,
  b: "bee",
  c: [1, 2, 3],
  d: PyDict.from({ k: "v", n: 2, a: [4] }),
  e: [],
  t: [new PyTuple([1, "one"]), new PyTuple([2, "two"])],
};
const FILES: Readonly<Record<string, string>> = {
  inc: "<{{ a }}{{ z | default('-') }}>",
  lib: "{% macro m(a, b=2) %}[{{ a }}{{ b }}{{ x | default('.') }}]{% endmacro %}{% set v = 'lib' %}",
  base: "^{% block one %}1{{ a }}{% endblock %}{% for i in c %}{% block two scoped %}{{ i }}{% endblock %}{% endfor %}$",
};

const name = fc.constantFrom("a", "b", "c", "d", "e", "t", "x", "y", "z", "i", "loop");
const target = fc.constantFrom("a", "b", "c", "x", "y", "z");
// Only names are subscripted: Jinja subscripts literals while it compiles, and then raises what that raises there.
const expression = fc.letrec<{ e: string; simple: string }>((tie) => ({
  simple: fc.oneof(
    name,
    name,
    fc.constantFrom("0", "1", "2", "-3", "1.5", "'s'", "''", "true", "none", "[]", "[1, 'q']", "{'k': 1}", "(1, 2)"),
  ),
  e: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    tie("simple"),
    tie("simple"),
    fc
      .tuple(tie("e"), fc.constantFrom("+", "-", "*", "//", "%", "~", "==", "!=", "<", ">=", "and", "or", "in", "not in"), tie("e"))
      .map(([l, o, r]) => `${l} ${o} ${r}`),
    tie("e").map((e) => `(${e})`),
    tie("e").map((e) => `not ${e}`),
    tie("e").map((e) => `(${e}) | default('df')`),
    fc
      .tuple(tie("e"), fc.constantFrom("string", "length", "upper", "list", "join('-')", "int", "default(1, true)", "sort"))
      .map(([e, f]) => `(${e}) | ${f}`),
    fc.tuple(name, fc.constantFrom("k", "n", "items()", "upper()", "nope", "index", "last", "a.0")).map(([e, n]) => `${e}.${n}`),
    fc.tuple(name, tie("simple")).map(([e, i]) => `${e}[${i}]`),
    fc.tuple(name, fc.constantFrom("1:", ":-1", "::2", "::-1")).map(([e, s]) => `${e}[${s}]`),
    fc.tuple(tie("e"), tie("e"), tie("e")).map(([x, c, y]) => `(${x} if ${c} else ${y})`),
    fc.tuple(tie("e"), tie("e")).map(([x, c]) => `(${x} if ${c})`),
    fc
      .tuple(tie("simple"), fc.constantFrom("defined", "not defined", "none", "number", "string", "odd", "mapping", "iterable", "eq 1"))
      .map(([e, q]) => `${e} is ${q}`),
    fc.tuple(fc.constantFrom("mac", "lm"), tie("simple"), tie("simple")).map(([m, x, y]) => `${m}(${x}, b=${y})`),
  ),
})).e;

const body = fc.letrec<{ body: string; s: string }>((tie) => ({
  body: fc.array(tie("s"), { maxLength: 4, depthIdentifier: "body" }).map((parts) => parts.join("")),
  s: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    fc.constantFrom("text ", "\n", "  "),
    expression.map((e) => `{{ ${e} }}`),
    expression.map((e) => `{{- ${e} -}} `),
    fc.tuple(target, expression).map(([n, e]) => `{% set ${n} = ${e} %}`),
    fc.tuple(target, tie("body")).map(([n, b]) => `{% set ${n} %}${b}{% endset %}`),
    fc.tuple(expression, tie("body"), tie("body")).map(([e, x, y]) => `{% if ${e} %}${x}{% else %}${y}{% endif %}`),
    fc.tuple(expression, tie("body"), expression, tie("body")).map(([e, x, f, y]) => `{% if ${e} %}${x}{%- elif ${f} %}${y}{% endif %}`),
    fc
      .tuple(fc.constantFrom("i", "x", "a"), expression, tie("body"), tie("body"))
      .map(([n, e, x, y]) => `{% for ${n} in ${e} %}${x}{% else %}${y}{% endfor %}`),
    fc.tuple(fc.constantFrom("c", "d", "t", "[1, 2]"), tie("body")).map(([e, x]) => `{% for i in ${e} %}{{ loop.index }}${x}{% endfor %}`),
    fc.tuple(expression, tie("body")).map(([e, x]) => `{% for i in c if ${e} %}${x}{{ loop.last }}{% endfor %}`),
    tie("body").map((x) => `{% for i, x in t %}{{ i }}${x}{{ x }}{% endfor %}`),
    fc.tuple(target, expression, tie("body")).map(([n, e, x]) => `{% with ${n} = ${e} %}${x}{% endwith %}`),
    tie("body").map((x) => `{% filter upper %}${x}{% endfilter %}`),
    tie("body").map((x) => `{% macro mac(a, b=x) %}${x}{{ a }}{{ b }}{% endmacro %}`),
    tie("body").map(
      (x) => `{% macro mac(a='A', b='B') %}${x}{{ caller() if caller is defined }}{% endmacro %}{% call mac(1) %}{{ a }}{% endcall %}`,
    ),
    fc.constantFrom(
      "{% include 'inc' %}",
      "{% from 'lib' import m as lm %}",
      "{% from 'lib' import m as lm with context %}",
      "{% import 'lib' as y %}{{ y.v }}",
      "{% for i in c %}{% if i == 2 %}{% continue %}{% endif %}{{ i }}{% endfor %}",
      "{% for i in c %}{{ i }}{% if i == 2 %}{% break %}{% endif %}{% endfor %}",
      "{% set ns = namespace(v=0) %}{% for i in c %}{% set ns.v = ns.v + i %}{% endfor %}{{ ns.v }}",
    ),
  ),
})).body;
const template = fc.oneof(
  { weight: 4, arbitrary: body },
  {
    weight: 1,
    arbitrary: fc.tuple(body, body, body).map(([x, y, z]) => `${x}{% extends 'base' %}${y}{% block two %}${z}{{ super() }}{% endblock %}`),
  },
);

describe.skipIf(!oracleIsThere())("generated templates", () => {
  let oracle: Oracle;
  beforeAll(() => {
    oracle = new Oracle(["jinja"]);
  });
  afterAll(() => oracle.close());

  test("give what Python's Jinja2 gives", async () => {
    await fc.assert(
      fc.asyncProperty(template, async (t) => {
        const one: TemplateCase = { t, ctx: CONTEXT, files: FILES };
        // Mutable values of the context are made anew on the other side; here a template may change them.
        const [answer] = await theirs(oracle, [one]);
        expect(ours({ ...one, ctx: structured() })).toEqual(answer);
      }),
      { numRuns: Number(process.env["HALITE_FUZZ_RUNS"] ?? 400) },
    );
  });
});

function structured(): Readonly<Record<string, Value>> {
  return { ...CONTEXT, c: [1, 2, 3], d: PyDict.from({ k: "v", n: 2, a: [4] }), e: [] };
}
