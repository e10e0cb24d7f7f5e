import { expect, test } from "vitest";
import { JinjaEnvironment, nodes, placeOf, StateCallable, type CallState, type Tag } from "../../src/jinja/index.ts";
import { str, type Value } from "../../src/python/index.ts";

const run = (state: CallState, [text = ""]: readonly Value[]): Value => `${str(text).toUpperCase()}@${state.at.line}`;

/** `{% shout as name %}…{% endshout %}`: assigns the body, changed by the host. */
const shout: Tag = {
  names: ["shout"],
  parse(parser) {
    const at = parser.stream.next();
    parser.stream.expect("name:as");
    const target = parser.parseAssignTarget();
    const body = parser.parseStatements(["name:endshout"], true);
    const name = `_${parser.freeIdentifier()}`;
    const macro = nodes.name(at, { name, ctx: "load" });
    const call = nodes.call(at, { target: macro, args: [], kwargs: [], dynArgs: null, dynKwargs: null });
    return [
      nodes.macro(at, { name, args: [], defaults: [], body }),
      nodes.assign(at, { target, value: nodes.hostCall(at, { run, args: [call] }) }),
    ];
  },
};
/** `{% import_upper 'file' as name [with context] %}`: an import whose text goes through a filter. */
const importUpper: Tag = {
  names: ["import_upper"],
  parse(parser) {
    const imported = parser.parseImport();
    const at = placeOf(imported);
    const value = nodes.filter(at, {
      target: nodes.name(at, { name: imported.target, ctx: "load" }),
      name: "upper",
      args: [],
      kwargs: [],
      dynArgs: null,
      dynKwargs: null,
    });
    return [imported, nodes.assign(at, { target: nodes.name(at, { name: imported.target, ctx: "store" }), value })];
  },
};

class Where extends StateCallable {
  readonly typeName = "function";
  readonly name = "where";
  callWith(state: CallState): Value {
    return `${state.at.file}:${state.at.line}:${state.at.column} x=${str(state.resolve("x") ?? null)}`;
  }
  repr(): string {
    return "<function where>";
  }
}

const environment = new JinjaEnvironment({
  tags: [shout, importUpper],
  globals: new Map([["where", new Where()]]),
  loader: { load: (name) => (name === "file" ? { name, text: "text {{ x | default('none') }}" } : undefined) },
});
const render = (text: string): string => environment.compile({ name: "main", text }).render(new Map([["x", "X"]])).text;

test("a tag of the host gives statements, and calls back with what its body printed", () => {
  expect(render("{% shout as a %}hello {{ x }}{% endshout %}\n{{ a }}")).toBe("\nHELLO X@1");
});
test("a tag may build on Jinja's own", () => {
  expect(render("{% import_upper 'file' as a with context %}{{ a }}{% import_upper 'file' as b %}{{ b }}")).toBe("TEXT XTEXT NONE");
});
test("an unclosed tag is told like Jinja's own", () => {
  expect(() => render("{% shout as a %}hello")).toThrow(
    "Unexpected end of template. Jinja was looking for the following tags: 'endshout'. The innermost block that needs to be closed is 'shout'.",
  );
});
test("a function may know its caller's place and names", () => {
  expect(render("a\n  {{ where() }}")).toBe("a\n  main:2:6 x=X");
});
