import type { Dialect } from "./cursor.ts";
import { YamlError, type Problem } from "./error.ts";
import { AliasNode, MappingNode, ScalarNode, SequenceNode, type Node } from "./nodes.ts";
import { Scanner } from "./scanner.ts";
import type { Offset, Source } from "./source.ts";
import { Style, T, type Token, type TokenType } from "./tokens.ts";

/** One document of a stream. */
export interface ParsedDocument {
  readonly root: Node;
  /** Where its first node or its `---` stands. */
  readonly at: Offset;
}

interface DocumentStart {
  readonly at: Offset;
  readonly explicit: boolean;
}

/**
 * How deep collections may nest. Salt's own walk over the data gives up below Python's 1000 frames; no honest file comes near.
 */
export const MAX_DEPTH = 400;

/**
 * Tokens to nodes: libyaml's grammar (parser.c) as a recursive descent, and PyYAML's composer in one.
 * Tokens are asked for in libyaml's order, so that of several errors the same one is met first.
 */
export class Parser {
  readonly #source: Source;
  readonly #scanner: Scanner;
  readonly #dialect: Dialect;
  #tagHandles = new Map<string, string>();
  #anchors = new Map<string, Exclude<Node, AliasNode>>();
  /** Whether any alias names a collection: only then can a document be larger than its text. */
  aliasesCollections = false;
  #first = true;
  #start: DocumentStart | undefined;

  constructor(source: Source, dialect: Dialect, part?: { readonly from: Offset; readonly to: Offset }) {
    this.#source = source;
    this.#dialect = dialect;
    this.#scanner = new Scanner(source, dialect, MAX_DEPTH, part);
  }

  /** The next document, or undefined at the end of the stream. */
  document(): ParsedDocument | undefined {
    const start = this.nextDocument();
    if (start === undefined) return undefined;
    this.#start = undefined;
    this.#anchors = new Map();
    const token = this.#scanner.peek();
    const none = start.explicit && (isDocumentOpening(token.type) || token.type === T.documentEnd || token.type === T.streamEnd);
    const root = none ? empty(token.start) : this.#node(true, false);
    return { root, at: start.at };
  }

