import { ExpressionParser } from "./expressions.ts";
import {
  nodes,
  type CallBlockNode,
  type ExprNode,
  type FromImportNode,
  type IfNode,
  type ImportNode,
  type NameNode,
  type OutputNode,
  type RootNode,
  type StatementNode,
} from "./nodes.ts";
import type { Lexer } from "./lexer.ts";
import { TemplateSyntaxError } from "./stream.ts";
import { describePattern, tokenIs, type Token, type TokenPattern } from "./token.ts";

/**
 * A tag that is no part of Jinja. Its parser is called with the tag's name as the current token of `parser.stream`, reads up to
 * the tag's end (`block_end` stays) and gives statements built with `nodes`. What it needs from the host at run time it reaches
 * by `nodes.hostCall` or by calling a filter.
 */
export interface Tag {
  readonly names: readonly string[];
  parse(parser: Parser): StatementNode | readonly StatementNode[];
}

const SPACE_ONLY = /^\s+$/;

/** Reads a template into a tree (jinja2/parser.py), with Jinja's tags, `do`, `break`, `continue` and those given. */
export class Parser extends ExpressionParser {
  readonly #tags: ReadonlyMap<string, Tag>;
  readonly #source: string;
  readonly #tagStack: string[] = [];
  readonly #endStack: (readonly TokenPattern[])[] = [];
  #identifiers = 0;

  /** `source` must be normalised by the lexer. */
  constructor(source: string, lexer: Lexer, tags: readonly Tag[], maxDepth: number) {
    super(lexer.tokenize(source), maxDepth);
    this.#source = source;
    this.#tags = new Map(tags.flatMap((tag) => tag.names.map((name): [string, Tag] => [name, tag])));
  }

  /** The whole template. @throws TemplateSyntaxError */
  parse(): RootNode {
    return nodes.root({ line: 1, column: 1 }, { children: this.#body(undefined) });
  }

  /** A name that no template has used: `fi1`, `fi2` … */
  freeIdentifier(): string {
    return `fi${++this.#identifiers}`;
  }

  /**
   * The body of a tag, from the current tag's end up to one of the end tags, which is left current, or passed if `drop`.
   *
   * @throws TemplateSyntaxError
   */
  parseStatements(ends: readonly TokenPattern[], drop = false): StatementNode[] {
    this.stream.skipIf("colon");
    this.stream.expect("block_end");
    const body = this.#body(ends);
    if (this.stream.current.type === "eof") this.#unexpectedEnd(undefined, [...this.#endStack, ends], this.stream.current);
    if (drop) this.stream.next();
    return body;
  }

  #body(ends: readonly TokenPattern[] | undefined): StatementNode[] {
    return this.nested(() => {
      if (ends !== undefined) this.#endStack.push(ends);
      const body: StatementNode[] = [];
      let output: { readonly at: Token; readonly children: ExprNode[]; readonly sources: (string | null)[] } | undefined;
      const add = (at: Token, child: ExprNode, source: string | null): void => {
        output ??= { at, children: [], sources: [] };
        output.children.push(child);
        output.sources.push(source);
      };
      const flush = (): void => {
        if (output !== undefined) body.push(nodes.output(output.at, output));
        output = undefined;
      };
      for (let token = this.stream.current; token.type !== "eof"; token = this.stream.current) {
        if (token.type === "data") {
          this.stream.next();
          add(token, nodes.templateData(token, { value: token.text }), null);
        } else if (token.type === "variable_begin") {
          const { start } = (this.stream.next(), this.stream.current);
          const child = this.parseTuple();
          const end = this.stream.expect("variable_end");
          add(token, child, this.#source.slice(start, end.start).trim());
        } else {
          flush();
          this.stream.expect("block_begin");
          if (ends !== undefined && this.stream.is(...ends)) break;
          const statement = this.#statement();
          if (Array.isArray(statement)) body.push(...statement);
          else body.push(statement);
          this.stream.expect("block_end");
        }
      }
      flush();
      if (ends !== undefined) this.#endStack.pop();
      return body;
    });
  }

  #statement(): StatementNode | StatementNode[] {
    const token = this.stream.current;
    if (token.type !== "name") this.fail("tag name expected", token);
    this.#tagStack.push(token.text);
    const statement = this.#tag(token);
    this.#tagStack.pop();
    return statement;
  }
  #tag(token: Token): StatementNode | StatementNode[] {
    switch (token.text) {
      case "for":
        return this.#for();
      case "if":
        return this.#if();
      case "block":
        return this.#block();
      case "extends":
        return nodes.extends(this.stream.next(), { template: this.parseExpression() });
      case "print":
        return this.#print();
      case "macro": {
        const at = this.stream.next();
        const { name } = this.parseNameTarget();
        return nodes.macro(at, { name, ...this.#signature(), body: this.parseStatements(["name:endmacro"], true) });
      }
      case "include":
        return this.#include();
      case "from":
        return this.#from();
      case "import":
        return this.parseImport();
      case "set":
        return this.#set();
      case "with":
        return this.#with();
      case "autoescape": {
        const at = this.stream.next();
        const value = this.parseExpression();
        return nodes.autoescape(at, { value, body: this.parseStatements(["name:endautoescape"], true) });
      }
      case "call":
        return this.#callBlock();
      case "filter": {
        const at = this.stream.next();
        const filter = this.captureFilters(true) ?? this.fail("expected a filter");
        return nodes.filterBlock(at, { filter, body: this.parseStatements(["name:endfilter"], true) });
      }
      case "do":
        return nodes.exprStmt(this.stream.next(), { expr: this.parseTuple() });
      case "break":
        return nodes.break(this.stream.next(), {});
      case "continue":
        return nodes.continue(this.stream.next(), {});
      default: {
        const tag = this.#tags.get(token.text);
        if (tag === undefined) {
          this.#tagStack.pop();
          return this.#unexpectedEnd(token.text, this.#endStack, token);
        }
        const parsed = tag.parse(this);
        return "typename" in parsed ? parsed : [...parsed];
      }
    }
  }

  #set(): StatementNode {
    const at = this.stream.next();
    const target = this.parseAssignTarget({ withNamespace: true });
    if (this.stream.skipIf("assign")) return nodes.assign(at, { target, value: this.parseTuple() });
    const filter = this.captureFilters(false);
    return nodes.assignBlock(at, { target, filter, body: this.parseStatements(["name:endset"], true) });
  }

  #for(): StatementNode {
    const at = this.stream.expect("name:for");
    const target = this.parseAssignTarget();
    this.stream.expect("name:in");
    const iter = this.parseTuple({ withCondition: false });
    const test = this.stream.skipIf("name:if") ? this.parseExpression() : null;
    const recursive = this.stream.skipIf("name:recursive");
    const body = this.parseStatements(["name:endfor", "name:else"]);
    const else_ = this.stream.next().text === "endfor" ? [] : this.parseStatements(["name:endfor"], true);
    return nodes.for(at, { target, iter, body, else_, test, recursive });
  }

