import { describe, expect, test } from "vitest";
import { printFinding } from "../../src/finding/index.ts";
import { JinjaEnvironment, JinjaError } from "../../src/jinja/index.ts";
import { PyDict } from "../../src/python/index.ts";

const FILES: Readonly<Record<string, string>> = {
  "ceph/map.jinja": "{% set ceph = pillar.ceph %}\n{% macro pool(name) %}\npool: {{ ceph.pools[name].size }}\n{% endmacro %}",
  broken: "ok\n{% if x %}\n{{ a b }}\n{% endif %}",
  base: "{% block body %}{% endblock %}",
};
const CASES: readonly (readonly [string, string])[] = [
  ["undefined name", "kind: Pool\nname: {{ nmae }}\nsize: 3\n"],
  ["undefined attribute in an imported macro", "{% from 'ceph/map.jinja' import pool with context %}\n\n{{ pool('rbd') }}\n"],
  ["syntax error in an included template", "a\nb\n{% include 'broken' %}"],
  ["type error", "{{ 'replicas: ' + 3 }}"],
  ["missing template", "{% import 'nope/map.jinja' as m %}"],
  ["unsafe attribute", "\t{{ ''.__class__ }}"],
  ["impure filter", "{{ [1, 2] | random }}"],
  ["error in a block of a child", "{% extends 'base' %}\n{% block body %}\n{{ 1 // 0 }}\n{% endblock %}"],
  ["endless recursion", "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}"],
  ["unclosed tag", "{% for a in b %}\n{% if a %}\n{% endfor %}"],
  ["unknown filter", "{{ x |\n nope }}"],
  ["error of a function given to a filter", "{{ [1, 'a'] | sort }}"],
];

describe("messages of template errors", () => {
  test.each(CASES)("%s", async (title, text) => {
    const environment = new JinjaEnvironment({
      loader: { load: (name) => (Object.hasOwn(FILES, name) ? { name, text: FILES[name] ?? "" } : undefined) },
    });
    let message = "no error";
    try {
      environment
        .compile({ name: "main.sls", text })
        .render(new Map([["pillar", PyDict.from({ ceph: PyDict.from({ pools: new PyDict() }) })]]));
    } catch (error) {
      if (!(error instanceof JinjaError)) throw error;
      message = `${error.type}: ${error.original}\n${error.findings.map(printFinding).join("\n")}\n`;
    }
    await expect(message).toMatchFileSnapshot(`golden/errors/${title.replaceAll(" ", "-")}.txt`);
  });
});
