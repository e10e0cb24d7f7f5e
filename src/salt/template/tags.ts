import { nodes, type ExprNode, type Parser, type StatementNode, type Tag } from "../../jinja/index.ts";

/**
 * Salt's own tags, built as its SerializerExtension builds them (salt/utils/jinja.py, 3007.1):
 * `{% load_yaml as x %}…{% endload %}` (also json, text), `{% import_yaml "file" as x %}` (also json, text, `with context`) and
 * `{% profile as "x" %}…{% endprofile %}`, which measures nothing here.
 */
export function saltTags(): readonly Tag[] {
  return [
    { names: ["load_yaml", "load_json", "load_text"], parse: parseLoad },
    { names: ["import_yaml", "import_json", "import_text"], parse: parseImport },
    { names: ["profile"], parse: parseProfile },
  ];
}

/** A macro of the body, called at once, its text through the filter of the tag's name. */
function parseLoad(parser: Parser): StatementNode[] {
  const at = parser.stream.next();
  const filter = at.text;
  parser.stream.expect("name:as");
  const target = parser.parseAssignTarget();
  const name = `_${parser.freeIdentifier()}`;
  const body = parser.parseStatements(["name:endload"], true);
  const call = nodes.call(at, { target: nodes.name(at, { name, ctx: "load" }), ...NO_ARGUMENTS });
  return [nodes.macro(at, { name, args: [], defaults: [], body }), nodes.assign(at, { target, value: filtered(at, call, filter) })];
}

/** An ordinary import, then the module's text through the filter, under the same name. */
function parseImport(parser: Parser): StatementNode[] {
  const at = parser.stream.current;
  const imported = parser.parseImport();
  const value = filtered(at, nodes.name(at, { name: imported.target, ctx: "load" }), at.text.replace("import_", "load_"));
  return [imported, nodes.assign(at, { target: nodes.name(at, { name: imported.target, ctx: "store" }), value })];
}

/** The label is evaluated, as its errors are errors; then the body, in the scope around it. */
function parseProfile(parser: Parser): StatementNode[] {
  const at = parser.stream.next();
  parser.stream.expect("name:as");
  const label = parser.parseExpression();
  return [nodes.exprStmt(at, { expr: label }), ...parser.parseStatements(["name:endprofile"], true)];
}

const NO_ARGUMENTS = { args: [], kwargs: [], dynArgs: null, dynKwargs: null } as const;

function filtered(at: Parameters<typeof nodes.filter>[0], target: ExprNode, name: string): ExprNode {
  return nodes.filter(at, { target, name, ...NO_ARGUMENTS });
}
