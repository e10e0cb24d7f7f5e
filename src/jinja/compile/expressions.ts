import type {
  Arguments,
  BinaryNode,
  CallNode,
  CompareNode,
  ConcatenationNode,
  DictNode,
  ExprNode,
  FilterNode,
  GetattrNode,
  GetitemNode,
  HostCallNode,
  InlineIfNode,
  ListNode,
  LiteralNode,
  NameNode,
  TemplateDataNode,
  TestNode,
  TupleNode,
  UnaryNode,
} from "../syntax/nodes.ts";
import { isConstant } from "./constant.ts";
import { Emitter } from "./emitter.ts";
import type { Frame } from "./symbols.ts";

/** What the compiler knows of `{% autoescape %}` at a place: off, on, or to be seen when it runs. */
export type Autoescape = "off" | "on" | "unknown";

/** Writes expressions. Each operator is a method of the context, which is given the operands and the place. */
export class ExpressionCompiler extends Emitter {
  autoescape: Autoescape = "off";
  /** The template's name, for messages that say it. */
  readonly name: string;
  /** Parameters of the macros being written that have no value yet. */
  readonly #unset: Set<string>[] = [];

  constructor(name: string, traced: boolean) {
    super(traced);
    this.name = name;
  }

  /** Runs `write` for the defaults of a macro, in which its parameters may still be unset. */
  withUnset(parameters: Set<string>, write: (set: (ref: string) => void) => void): void {
    this.#unset.push(parameters);
    write((ref) => parameters.delete(ref));
    this.#unset.pop();
  }

  compileName(node: NameNode, frame: Frame): void {
    const ref = frame.symbols.ref(node.name);
    const isParameter = frame.symbols.findLoad(ref)?.how === "parameter" && this.#unset.at(-1)?.has(ref) !== true;
    this._emit(isParameter ? ref : `(${ref}===undefined?c.missing(${JSON.stringify(node.name)}):${ref})`);
  }
  compileLiteral(node: LiteralNode): void {
    const { value } = node;
    if (typeof value === "string") this._emit(JSON.stringify(value));
    else if (typeof value === "bigint") this._emit(`${value}n`);
    else if (value === null || typeof value !== "object") this._emit(String(value));
    else this._emit(this.constant(value));
  }
  compileTemplateData(node: TemplateDataNode): void {
    this._emit(JSON.stringify(node.value));
  }
  compileTuple(node: TupleNode, frame: Frame): void {
    this._emit("new rt.PyTuple(");
    this.#list(node.children, frame);
    this._emit(")");
  }
  compileArray(node: ListNode, frame: Frame): void {
    this.#list(node.children, frame);
  }
  compileDict(node: DictNode, frame: Frame): void {
    this._emit(`c.dict(${this.place(node)},[`);
    for (const pair of node.children) {
      this.compile(pair.key, frame);
      this._emit(",");
      this.compile(pair.value, frame);
      this._emit(",");
    }
    this._emit("])");
  }
  compileInlineIf(node: InlineIfNode, frame: Frame): void {
    const soft = frame.softened();
    this._emit("(");
    this.condition(node.cond, soft);
    this._emit("?");
    this.compile(node.body, soft);
    this._emit(":");
    if (node.else_ === null) {
      const message = `the inline if-expression on line ${node.lineno} in '${this.name}' evaluated to false and no else section was defined.`;
      this._emit(`rt.plainUndefined(${JSON.stringify(message)})`);
    } else this.compile(node.else_, soft);
    this._emit(")");
  }
  compileHostCall(node: HostCallNode, frame: Frame): void {
    this._emit(`c.hostCall(${this.place(node)},${this.constant(node.run)},`);
    this.#list(node.args, frame);
    this._emit(")");
  }

  // Operators

