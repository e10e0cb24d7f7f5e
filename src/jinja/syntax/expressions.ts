import {
  nodes,
  placeOf,
  type Arguments,
  type CallNode,
  type CompareOperandNode,
  type CompareOperator,
  type ExprNode,
  type FilterNode,
  type KeywordNode,
  type NameNode,
  type NsRefNode,
  type PairNode,
  type Place,
  type SliceNode,
  type TargetNode,
} from "./nodes.ts";
import { quoted, TemplateSyntaxError, TokenStream } from "./stream.ts";
import { describeToken, type Token, type TokenType } from "./token.ts";

const COMPARE: ReadonlyMap<TokenType, CompareOperator> = new Map<TokenType, CompareOperator>([
  ["eq", "=="],
  ["ne", "!="],
  ["lt", "<"],
  ["lteq", "<="],
  ["gt", ">"],
  ["gteq", ">="],
]);
const ARGUMENT_STARTS: ReadonlySet<TokenType> = new Set<TokenType>(["name", "string", "integer", "float", "lparen", "lbracket", "lbrace"]);
const TUPLE_ENDS: ReadonlySet<TokenType> = new Set<TokenType>(["variable_end", "block_end", "rparen"]);
const KEYWORD_VALUES: ReadonlySet<string> = new Set(["true", "false", "none", "True", "False", "None"]);
/** Operators that bind to the left may follow each other this often; each nests the tree by one. */
const LONGEST_CHAIN = 1000;
/** What Jinja calls nodes that nunjucks calls otherwise, in messages. */
const JINJA_NAMES: ReadonlyMap<string, string> = new Map([
  ["Literal", "const"],
  ["Array", "list"],
  ["LookupVal", "getitem"],
  ["FilterCall", "filter"],
  ["TestCall", "test"],
  ["InlineIf", "condexpr"],
  ["Concatenation", "concat"],
]);

export interface TupleOptions {
  /** Only names and literals. */
  readonly simplified?: boolean;
  /** Whether `a if b else c` may stand in it; true unless said. */
  readonly withCondition?: boolean;
  /** In parentheses, where `()` is the empty tuple. */
  readonly parenthesized?: boolean;
  readonly withNamespace?: boolean;
}

/** Reads expressions with Jinja's precedence (jinja2/parser.py). */
export class ExpressionParser {
  readonly stream: TokenStream;
  readonly #maxDepth: number;
  #depth = 0;

  /** `maxDepth` is how deep expressions and tags may nest. */
  constructor(tokens: readonly Token[], maxDepth: number) {
    this.stream = new TokenStream(tokens);
    this.#maxDepth = maxDepth;
  }

  /** @throws TemplateSyntaxError at the place given or the current token */
  fail(message: string, at: Place = this.stream.current): never {
    throw new TemplateSyntaxError(message, { line: at.line, column: at.column });
  }

