import nunjucks, { type NodeClass } from "nunjucks/src/nodes.js";
import type { PyFloat, Value } from "../../python/index.ts";
import type { CallState } from "../types.ts";

/**
 * The syntax tree: nunjucks' node classes where they hold what Jinja has, extended by `Node.extend` where Jinja has more.
 * `lineno` and `colno` count from 1.
 */
interface Base<T extends string> {
  readonly typename: T;
  readonly fields: readonly string[];
  readonly lineno: number;
  readonly colno: number;
}

export interface NameNode extends Base<"Name"> {
  readonly name: string;
  /** `param` is an argument of a macro or a target of `with`. */
  readonly ctx: "load" | "store" | "param";
}
/** `ns.attr` on the left of `=`. */
export interface NsRefNode extends Base<"NsRef"> {
  readonly name: string;
  readonly attr: string;
}
export interface LiteralNode extends Base<"Literal"> {
  readonly value: null | boolean | number | bigint | string | PyFloat;
}
export interface TemplateDataNode extends Base<"TemplateData"> {
  readonly value: string;
}
export interface TupleNode extends Base<"Tuple"> {
  readonly children: readonly ExprNode[];
}
export interface ListNode extends Base<"Array"> {
  readonly children: readonly ExprNode[];
}
export interface PairNode extends Base<"Pair"> {
  readonly key: ExprNode;
  readonly value: ExprNode;
}
export interface DictNode extends Base<"Dict"> {
  readonly children: readonly PairNode[];
}
export interface InlineIfNode extends Base<"InlineIf"> {
  readonly cond: ExprNode;
  readonly body: ExprNode;
  readonly else_: ExprNode | null;
}
/** What a call, filter or test is given. */
export interface Arguments {
  readonly args: readonly ExprNode[];
  readonly kwargs: readonly KeywordNode[];
  /** `*expression` */
  readonly dynArgs: ExprNode | null;
  /** `**expression` */
  readonly dynKwargs: ExprNode | null;
}
export interface KeywordNode extends Base<"Keyword"> {
  readonly key: string;
  readonly value: ExprNode;
}
export interface CallNode extends Base<"Call">, Arguments {
  readonly target: ExprNode;
}
export interface FilterNode extends Base<"FilterCall">, Arguments {
  /** `null` in `{% filter %}` and `{% set x | filter %}`, where the body is filtered. */
  readonly target: ExprNode | null;
  readonly name: string;
}
export interface TestNode extends Base<"TestCall">, Arguments {
  readonly target: ExprNode;
  readonly name: string;
}
export interface GetattrNode extends Base<"Getattr"> {
  readonly target: ExprNode;
  readonly name: string;
}
export interface GetitemNode extends Base<"LookupVal"> {
  readonly target: ExprNode;
  readonly val: ExprNode | SliceNode;
}
export interface SliceNode extends Base<"Slice"> {
  readonly start: ExprNode | null;
  readonly stop: ExprNode | null;
  readonly step: ExprNode | null;
}
export interface BinaryNode extends Base<"Add" | "Sub" | "Mul" | "Div" | "FloorDiv" | "Mod" | "Pow" | "And" | "Or"> {
  readonly left: ExprNode;
  readonly right: ExprNode;
}
export interface UnaryNode extends Base<"Not" | "Neg" | "Pos"> {
  readonly target: ExprNode;
}
export interface ConcatenationNode extends Base<"Concatenation"> {
  readonly children: readonly ExprNode[];
}
export type CompareOperator = "==" | "!=" | "<" | "<=" | ">" | ">=" | "in" | "not in";
export interface CompareOperandNode extends Base<"CompareOperand"> {
  readonly expr: ExprNode;
  readonly type: CompareOperator;
}
export interface CompareNode extends Base<"Compare"> {
  readonly expr: ExprNode;
  readonly ops: readonly CompareOperandNode[];
}
/** A function of the host that a custom tag calls with evaluated arguments. */
export interface HostCallNode extends Base<"HostCall"> {
  readonly run: (state: CallState, args: readonly Value[]) => Value;
  readonly args: readonly ExprNode[];
}
export type ExprNode =
  | NameNode
  | NsRefNode
  | LiteralNode
  | TemplateDataNode
  | TupleNode
  | ListNode
  | DictNode
  | InlineIfNode
  | CallNode
  | FilterNode
  | TestNode
  | GetattrNode
  | GetitemNode
  | BinaryNode
  | UnaryNode
  | ConcatenationNode
  | CompareNode
  | HostCallNode;