  #if(): StatementNode {
    const at = this.stream.expect("name:if");
    const branch = (place: Token): { readonly place: Token; readonly cond: ExprNode; readonly body: StatementNode[] } => {
      const cond = this.parseTuple({ withCondition: false });
      return { place, cond, body: this.parseStatements(["name:elif", "name:else", "name:endif"]) };
    };
    const first = branch(at);
    const elifs: IfNode[] = [];
    for (;;) {
      const token = this.stream.next();
      if (tokenIs(token, "name:elif")) {
        const { place, cond, body } = branch(token);
        elifs.push(nodes.if(place, { cond, body, elifs: [], else_: [] }));
        continue;
      }
      const else_ = tokenIs(token, "name:else") ? this.parseStatements(["name:endif"], true) : [];
      return nodes.if(at, { cond: first.cond, body: first.body, elifs, else_ });
    }
  }

  #with(): StatementNode {
    const at = this.stream.next();
    const targets = [];
    const values: ExprNode[] = [];
    while (this.stream.current.type !== "block_end") {
      if (targets.length > 0) this.stream.expect("comma");
      targets.push(this.parseAssignTarget({ ctx: "param" }));
      this.stream.expect("assign");
      values.push(this.parseExpression());
    }
    return nodes.with(at, { targets, values, body: this.parseStatements(["name:endwith"], true) });
  }

  #block(): StatementNode {
    const at = this.stream.next();
    const name = this.stream.expect("name").text;
    const scoped = this.stream.skipIf("name:scoped");
    const required = this.stream.skipIf("name:required");
    if (this.stream.current.type === "sub") {
      this.fail("Block names in Jinja have to be valid Python identifiers and may not contain hyphens, use an underscore instead.");
    }
    const body = this.parseStatements(["name:endblock"], true);
    if (required && !body.every(isBlank)) this.fail("Required blocks can only contain comments or whitespace");
    this.stream.skipIf(`name:${name}`);
    return nodes.block(at, { name, body, scoped, required });
  }

  #print(): OutputNode {
    const at = this.stream.next();
    const children: ExprNode[] = [];
    const sources: string[] = [];
    while (this.stream.current.type !== "block_end") {
      if (children.length > 0) this.stream.expect("comma");
      const { start } = this.stream.current;
      children.push(this.parseExpression());
      sources.push(this.#source.slice(start, this.stream.current.start).trim());
    }
    return nodes.output(at, { children, sources });
  }

  #importContext(unless: boolean): boolean {
    if (this.stream.is("name:with", "name:without") && tokenIs(this.stream.look(), "name:context")) {
      const withContext = this.stream.next().text === "with";
      this.stream.skip();
      return withContext;
    }
    return unless;
  }
  #include(): StatementNode {
    const at = this.stream.next();
    const template = this.parseExpression();
    const ignoreMissing = this.stream.is("name:ignore") && tokenIs(this.stream.look(), "name:missing");
    if (ignoreMissing) this.stream.skip(2);
    return nodes.include(at, { template, ignoreMissing, withContext: this.#importContext(true) });
  }
  /** `import EXPRESSION as NAME [with context]`, from the tag's name on, whatever that is. */
  parseImport(): ImportNode {
    const at = this.stream.next();
    const template = this.parseExpression();
    this.stream.expect("name:as");
    const { name: target } = this.parseNameTarget();
    return nodes.import(at, { template, target, withContext: this.#importContext(false) });
  }
  #from(): FromImportNode {
    const at = this.stream.next();
    const template = this.parseExpression();
    this.stream.expect("name:import");
    const names: [string, string][] = [];
    let withContext: boolean | undefined;
    const context = (): boolean => {
      if (!this.stream.is("name:with", "name:without") || !tokenIs(this.stream.look(), "name:context")) return false;
      withContext = this.stream.next().text === "with";
      this.stream.skip();
      return true;
    };
    for (;;) {
      if (names.length > 0) this.stream.expect("comma");
      if (this.stream.current.type !== "name") this.stream.expect("name");
      if (context()) break;
      const target = this.parseNameTarget();
      if (target.name.startsWith("_")) {
        this.fail("names starting with an underline can not be imported", { line: target.lineno, column: target.colno });
      }
      names.push([target.name, this.stream.skipIf("name:as") ? this.parseNameTarget().name : target.name]);
      if (context() || this.stream.current.type !== "comma") break;
    }
    return nodes.fromImport(at, { template, names, withContext: withContext ?? false });
  }

  #signature(): { readonly args: readonly NameNode[]; readonly defaults: readonly ExprNode[] } {
    const args: NameNode[] = [];
    const defaults: ExprNode[] = [];
    this.stream.expect("lparen");
    while (this.stream.current.type !== "rparen") {
      if (args.length > 0) this.stream.expect("comma");
      const arg = this.parseNameTarget("param");
      if (this.stream.skipIf("assign")) defaults.push(this.parseExpression());
      else if (defaults.length > 0) this.fail("non-default argument follows default argument");
      args.push(arg);
    }
    this.stream.expect("rparen");
    return { args, defaults };
  }
  #callBlock(): CallBlockNode {
    const at = this.stream.next();
    const signature = this.stream.current.type === "lparen" ? this.#signature() : { args: [], defaults: [] };
    const call = this.parseExpression();
    if (call.typename !== "Call") return this.fail("expected call", at);
    return nodes.callBlock(at, { call, ...signature, body: this.parseStatements(["name:endcall"], true) });
  }

  #unexpectedEnd(tag: string | undefined, endStack: readonly (readonly TokenPattern[])[], at: Token): never {
    const looking = endStack
      .at(-1)
      ?.map((pattern) => `'${describePattern(pattern)}'`)
      .join(" or ");
    const message = [tag === undefined ? "Unexpected end of template." : `Encountered unknown tag '${tag}'.`];
    if (looking !== undefined) {
      const nesting = tag !== undefined && endStack.some((ends) => ends.some((pattern) => describePattern(pattern) === tag));
      message.push(
        nesting
          ? `You probably made a nesting mistake. Jinja is expecting this tag, but currently looking for ${looking}.`
          : `Jinja was looking for the following tags: ${looking}.`,
      );
    }
    const innermost = this.#tagStack.at(-1);
    if (innermost !== undefined) message.push(`The innermost block that needs to be closed is '${innermost}'.`);
    throw new TemplateSyntaxError(message.join(" "), at);
  }
}

function isBlank(node: StatementNode): boolean {
  return node.typename === "Output" && node.children.every((child) => child.typename === "TemplateData" && SPACE_ONLY.test(child.value));
}