  #binary(method: string, node: BinaryNode, frame: Frame): void {
    this._emit(`c.${method}(${this.place(node)},`);
    this.compile(node.left, frame);
    this._emit(",");
    this.compile(node.right, frame);
    this._emit(")");
  }
  compileAdd(node: BinaryNode, frame: Frame): void {
    this.#binary("add", node, frame);
  }
  compileSub(node: BinaryNode, frame: Frame): void {
    this.#binary("sub", node, frame);
  }
  compileMul(node: BinaryNode, frame: Frame): void {
    this.#binary("mul", node, frame);
  }
  compileDiv(node: BinaryNode, frame: Frame): void {
    this.#binary("div", node, frame);
  }
  compileFloorDiv(node: BinaryNode, frame: Frame): void {
    this.#binary("floordiv", node, frame);
  }
  compileMod(node: BinaryNode, frame: Frame): void {
    this.#binary("mod", node, frame);
  }
  compilePow(node: BinaryNode, frame: Frame): void {
    this.#binary("pow", node, frame);
  }
  /** `and` and `or` give one of their operands. */
  compileAnd(node: BinaryNode, frame: Frame): void {
    const left = this.temporary();
    this._emit(`(c.truthy(${this.place(node)},${left}=`);
    this.compile(node.left, frame);
    this._emit(")?");
    this.compile(node.right, frame);
    this._emit(`:${left})`);
  }
  compileOr(node: BinaryNode, frame: Frame): void {
    const left = this.temporary();
    this._emit(`(c.truthy(${this.place(node)},${left}=`);
    this.compile(node.left, frame);
    this._emit(`)?${left}:`);
    this.compile(node.right, frame);
    this._emit(")");
  }
  compileNot(node: UnaryNode, frame: Frame): void {
    this.condition(node, frame);
  }
  compileNeg(node: UnaryNode, frame: Frame): void {
    this._emit(`c.neg(${this.place(node)},`);
    this.compile(node.target, frame);
    this._emit(")");
  }
  compilePos(node: UnaryNode, frame: Frame): void {
    this._emit(`c.pos(${this.place(node)},`);
    this.compile(node.target, frame);
    this._emit(")");
  }
  compileConcatenation(node: ConcatenationNode, frame: Frame): void {
    // Where autoescaping is only known at run time Jinja joins without escaping (jinja2/compiler.py, visit_Concat).
    const escaped = this.autoescape === "on" && !isConstant(node, true);
    this._emit(`c.${escaped ? "concatEscaped" : "concat"}(${this.place(node)},`);
    this.#list(node.children, frame);
    this._emit(")");
  }
  compileCompare(node: CompareNode, frame: Frame): void {
    let left = (): void => this.compile(node.expr, frame);
    this._emit("(");
    for (const [index, operand] of node.ops.entries()) {
      const last = index === node.ops.length - 1;
      const right = last ? undefined : this.temporary();
      const place = this.place(operand);
      if (index > 0) this._emit("&&");
      if (operand.type === "==") this._emit(`c.equal(${place},`);
      else if (operand.type === "!=") this._emit(`!c.equal(${place},`);
      else if (operand.type === "in") this._emit(`c.isIn(${place},`);
      else if (operand.type === "not in") this._emit(`!c.isIn(${place},`);
      else this._emit(`c.compare(${place},${JSON.stringify(operand.type)},`);
      left();
      this._emit(right === undefined ? "," : `,${right}=`);
      this.compile(operand.expr, frame);
      this._emit(")");
      left = () => this._emit(right ?? "null");
    }
    this._emit(")");
  }

  // Attributes, items, calls

  compileGetattr(node: GetattrNode, frame: Frame): void {
    this._emit(`c.getattr(${this.place(node)},`);
    this.compile(node.target, frame);
    this._emit(`,${JSON.stringify(node.name)})`);
  }
  compileLookupVal(node: GetitemNode, frame: Frame): void {
    const { val } = node;
    this._emit(`c.${val.typename === "Slice" ? "slice" : "getitem"}(${this.place(node)},`);
    this.compile(node.target, frame);
    this._emit(",");
    if (val.typename === "Slice") {
      for (const [index, part] of [val.start, val.stop, val.step].entries()) {
        if (index > 0) this._emit(",");
        if (part === null) this._emit("null");
        else this.compile(part, frame);
      }
    } else this.compile(val, frame);
    this._emit(")");
  }
  compileCall(node: CallNode, frame: Frame): void {
    this.call(node, frame, undefined);
  }
  /** A call; `caller` is the variable of a call block's macro. */
  call(node: CallNode, frame: Frame, caller: string | undefined): void {
    this._emit(`c.call(${this.place(node)},`);
    this.compile(node.target, frame);
    this._emit(",");
    this.#arguments(node, node, frame, caller);
    this._emit(")");
  }
  compileFilterCall(node: FilterNode, frame: Frame): void {
    this._emit(`c.filter(${this.place(node)},T.filters[${this.filterNumber(node, frame)}],`);
    if (node.target === null) this.#filtered(frame);
    else this.compile(node.target, frame);
    this._emit(",");
    this.#arguments(node, node, frame, undefined);
    this._emit(")");
  }
  compileTestCall(node: TestNode, frame: Frame): void {
    this._emit(`c.test(${this.place(node)},T.tests[${this.testNumber(node, frame)}],`);
    this.compile(node.target, frame);
    this._emit(",");
    this.#arguments(node, node, frame, undefined);
    this._emit(")");
  }

  /** What `{% filter %}` filters: the output of its body. */
  #filtered(frame: Frame): void {
    const text = this.captured(frame.buffer);
    if (this.autoescape === "off") this._emit(text);
    else if (this.autoescape === "on") this._emit(`new rt.Markup(${text})`);
    else this._emit(`c.markupIfEscaping(${text})`);
  }
  #list(items: readonly ExprNode[], frame: Frame): void {
    this._emit("[");
    for (const [index, item] of items.entries()) {
      if (index > 0) this._emit(",");
      this.compile(item, frame);
    }
    this._emit("]");
  }
  #arguments(node: ExprNode, given: Arguments, frame: Frame, caller: string | undefined): void {
    const { args, kwargs, dynArgs, dynKwargs } = given;
    if (dynArgs !== null) {
      this._emit(`c.spread(${this.place(node)},`);
      this.#list(args, frame);
      this._emit(",");
      this.compile(dynArgs, frame);
      this._emit(")");
    } else if (args.length === 0) this._emit("rt.noArgs");
    else this.#list(args, frame);
    this._emit(",");
    if (kwargs.length === 0 && dynKwargs === null && caller === undefined) {
      this._emit("rt.noKwargs");
      return;
    }
    const names = kwargs.map((keyword) => keyword.key);
    const twice = names.find((name, index) => names.indexOf(name) !== index);
    if (twice !== undefined) this.fault(`keyword argument repeated: ${twice}`, node);
    if (caller !== undefined) names.push("caller");
    this._emit(`${dynKwargs === null ? "rt.kwargs(" : `c.spreadKwargs(${this.place(node)},`}${JSON.stringify(names)},[`);
    for (const keyword of kwargs) {
      this.compile(keyword.value, frame);
      this._emit(",");
    }
    this._emit(`${caller ?? ""}]`);
    if (dynKwargs !== null) {
      this._emit(",");
      this.compile(dynKwargs, frame);
    }
    this._emit(")");
  }
}