export interface RootNode extends Base<"Root"> {
  readonly children: readonly StatementNode[];
}
export interface OutputNode extends Base<"Output"> {
  readonly children: readonly ExprNode[];
  /** The text of each child where it is an expression, else null; for provenance. */
  readonly sources: readonly (string | null)[];
}
export interface IfNode extends Base<"IfTag"> {
  readonly cond: ExprNode;
  readonly body: readonly StatementNode[];
  readonly elifs: readonly IfNode[];
  readonly else_: readonly StatementNode[];
}
export interface ForNode extends Base<"ForTag"> {
  readonly target: TargetNode;
  readonly iter: ExprNode;
  readonly body: readonly StatementNode[];
  readonly else_: readonly StatementNode[];
  readonly test: ExprNode | null;
  readonly recursive: boolean;
}
export interface MacroNode extends Base<"MacroTag"> {
  readonly name: string;
  readonly args: readonly NameNode[];
  readonly defaults: readonly ExprNode[];
  readonly body: readonly StatementNode[];
}
export interface CallBlockNode extends Base<"CallTag"> {
  readonly call: CallNode;
  readonly args: readonly NameNode[];
  readonly defaults: readonly ExprNode[];
  readonly body: readonly StatementNode[];
}
export interface FilterBlockNode extends Base<"FilterTag"> {
  readonly body: readonly StatementNode[];
  readonly filter: FilterNode;
}
export interface WithNode extends Base<"With"> {
  readonly targets: readonly TargetNode[];
  readonly values: readonly ExprNode[];
  readonly body: readonly StatementNode[];
}
export interface BlockNode extends Base<"BlockTag"> {
  readonly name: string;
  readonly body: readonly StatementNode[];
  readonly scoped: boolean;
  readonly required: boolean;
}
export interface ExtendsNode extends Base<"Extends"> {
  readonly template: ExprNode;
}
export interface IncludeNode extends Base<"IncludeTag"> {
  readonly template: ExprNode;
  readonly withContext: boolean;
  readonly ignoreMissing: boolean;
}
export interface ImportNode extends Base<"Import"> {
  readonly template: ExprNode;
  readonly target: string;
  readonly withContext: boolean;
}
export interface FromImportNode extends Base<"FromImport"> {
  readonly template: ExprNode;
  /** Name in the template, name here. */
  readonly names: readonly (readonly [string, string])[];
  readonly withContext: boolean;
}
export interface ExprStmtNode extends Base<"ExprStmt"> {
  readonly expr: ExprNode;
}
export interface AssignNode extends Base<"Assign"> {
  readonly target: TargetNode;
  readonly value: ExprNode;
}
export interface AssignBlockNode extends Base<"AssignBlock"> {
  readonly target: TargetNode;
  readonly filter: FilterNode | null;
  readonly body: readonly StatementNode[];
}
export interface AutoescapeNode extends Base<"Autoescape"> {
  readonly value: ExprNode;
  readonly body: readonly StatementNode[];
}
export type BreakNode = Base<"Break">;
export type ContinueNode = Base<"Continue">;

/** What may stand on the left of `=` and between `for` and `in`. */
export type TargetNode = NameNode | NsRefNode | TupleNode;
export type StatementNode =
  | OutputNode
  | IfNode
  | ForNode
  | MacroNode
  | CallBlockNode
  | FilterBlockNode
  | WithNode
  | BlockNode
  | ExtendsNode
  | IncludeNode
  | ImportNode
  | FromImportNode
  | ExprStmtNode
  | AssignNode
  | AssignBlockNode
  | AutoescapeNode
  | BreakNode
  | ContinueNode;