  /** Runs what nests by one level. @throws TemplateSyntaxError `jinja-limit-depth` */
  protected nested<T>(parse: () => T): T {
    if (++this.#depth > this.#maxDepth) {
      throw new TemplateSyntaxError(
        `expressions and tags nest more than ${this.#maxDepth} levels deep`,
        this.stream.current,
        "jinja-limit-depth",
      );
    }
    const result = parse();
    this.#depth--;
    return result;
  }
  #chain(length: number): void {
    if (length > LONGEST_CHAIN) {
      throw new TemplateSyntaxError(`more than ${LONGEST_CHAIN} operators follow each other`, this.stream.current, "jinja-limit-depth");
    }
  }

  parseExpression(withCondition = true): ExprNode {
    return this.nested(() => (withCondition ? this.#condition() : this.#or()));
  }

  #condition(): ExprNode {
    let at: Place = this.stream.current;
    let body = this.#or();
    for (let length = 1; this.stream.skipIf("name:if"); length++) {
      this.#chain(length);
      const cond = this.#or();
      const else_ = this.stream.skipIf("name:else") ? this.nested(() => this.#condition()) : null;
      body = nodes.inlineIf(at, { cond, body, else_ });
      at = this.stream.current;
    }
    return body;
  }
  #or(): ExprNode {
    const at = this.stream.current;
    let left = this.#and();
    for (let length = 1; this.stream.skipIf("name:or"); length++) {
      this.#chain(length);
      left = nodes.or(at, { left, right: this.#and() });
    }
    return left;
  }
  #and(): ExprNode {
    const at = this.stream.current;
    let left = this.#not();
    for (let length = 1; this.stream.skipIf("name:and"); length++) {
      this.#chain(length);
      left = nodes.and(at, { left, right: this.#not() });
    }
    return left;
  }
  #not(): ExprNode {
    const at = this.stream.current;
    if (this.stream.skipIf("name:not")) return nodes.not(at, { target: this.nested(() => this.#not()) });
    return this.#compare();
  }
  #compare(): ExprNode {
    const at = this.stream.current;
    const expr = this.#sum();
    const ops: CompareOperandNode[] = [];
    for (;;) {
      const token = this.stream.current;
      const operator = COMPARE.get(token.type);
      if (operator !== undefined) {
        this.stream.next();
        ops.push(nodes.compareOperand(token, { expr: this.#sum(), type: operator }));
      } else if (this.stream.skipIf("name:in")) {
        ops.push(nodes.compareOperand(token, { expr: this.#sum(), type: "in" }));
      } else if (this.stream.is("name:not") && this.stream.look().text === "in" && this.stream.look().type === "name") {
        this.stream.skip(2);
        ops.push(nodes.compareOperand(token, { expr: this.#sum(), type: "not in" }));
      } else break;
      this.#chain(ops.length);
    }
    return ops.length === 0 ? expr : nodes.compare(at, { expr, ops });
  }
  #sum(): ExprNode {
    let left = this.#concatenation();
    for (let length = 1; ; length++) {
      const token = this.stream.current;
      if (token.type !== "add" && token.type !== "sub") return left;
      this.#chain(length);
      this.stream.next();
      left = (token.type === "add" ? nodes.add : nodes.sub)(token, { left, right: this.#concatenation() });
    }
  }
  #concatenation(): ExprNode {
    const at = this.stream.current;
    const first = this.#product();
    if (this.stream.current.type !== "tilde") return first;
    const children = [first];
    while (this.stream.skipIf("tilde")) children.push(this.#product());
    return nodes.concatenation(at, { children });
  }
  #product(): ExprNode {
    let left = this.#power();
    for (let length = 1; ; length++) {
      const token = this.stream.current;
      const make =
        token.type === "mul"
          ? nodes.mul
          : token.type === "div"
            ? nodes.div
            : token.type === "floordiv"
              ? nodes.floordiv
              : token.type === "mod"
                ? nodes.mod
                : undefined;
      if (make === undefined) return left;
      this.#chain(length);
      this.stream.next();
      left = make(token, { left, right: this.#power() });
    }
  }
  #power(): ExprNode {
    let left = this.#unary();
    for (let length = 1; ; length++) {
      const token = this.stream.current;
      if (token.type !== "pow") return left;
      this.#chain(length);
      this.stream.next();
      left = nodes.pow(token, { left, right: this.#unary() });
    }
  }
  #unary(withFilter = true): ExprNode {
    const token = this.stream.current;
    let node: ExprNode;
    if (token.type === "sub" || token.type === "add") {
      this.stream.next();
      const target = this.nested(() => this.#unary(false));
      node = (token.type === "sub" ? nodes.neg : nodes.pos)(token, { target });
    } else node = this.parsePrimary();
    node = this.#postfix(node);
    return withFilter ? this.#filters(node) : node;
  }

  /** A name or literal; with `withNamespace` also `ns.attr`. */
  parsePrimary(withNamespace = false): ExprNode {
    const token = this.stream.current;
    switch (token.type) {
      case "name":
        this.stream.next();
        return this.#named(token, withNamespace);
      case "string": {
        let value = "";
        while (this.stream.current.type === "string") value += this.stream.next().text;
        return nodes.literal(token, { value });
      }
      case "integer":
      case "float":
        this.stream.next();
        return nodes.literal(token, { value: token.number ?? 0 });
      case "lparen": {
        this.stream.next();
        const node = this.parseTuple({ parenthesized: true });
        this.stream.expect("rparen");
        return node;
      }
      case "lbracket":
        return this.#list();
      case "lbrace":
        return this.#dict();
      default:
        return this.fail(`unexpected ${quoted(describeToken(token))}`, token);
    }
  }
  #named(token: Token, withNamespace: boolean): ExprNode {
    switch (token.text) {
      case "true":
      case "True":
        return nodes.literal(token, { value: true });
      case "false":
      case "False":
        return nodes.literal(token, { value: false });
      case "none":
      case "None":
        return nodes.literal(token, { value: null });
      default:
        if (withNamespace && this.stream.skipIf("dot")) {
          return nodes.nsRef(token, { name: token.text, attr: this.stream.expect("name").text });
        }
        return nodes.name(token, { name: token.text, ctx: "load" });
    }
  }
  #list(): ExprNode {
    const at = this.stream.expect("lbracket");
    const children: ExprNode[] = [];
    while (this.stream.current.type !== "rbracket") {
      if (children.length > 0) this.stream.expect("comma");
      if (this.stream.is("rbracket")) break;
      children.push(this.parseExpression());
    }
    this.stream.expect("rbracket");
    return nodes.list(at, { children });
  }
  #dict(): ExprNode {
    const at = this.stream.expect("lbrace");
    const children: PairNode[] = [];
    while (this.stream.current.type !== "rbrace") {
      if (children.length > 0) this.stream.expect("comma");
      if (this.stream.is("rbrace")) break;
      const key = this.parseExpression();
      this.stream.expect("colon");
      children.push(nodes.pair(placeOf(key), { key, value: this.parseExpression() }));
    }
    this.stream.expect("rbrace");
    return nodes.dict(at, { children });
  }

  /** An expression, or a tuple where commas follow. */
  parseTuple(options: TupleOptions = {}): ExprNode {
    const { simplified = false, withCondition = true, parenthesized = false, withNamespace = false } = options;
    const at = this.stream.current;
    const children: ExprNode[] = [];
    let isTuple = false;
    for (;;) {
      if (children.length > 0) this.stream.expect("comma");
      if (TUPLE_ENDS.has(this.stream.current.type)) break;
      children.push(simplified ? this.parsePrimary(withNamespace) : this.parseExpression(withCondition));
      if (this.stream.current.type !== "comma") break;
      isTuple = true;
    }
    const [first] = children;
    if (!isTuple && first !== undefined) return first;
    if (!isTuple && !parenthesized) this.fail(`Expected an expression, got ${quoted(describeToken(this.stream.current))}`);
    return nodes.tuple(at, { children });
  }

  #postfix(start: ExprNode): ExprNode {
    let node = start;
    for (let length = 1; ; length++) {
      const { type } = this.stream.current;
      if (type === "dot" || type === "lbracket") node = this.#subscript(node);
      else if (type === "lparen") node = this.#call(node);
      else return node;
      this.#chain(length);
    }
  }
  #filters(start: ExprNode): ExprNode {
    let node = start;
    for (let length = 1; ; length++) {
      if (this.stream.current.type === "pipe") {
        this.stream.next();
        node = this.#filter(node);
      } else if (this.stream.is("name:is")) node = this.#test(node);
      else if (this.stream.current.type === "lparen") node = this.#call(node);
      else return node;
      this.#chain(length);
    }
  }
  #subscript(target: ExprNode): ExprNode {
    const token = this.stream.next();
    if (token.type === "dot") {
      const attribute = this.stream.next();
      if (attribute.type === "name") return nodes.getattr(attribute, { target, name: attribute.text });
      if (attribute.type !== "integer") this.fail("expected name or number", attribute);
      return nodes.getitem(attribute, { target, val: nodes.literal(attribute, { value: attribute.number ?? 0 }) });
    }
    const subscripts: (ExprNode | SliceNode)[] = [];
    while (this.stream.current.type !== "rbracket") {
      if (subscripts.length > 0) this.stream.expect("comma");
      subscripts.push(this.#subscribed());
    }
    this.stream.expect("rbracket");
    const [only] = subscripts;
    if (subscripts.length === 1 && only !== undefined) return nodes.getitem(token, { target, val: only });
    const children = subscripts.map((child) => (child.typename === "Slice" ? this.fail("invalid syntax", token) : child));
    return nodes.getitem(token, { target, val: nodes.tuple(token, { children }) });
  }
  #subscribed(): ExprNode | SliceNode {
    const at = this.stream.current;
    let start: ExprNode | null = null;
    if (at.type !== "colon") {
      start = this.parseExpression();
      if (this.stream.current.type !== "colon") return start;
    }
    this.stream.next();
    const part = (): ExprNode | null => (this.stream.is("colon", "rbracket", "comma") ? null : this.parseExpression());
    const stop = part();
    let step: ExprNode | null = null;
    if (this.stream.skipIf("colon")) step = this.stream.is("rbracket", "comma") ? null : this.parseExpression();
    return nodes.slice(at, { start, stop, step });
  }

  #arguments(): Arguments {
    const open = this.stream.expect("lparen");
    const args: ExprNode[] = [];
    const kwargs: KeywordNode[] = [];
    let dynArgs: ExprNode | null = null;
    let dynKwargs: ExprNode | null = null;
    const ensure = (fine: boolean): void => {
      if (!fine) this.fail("invalid syntax for function call expression", open);
    };
    let first = true;
    while (this.stream.current.type !== "rparen") {
      if (!first) {
        this.stream.expect("comma");
        if (this.stream.is("rparen")) break;
      }
      first = false;
      const token = this.stream.current;
      if (token.type === "mul") {
        ensure(dynArgs === null && dynKwargs === null);
        this.stream.next();
        dynArgs = this.parseExpression();
      } else if (token.type === "pow") {
        ensure(dynKwargs === null);
        this.stream.next();
        dynKwargs = this.parseExpression();
      } else if (token.type === "name" && this.stream.look().type === "assign") {
        ensure(dynKwargs === null);
        this.stream.skip(2);
        kwargs.push(nodes.keyword(token, { key: token.text, value: this.parseExpression() }));
      } else {
        ensure(dynArgs === null && dynKwargs === null && kwargs.length === 0);
        args.push(this.parseExpression());
      }
    }
    this.stream.expect("rparen");
    return { args, kwargs, dynArgs, dynKwargs };
  }
  #call(target: ExprNode): CallNode {
    // The place of a call is that of what is called, which says more than its parenthesis.
    return nodes.call(placeOf(target), { target, ...this.#arguments() });
  }
  #dotted(): Token & { readonly dotted: string } {
    const token = this.stream.expect("name");
    let dotted = token.text;
    while (this.stream.skipIf("dot")) dotted += `.${this.stream.expect("name").text}`;
    return { ...token, dotted };
  }
  #filter(target: ExprNode | null): FilterNode {
    const token = this.#dotted();
    const given = this.stream.current.type === "lparen" ? this.#arguments() : { args: [], kwargs: [], dynArgs: null, dynKwargs: null };
    return nodes.filter(token, { target, name: token.dotted, ...given });
  }
  /** The filters of `{% filter a | b %}` (`inline`) or `{% set x | a | b %}`, of what is captured. */
  protected captureFilters(inline: boolean): FilterNode | null {
    let node: FilterNode | null = inline ? this.#filter(null) : null;
    for (let length = 1; this.stream.skipIf("pipe"); length++) {
      this.#chain(length);
      node = this.#filter(node);
    }
    return node;
  }
  #test(target: ExprNode): ExprNode {
    const at = this.stream.next();
    const negated = this.stream.skipIf("name:not");
    const token = this.#dotted();
    let given: Arguments = { args: [], kwargs: [], dynArgs: null, dynKwargs: null };
    if (this.stream.current.type === "lparen") given = this.#arguments();
    else if (ARGUMENT_STARTS.has(this.stream.current.type) && !this.stream.is("name:else", "name:or", "name:and")) {
      if (this.stream.is("name:is")) this.fail("You cannot chain multiple tests with is");
      given = { ...given, args: [this.#postfix(this.parsePrimary())] };
    }
    const node = nodes.test(token, { target, name: token.dotted, ...given });
    return negated ? nodes.not(at, { target: node }) : node;
  }

  /** One name to assign to. */
  parseNameTarget(ctx: "store" | "param" = "store"): NameNode {
    const token = this.stream.expect("name");
    if (KEYWORD_VALUES.has(token.text)) this.fail("can't assign to 'name'", token);
    return nodes.name(token, { name: token.text, ctx });
  }
  /** What may stand on the left of `=`: a name, a tuple of such, with `withNamespace` also `ns.attr`. */
  parseAssignTarget(options: { readonly withNamespace?: boolean; readonly ctx?: "store" | "param" } = {}): TargetNode {
    const { withNamespace = false, ctx = "store" } = options;
    const node = this.parseTuple({ simplified: true, withNamespace });
    return (
      this.#asTarget(node, ctx) ??
      this.fail(`can't assign to ${quoted(JINJA_NAMES.get(node.typename) ?? node.typename.toLowerCase())}`, placeOf(node))
    );
  }
  #asTarget(node: ExprNode, ctx: "store" | "param"): TargetNode | undefined {
    if (node.typename === "Name") return nodes.name(placeOf(node), { name: node.name, ctx });
    if (node.typename === "NsRef") return node satisfies NsRefNode;
    if (node.typename !== "Tuple") return undefined;
    const children: TargetNode[] = [];
    for (const child of node.children) {
      const target = this.#asTarget(child, ctx);
      if (target === undefined) return undefined;
      children.push(target);
    }
    return nodes.tuple(placeOf(node), { children });
  }
}
