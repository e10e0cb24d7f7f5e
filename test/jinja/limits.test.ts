import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { JinjaEnvironment, JinjaError } from "../../src/jinja/index.ts";

/** Templates that would run, grow or nest without end, and the limit that stops each. */
const BOMBS: readonly (readonly [string, string])[] = [
  ["jinja-limit-steps", "{% for i in range(100000) %}{% for j in range(100000) %}{% endfor %}{% endfor %}"],
  ["jinja-limit-steps", "{% for i in range(100000) %}{{ range(100000) | sum }}{% endfor %}"],
  ["jinja-limit-steps", "{% set l = range(100000) | list %}{% for i in range(100000) %}{{ 'x' in l }}{% endfor %}"],
  ["jinja-limit-steps", "{% set l = range(100000) | list %}{% for i in range(100000) %}{{ l.index(99999) }}{% endfor %}"],
  ["jinja-limit-steps", "{% for i in range(100000) %}{{ (7 ** 40000) % 3 }}{% endfor %}"],
  [
    "jinja-limit-output",
    "{% for i in range(100000) %}{% for j in range(9) %}" + "x".repeat(900) + "{% continue %}{% endfor %}{% endfor %}",
  ],
  ["jinja-limit-output", "{% set ns = namespace(x='a' * 1000) %}{% for i in range(100) %}{% set ns.x = ns.x ~ ns.x %}{% endfor %}"],
  ["jinja-limit-output", "{% set l = [] %}{% for i in range(100000) %}{% do l.append('x' * 100000) %}{% endfor %}"],
  ["jinja-limit-output", "{% for i in range(100000) %}{% set b %}{{ 'abc' * 300 }}{% endset %}{% endfor %}"],
  ["jinja-limit-size", "{{ 'a' * 10 ** 12 }}"],
  ["jinja-limit-size", "{{ [1] * 10 ** 9 }}"],
  ["jinja-overflow-error", "{{ 10 ** (10 ** 10) }}"],
  ["jinja-overflow-error", "{{ range(100001) }}"],
  ["jinja-limit-depth", "{{ " + "(".repeat(300) + "1" + ")".repeat(300) + " }}"],
  ["jinja-limit-depth", "{{ " + "not ".repeat(2000) + "1 }}"],
  ["jinja-limit-depth", "{{ 1" + "+1".repeat(4900) + " }}"],
  ["jinja-limit-depth", "{{ x" + ".a".repeat(4900) + " }}"],
  ["jinja-limit-depth", "{% if 1 %}".repeat(1000) + "{% endif %}".repeat(1000)],
  ["jinja-limit-depth", "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}"],
  ["jinja-limit-depth", "{% macro f(n) %}{{ f(n - 1) }}{{ f(n - 2) }}{% endmacro %}{{ f(100) }}"],
  ["jinja-limit-depth", "{% for i in [[]] recursive %}{{ loop([i]) }}{% endfor %}"],
  ["jinja-limit-depth", "{% block a %}{{ self.a() }}{% endblock %}"],
  ["jinja-limit-depth", "{% include 'main' %}"],
  ["jinja-limit-depth", "{% import 'main' as m %}"],
  ["jinja-limit-depth", "{% extends 'main' %}"],
  ["jinja-limit-depth", "{% set ns = namespace(x=[]) %}{% for i in range(100000) %}{% set ns.x = [ns.x] %}{% endfor %}{{ ns.x }}"],
];

function render(text: string): string {
  const environment = new JinjaEnvironment({ loader: { load: (name) => (name === "main" ? { name, text } : undefined) } });
  try {
    return `ok ${environment.compile({ name: "main", text }).render(new Map()).text.length}`;
  } catch (error) {
    if (error instanceof JinjaError) return error.findings[0].code;
    throw error;
  }
}

describe("a template that runs away is stopped", () => {
  test.each(BOMBS.map(([code, text]) => [code, text.slice(0, 100), text] as const))("%s: %s", (code, _, text) => {
    const before = process.cpuUsage();
    expect(render(text)).toBe(code);
    const { user } = process.cpuUsage(before);
    // CPU time, not time of day: a second is the bound, several times what each takes.
    expect(user / 1e6).toBeLessThan(1);
  });
  test("limits are the environment's", () => {
    const environment = new JinjaEnvironment({ limits: { steps: 10 } });
    expect(() => environment.compile({ name: "t", text: "{% for i in range(9) %}{{ i }}{% endfor %}" }).render(new Map())).not.toThrow();
    expect(() => environment.compile({ name: "t", text: "{% for i in range(19) %}{{ i }}{% endfor %}" }).render(new Map())).toThrow(
      "the template takes more than 10 steps",
    );
  });
});

describe("any text is a template or a syntax error", () => {
  const part = fc.constantFrom(
    ..."{% %} {{ }} {# #} {%- -%} {{- -}} {%+ +%} if else elif endif for in endfor recursive macro endmacro call endcall set endset block endblock extends include import from as with endwith without context ignore missing filter endfilter do raw endraw autoescape endautoescape break continue loop self super caller namespace range a b x 'main' \"s\" ' \" 1 2.5 0x 1_ 1e9 [ ] ( ) { } , . : | ~ + - * ** / // % == != < > <= >= = and or not is none true \\ \n \r\n \t \u00e9 \u2028 \ud83d\ude00 @ # $ ` ; loop.index joiner() upper default join".split(
      " ",
    ),
    " ",
    "",
  );
  test("token soup", () => {
    fc.assert(
      fc.property(fc.array(part, { maxLength: 60 }), fc.constantFrom(" ", ""), (parts, separator) => {
        render(parts.join(separator));
      }),
      { numRuns: 1500 },
    );
  });
  test("soup within tags", () => {
    const tag = fc
      .tuple(fc.constantFrom(["{%", "%}"], ["{{", "}}"]), fc.array(part, { maxLength: 8 }))
      .map(([[open, close], parts]) => `${open ?? ""} ${parts.join(" ")} ${close ?? ""}`);
    fc.assert(
      fc.property(fc.array(tag, { maxLength: 8 }), (tags) => {
        render(tags.join("x"));
      }),
      { numRuns: 1500 },
    );
  });
});