export type AnyNode = ExprNode | StatementNode | RootNode | PairNode | KeywordNode | SliceNode | CompareOperandNode;

/** Where a node begins. */
export interface Place {
  readonly line: number;
  readonly column: number;
}
type Fields<N extends AnyNode> = Omit<N, keyof Base<string>>;
type Maker<N extends AnyNode> = (at: Place, fields: Fields<N>) => N;

/**
 * A function that makes nodes of a nunjucks class, or of a subclass with fields of its own. The subclass takes its fields by
 * name: nunjucks' own constructor goes through them by position, which is slow where a template has thousands of nodes.
 */
function extended<N extends AnyNode>(base: NodeClass, typename: N["typename"], names: readonly (keyof Fields<N> & string)[]): Maker<N> {
  const Class = base.extend(typename);
  Object.defineProperty(Class.prototype, "fields", { value: names });
  Object.defineProperty(Class.prototype, "init", { value: initialize });
  return (at, fields) => new Class<N>(at.line, at.column, fields);
}
function initialize(this: Record<string, unknown>, line: number, column: number, fields: object): void {
  this["lineno"] = line;
  this["colno"] = column;
  Object.assign(this, fields);
}

const CALL = ["target", "args", "kwargs", "dynArgs", "dynKwargs"] as const;
const NAMED_CALL = ["target", "name", "args", "kwargs", "dynArgs", "dynKwargs"] as const;

