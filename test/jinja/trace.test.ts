import { describe, expect, test } from "vitest";
import { JinjaEnvironment } from "../../src/jinja/index.ts";

const FILES: Readonly<Record<string, string>> = {
  lib: "{% macro row(a) %}\n- {{ a }}\n{% endmacro %}\n{% macro twice(a) %}{{ row(a) }}{{ row(a) }}{% endmacro %}",
  part: "part {{ x }}\nend",
  base: "head\n{% block body %}\nbase\n{% endblock %}\nfoot",
};

/** Each piece of the output with the lines that made it, innermost first. */
function trace(text: string): string[] {
  const environment = new JinjaEnvironment({
    loader: { load: (name) => (Object.hasOwn(FILES, name) ? { name, text: FILES[name] ?? "" } : undefined) },
  });
  const template = environment.compile({ name: "main", text });
  const variables = new Map([["x", "X"]]);
  const { text: output, map = [] } = template.render(variables, { trace: true });
  expect(template.render(variables).text).toBe(output);
  let offset = 0;
  for (const segment of map) {
    expect(segment.start).toBe(offset);
    offset = segment.end;
  }
  expect(offset).toBe(output.length);
  return map.map((segment) => {
    const trail = segment.trail.map((step) => `${step.file}:${step.line}`).join(" < ");
    return `${JSON.stringify(output.slice(segment.start, segment.end))} ${trail}${segment.expression === undefined ? "" : ` ${segment.expression}`}`;
  });
}

describe("a traced render says which line printed what", () => {
  test("text and expressions", () => {
    expect(trace("a\nb {{ x }}\n{{ x ~\n 1 }}!")).toEqual([
      '"a\\n" main:1',
      '"b " main:2',
      '"X" main:2 x',
      '"\\n" main:2',
      '"X1" main:3 x ~\n 1',
      '"!" main:4',
    ]);
  });
  test("loops print their lines again and again", () => {
    expect(trace("{% for i in [1, 2] %}\n{{ i }}\n{% endfor %}").filter((line) => line.includes(" i"))).toEqual([
      '"1" main:2 i',
      '"2" main:2 i',
    ]);
  });
  test("macros: the line within, then the call", () => {
    expect(trace("{% from 'lib' import twice %}\n\n{{ twice(5) }}").filter((line) => line.startsWith('"5"'))).toEqual([
      '"5" lib:2 < lib:4 < main:3 a',
      '"5" lib:2 < lib:4 < main:3 a',
    ]);
  });
  test("includes", () => {
    expect(trace("\n{% include 'part' %}")).toEqual([
      '"\\n" main:1',
      '"part " part:1 < main:2',
      '"X" part:1 < main:2 x',
      '"\\n" part:1 < main:2',
      '"end" part:2 < main:2',
    ]);
  });
  test("blocks of a child stand in the parent", () => {
    const lines = trace("{% extends 'base' %}\n{% block body %}\nchild {{ x }}\n{{ super() }}{% endblock %}");
    expect(lines[0]).toBe('"head\\n" base:1 < main:1');
    expect(lines.find((line) => line.startsWith('"child'))).toBe('"child " main:3 < base:2 < main:1');
    expect(lines.find((line) => line.startsWith('"base'))).toMatch(/^"base\\n" base:3 < main:4/);
  });
  test("a captured block keeps its lines where it is printed", () => {
    expect(trace("{% set b %}\none {{ x }}\n{% endset %}\n{{ b }}").filter((line) => /one|X/.test(line))).toEqual([
      '"one " main:2 < main:4',
      '"X" main:2 < main:4 x',
    ]);
  });
  test("also where a filter indents it", () => {
    const lines = trace("{% set b %}one\ntwo {{ x }}\n{% endset %}\n{{ b | indent(4) }}");
    expect(lines.map((line) => line.replace(/ x$/, ""))).toContain('"    two X\\n" main:2 < main:4');
  });
  test("a call block", () => {
    expect(
      trace("{% macro m() %}<{{ caller() }}>{% endmacro %}\n{% call m() %}\nin\n{% endcall %}").filter((line) => line.startsWith('"in')),
    ).toEqual(['"in\\n" main:3 < main:1 < main:2']);
  });
});