  /** Where the next document starts, its directives and `---` read; undefined at the end of the stream. */
  nextDocument(): DocumentStart | undefined {
    if (this.#start !== undefined) return this.#start;
    let token = this.#scanner.peek();
    if (!this.#first) while (token.type === T.documentEnd) token = this.#next();
    const implicit = this.#first && !isDocumentOpening(token.type);
    this.#first = false;
    if (token.type === T.streamEnd) return undefined;
    const at = token.start;
    this.#readDirectives();
    if (!implicit) {
      token = this.#scanner.peek();
      if (token.type !== T.documentStart) throw this.#error({ problem: "did not find expected <document start>", problemAt: token.start });
      this.#scanner.skip();
    }
    this.#start = { at, explicit: !implicit };
    return this.#start;
  }

  #next(): Token {
    this.#scanner.skip();
    return this.#scanner.peek();
  }

  #error(problem: Omit<Problem, "code" | "type"> & { type?: Problem["type"]; code?: Problem["code"] }): YamlError {
    return new YamlError(this.#source, { code: "yaml-syntax", type: "ParserError", ...problem });
  }

  #readDirectives(): void {
    const handles = new Map<string, string>();
    let version = false;
    let token = this.#scanner.peek();
    while (token.type === T.versionDirective || token.type === T.tagDirective) {
      if (token.type === T.versionDirective) {
        if (version) throw this.#error({ problem: "found duplicate %YAML directive", problemAt: token.start });
        if (token.value !== "1.1" && !(token.value === "1.2" && this.#dialect === "libyaml")) {
          throw this.#error({ problem: "found incompatible YAML document", problemAt: token.start });
        }
        version = true;
      } else {
        if (handles.has(token.handle)) throw this.#error({ problem: "found duplicate %TAG directive", problemAt: token.start });
        handles.set(token.handle, token.value);
      }
      token = this.#next();
    }
    if (!handles.has("!")) handles.set("!", "!");
    if (!handles.has("!!")) handles.set("!!", "tag:yaml.org,2002:");
    this.#tagHandles = handles;
  }

  #node(block: boolean, indentless: boolean): Node {
    let token = this.#scanner.peek();
    if (token.type === T.alias) return this.#alias(token);
    const start = token.start;
    let anchor: Token | undefined;
    let tagToken: Token | undefined;
    if (token.type === T.anchor) {
      anchor = token;
      token = this.#next();
      if (token.type === T.tag) {
        tagToken = token;
        token = this.#next();
      }
    } else if (token.type === T.tag) {
      tagToken = token;
      token = this.#next();
      if (token.type === T.anchor) {
        anchor = token;
        token = this.#next();
      }
    }
    const tag = tagToken === undefined ? undefined : this.#tag(tagToken, start);
    // To PyYAML the tag `!` alone leaves the type to the text, also of a quoted scalar; to Go it makes a string.
    const bare = tag === "!" && this.#dialect === "libyaml";
    const nodeTag = bare ? undefined : tag;
    switch (token.type) {
      case T.scalar: {
        this.#checkAnchor(anchor, start);
        const node = new ScalarNode(nodeTag, token.value, (token.style === Style.plain && tag === undefined) || bare, start);
        this.#scanner.skip();
        this.#keep(anchor, node);
        return node;
      }
      case T.flowSequenceStart: {
        this.#checkAnchor(anchor, start);
        const node = new SequenceNode(nodeTag, start);
        this.#keep(anchor, node);
        this.#flowSequence(node);
        return node;
      }
      case T.flowMappingStart: {
        this.#checkAnchor(anchor, start);
        const node = new MappingNode(nodeTag, start);
        this.#keep(anchor, node);
        this.#flowMapping(node);
        return node;
      }
      case T.blockEntry:
        if (indentless) {
          this.#checkAnchor(anchor, start);
          const node = new SequenceNode(nodeTag, start);
          this.#keep(anchor, node);
          this.#indentlessSequence(node);
          return node;
        }
        break;
      case T.blockSequenceStart:
        if (block) {
          this.#checkAnchor(anchor, start);
          const node = new SequenceNode(nodeTag, start);
          this.#keep(anchor, node);
          this.#blockSequence(node);
          return node;
        }
        break;
      case T.blockMappingStart:
        if (block) {
          this.#checkAnchor(anchor, start);
          const node = new MappingNode(nodeTag, start);
          this.#keep(anchor, node);
          this.#blockMapping(node);
          return node;
        }
        break;
      default:
        break;
    }
    if (anchor !== undefined || tag !== undefined) {
      this.#checkAnchor(anchor, start);
      const node = new ScalarNode(nodeTag, "", tag === undefined, start);
      this.#keep(anchor, node);
      return node;
    }
    throw this.#error({
      context: block ? "while parsing a block node" : "while parsing a flow node",
      contextAt: start,
      problem: "did not find expected node content",
      problemAt: token.start,
    });
  }

  #alias(token: Token): Node {
    const target = this.#anchors.get(token.value);
    if (target === undefined) {
      const go = this.#dialect === "go";
      throw this.#error({
        code: "yaml-alias",
        type: "ComposerError",
        problem: go ? `unknown anchor '${token.value}' referenced` : "found undefined alias",
        problemAt: token.start,
      });
    }
    if (target.kind !== "scalar") this.aliasesCollections = true;
    this.#scanner.skip();
    return this.#dialect === "go" ? new AliasNode(token.value, target, token.start) : target;
  }

  #tag(token: Token, start: Offset): string {
    if (token.handle === "") return token.value;
    const prefix = this.#tagHandles.get(token.handle);
    if (prefix === undefined) {
      throw this.#error({
        context: "while parsing a node",
        contextAt: start,
        problem: "found undefined tag handle",
        problemAt: token.start,
      });
    }
    return prefix + token.value;
  }

  /** PyYAML refuses a second anchor of one name, where Go lets the later one win. */
  #checkAnchor(anchor: Token | undefined, start: Offset): void {
    if (anchor === undefined || this.#dialect === "go") return;
    const first = this.#anchors.get(anchor.value);
    if (first === undefined) return;
    throw this.#error({
      code: "yaml-alias",
      type: "ComposerError",
      context: "found duplicate anchor; first occurrence",
      contextAt: first.at,
      problem: "second occurrence",
      problemAt: start,
      message: `found duplicate anchor '${anchor.value}'`,
      places: [{ how: "first at", at: first.at }],
    });
  }

  #keep(anchor: Token | undefined, node: Exclude<Node, AliasNode>): void {
    if (anchor !== undefined) this.#anchors.set(anchor.value, node);
  }

  #blockSequence(node: SequenceNode): void {
    const start = this.#scanner.peek().start;
    let token = this.#next();
    while (token.type === T.blockEntry) {
      const end = token.end;
      token = this.#next();
      node.items.push(token.type === T.blockEntry || token.type === T.blockEnd ? empty(end) : this.#node(true, false));
      token = this.#scanner.peek();
    }
    if (token.type !== T.blockEnd) {
      throw this.#error({
        context: "while parsing a block collection",
        contextAt: start,
        problem: "did not find expected '-' indicator",
        problemAt: token.start,
      });
    }
    this.#scanner.skip();
  }

  #indentlessSequence(node: SequenceNode): void {
    let token = this.#scanner.peek();
    while (token.type === T.blockEntry) {
      const end = token.end;
      token = this.#next();
      const none = token.type === T.blockEntry || token.type === T.key || token.type === T.value || token.type === T.blockEnd;
      node.items.push(none ? empty(end) : this.#node(true, false));
      token = this.#scanner.peek();
    }
  }

  #blockMapping(node: MappingNode): void {
    const start = this.#scanner.peek().start;
    let token = this.#next();
    const { entries } = node;
    for (;;) {
      if (token.type === T.key) {
        const end = token.end;
        token = this.#next();
        entries.push(token.type === T.key || token.type === T.value || token.type === T.blockEnd ? empty(end) : this.#node(true, true));
        token = this.#scanner.peek();
      } else break;
      if (token.type === T.value) {
        const end = token.end;
        token = this.#next();
        entries.push(token.type === T.key || token.type === T.value || token.type === T.blockEnd ? empty(end) : this.#node(true, true));
        token = this.#scanner.peek();
      } else entries.push(empty(token.start));
    }
    if (token.type !== T.blockEnd) {
      throw this.#error({
        context: "while parsing a block mapping",
        contextAt: start,
        problem: "did not find expected key",
        problemAt: token.start,
      });
    }
    this.#scanner.skip();
  }

  #flowSequence(node: SequenceNode): void {
    const start = this.#scanner.peek().start;
    let token = this.#next();
    let first = true;
    while (token.type !== T.flowSequenceEnd) {
      if (!first) {
        if (token.type !== T.flowEntry) {
          throw this.#error({
            context: "while parsing a flow sequence",
            contextAt: start,
            problem: "did not find expected ',' or ']'",
            problemAt: token.start,
          });
        }
        token = this.#next();
      }
      first = false;
      if (token.type === T.key) node.items.push(this.#flowPair(token));
      else if (token.type !== T.flowSequenceEnd) node.items.push(this.#node(false, false));
      else break;
      token = this.#scanner.peek();
    }
    this.#scanner.skip();
  }

  /** `[a: b]`: a mapping of one entry without braces. */
  #flowPair(key: Token): MappingNode {
    const pair = new MappingNode(undefined, key.start);
    let token = this.#next();
    if (token.type !== T.value && token.type !== T.flowEntry && token.type !== T.flowSequenceEnd)
      pair.entries.push(this.#node(false, false));
    else {
      pair.entries.push(empty(token.end));
      // libyaml 0.2.5 and its Go descendant swallow the token here.
      this.#scanner.skip();
    }
    token = this.#scanner.peek();
    if (token.type === T.value) {
      token = this.#next();
      if (token.type !== T.flowEntry && token.type !== T.flowSequenceEnd) {
        pair.entries.push(this.#node(false, false));
        return pair;
      }
    }
    pair.entries.push(empty(token.start));
    return pair;
  }

  #flowMapping(node: MappingNode): void {
    const start = this.#scanner.peek().start;
    let token = this.#next();
    let first = true;
    const { entries } = node;
    while (token.type !== T.flowMappingEnd) {
      if (!first) {
        if (token.type !== T.flowEntry) {
          throw this.#error({
            context: "while parsing a flow mapping",
            contextAt: start,
            problem: "did not find expected ',' or '}'",
            problemAt: token.start,
          });
        }
        token = this.#next();
      }
      first = false;
      if (token.type === T.key) {
        token = this.#next();
        const none = token.type === T.value || token.type === T.flowEntry || token.type === T.flowMappingEnd;
        entries.push(none ? empty(token.start) : this.#node(false, false));
        token = this.#scanner.peek();
        if (token.type === T.value) {
          token = this.#next();
          entries.push(token.type === T.flowEntry || token.type === T.flowMappingEnd ? empty(token.start) : this.#node(false, false));
        } else entries.push(empty(token.start));
      } else if (token.type !== T.flowMappingEnd) {
        entries.push(this.#node(false, false));
        entries.push(empty(this.#scanner.peek().start));
      } else break;
      token = this.#scanner.peek();
    }
    this.#scanner.skip();
  }
}

function isDocumentOpening(type: TokenType): boolean {
  return type === T.versionDirective || type === T.tagDirective || type === T.documentStart;
}

/** What stands where nothing was written: a plain scalar without text, which is null. */
function empty(at: Offset): ScalarNode {
  return new ScalarNode(undefined, "", true, at);
}