/** Makers of nodes: `nodes.name(place, { name, ctx })`. Parsers of custom tags build their trees with these. */
export const nodes = {
  name: extended<NameNode>(nunjucks.Symbol, "Name", ["name", "ctx"]),
  nsRef: extended<NsRefNode>(nunjucks.Node, "NsRef", ["name", "attr"]),
  literal: extended<LiteralNode>(nunjucks.Literal, "Literal", ["value"]),
  templateData: extended<TemplateDataNode>(nunjucks.TemplateData, "TemplateData", ["value"]),
  tuple: extended<TupleNode>(nunjucks.NodeList, "Tuple", ["children"]),
  list: extended<ListNode>(nunjucks.Array, "Array", ["children"]),
  pair: extended<PairNode>(nunjucks.Pair, "Pair", ["key", "value"]),
  dict: extended<DictNode>(nunjucks.Dict, "Dict", ["children"]),
  inlineIf: extended<InlineIfNode>(nunjucks.InlineIf, "InlineIf", ["cond", "body", "else_"]),
  keyword: extended<KeywordNode>(nunjucks.Node, "Keyword", ["key", "value"]),
  call: extended<CallNode>(nunjucks.FunCall, "Call", CALL),
  filter: extended<FilterNode>(nunjucks.Filter, "FilterCall", NAMED_CALL),
  test: extended<TestNode>(nunjucks.Is, "TestCall", NAMED_CALL),
  getattr: extended<GetattrNode>(nunjucks.LookupVal, "Getattr", ["target", "name"]),
  getitem: extended<GetitemNode>(nunjucks.LookupVal, "LookupVal", ["target", "val"]),
  slice: extended<SliceNode>(nunjucks.Node, "Slice", ["start", "stop", "step"]),
  add: extended<BinaryNode>(nunjucks.Add, "Add", ["left", "right"]),
  sub: extended<BinaryNode>(nunjucks.Sub, "Sub", ["left", "right"]),
  mul: extended<BinaryNode>(nunjucks.Mul, "Mul", ["left", "right"]),
  div: extended<BinaryNode>(nunjucks.Div, "Div", ["left", "right"]),
  floordiv: extended<BinaryNode>(nunjucks.FloorDiv, "FloorDiv", ["left", "right"]),
  mod: extended<BinaryNode>(nunjucks.Mod, "Mod", ["left", "right"]),
  pow: extended<BinaryNode>(nunjucks.Pow, "Pow", ["left", "right"]),
  and: extended<BinaryNode>(nunjucks.And, "And", ["left", "right"]),
  or: extended<BinaryNode>(nunjucks.Or, "Or", ["left", "right"]),
  not: extended<UnaryNode>(nunjucks.Not, "Not", ["target"]),
  neg: extended<UnaryNode>(nunjucks.Neg, "Neg", ["target"]),
  pos: extended<UnaryNode>(nunjucks.Pos, "Pos", ["target"]),
  concatenation: extended<ConcatenationNode>(nunjucks.NodeList, "Concatenation", ["children"]),
  compare: extended<CompareNode>(nunjucks.Compare, "Compare", ["expr", "ops"]),
  compareOperand: extended<CompareOperandNode>(nunjucks.CompareOperand, "CompareOperand", ["expr", "type"]),
  hostCall: extended<HostCallNode>(nunjucks.Node, "HostCall", ["run", "args"]),

  root: extended<RootNode>(nunjucks.Root, "Root", ["children"]),
  output: extended<OutputNode>(nunjucks.Node, "Output", ["children", "sources"]),
  if: extended<IfNode>(nunjucks.If, "IfTag", ["cond", "body", "elifs", "else_"]),
  for: extended<ForNode>(nunjucks.For, "ForTag", ["target", "iter", "body", "else_", "test", "recursive"]),
  macro: extended<MacroNode>(nunjucks.Macro, "MacroTag", ["name", "args", "defaults", "body"]),
  callBlock: extended<CallBlockNode>(nunjucks.Caller, "CallTag", ["call", "args", "defaults", "body"]),
  filterBlock: extended<FilterBlockNode>(nunjucks.Node, "FilterTag", ["body", "filter"]),
  with: extended<WithNode>(nunjucks.Node, "With", ["targets", "values", "body"]),
  block: extended<BlockNode>(nunjucks.Block, "BlockTag", ["name", "body", "scoped", "required"]),
  extends: extended<ExtendsNode>(nunjucks.Extends, "Extends", ["template"]),
  include: extended<IncludeNode>(nunjucks.Include, "IncludeTag", ["template", "withContext", "ignoreMissing"]),
  import: extended<ImportNode>(nunjucks.Import, "Import", ["template", "target", "withContext"]),
  fromImport: extended<FromImportNode>(nunjucks.FromImport, "FromImport", ["template", "names", "withContext"]),
  exprStmt: extended<ExprStmtNode>(nunjucks.Node, "ExprStmt", ["expr"]),
  assign: extended<AssignNode>(nunjucks.Set, "Assign", ["target", "value"]),
  assignBlock: extended<AssignBlockNode>(nunjucks.Capture, "AssignBlock", ["target", "filter", "body"]),
  autoescape: extended<AutoescapeNode>(nunjucks.Node, "Autoescape", ["value", "body"]),
  break: extended<BreakNode>(nunjucks.Node, "Break", []),
  continue: extended<ContinueNode>(nunjucks.Node, "Continue", []),
};

/** Where a node begins, for nodes made from it. */
export function placeOf(node: AnyNode): Place {
  return { line: node.lineno, column: node.colno };
}

/** Calls `visit` for each node that stands directly in this one, in the order of Jinja's fields. */
export function forEachChild(node: AnyNode, visit: (child: AnyNode) => void): void {
  for (const field of node.fields) {
    const value: unknown = Reflect.get(node, field);
    if (Array.isArray(value)) {
      for (const item of value) if (isNode(item)) visit(item);
    } else if (isNode(value)) visit(value);
  }
}

function isNode(value: unknown): value is AnyNode {
  return typeof value === "object" && value !== null && "typename" in value && "lineno" in value;
}

/** Whether the tree holds a node for which `found` says so. */
export function someNode(node: AnyNode, found: (node: AnyNode) => boolean): boolean {
  let hit = false;
  forEachChild(node, (child) => {
    hit ||= found(child) || someNode(child, found);
  });
  return hit;
}
