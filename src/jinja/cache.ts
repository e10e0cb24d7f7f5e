import { generate, type GeneratedCode } from "./compile/index.ts";
import { syntaxError, type SourcePlace } from "./errors.ts";
import { support } from "./runtime/support.ts";
import { Lexer } from "./syntax/lexer.ts";
import type { RootNode } from "./syntax/nodes.ts";
import { Parser, type Tag } from "./syntax/parser.ts";
import { syntaxKey } from "./syntax/settings.ts";
import { TemplateSyntaxError } from "./syntax/stream.ts";
import type { TemplateCode } from "./template.ts";
import type { Syntax, TemplateSource } from "./types.ts";

interface TemplateFunctions {
  readonly root: TemplateCode;
  readonly blocks: readonly (readonly [string, TemplateCode])[];
}

/** A template turned into JavaScript, not yet bound to an environment. */
export class CompiledTemplate {
  readonly name: string;
  /** The text with normalised newlines, in which positions count. */
  readonly source: string;
  readonly #root: RootNode;
  readonly #generated: (GeneratedCode | undefined)[] = [];
  readonly #functions: (TemplateFunctions | undefined)[] = [];

  /** @throws JinjaError where the text is no template */
  constructor(source: TemplateSource, lexer: Lexer, tags: readonly Tag[], maxDepth: number) {
    this.name = source.name;
    this.source = lexer.normalize(source.text);
    try {
      this.#root = new Parser(this.source, lexer, tags, maxDepth).parse();
      this.generated(false);
    } catch (error) {
      throw error instanceof TemplateSyntaxError ? syntaxError(error, this.name, this.source) : error;
    }
  }

  generated(traced: boolean): GeneratedCode {
    const known = this.#generated[traced ? 1 : 0];
    if (known !== undefined) return known;
    const generated = generate(this.#root, this.name, traced);
    this.#generated[traced ? 1 : 0] = generated;
    return generated;
  }
  functions(traced: boolean): TemplateFunctions {
    const known = this.#functions[traced ? 1 : 0];
    if (known !== undefined) return known;
    const { code, places, constants } = this.generated(traced);
    const { name: file, source } = this;
    const at = places.map(([line, column]): SourcePlace => ({ file, line, column, source }));
    // The code is the emitter's own text, see there. What it gives is typed by how the emitter writes it.
    // oxlint-disable-next-line typescript/no-implied-eval, typescript/no-unsafe-type-assertion
    const make = new Function("rt", "P", "K", code) as (
      rt: typeof support,
      P: readonly SourcePlace[],
      K: readonly unknown[],
    ) => TemplateFunctions;
    const functions = make(support, at, constants);
    this.#functions[traced ? 1 : 0] = functions;
    return functions;
  }
}

/**
 * Compiled templates by what they were compiled from: text, name, syntax and tags. Environments that share one compile each
 * template once, whatever their filters and variables.
 */
export class TemplateCache {
  readonly #lexers = new Map<string, Lexer>();
  /** By tags (which are code, and so known by identity), syntax, and then text and name. */
  readonly #compiled = new WeakMap<readonly Tag[], Map<Lexer, Map<string, Map<string, CompiledTemplate>>>>();

  lexer(syntax: Syntax): Lexer {
    const key = syntaxKey(syntax);
    let lexer = this.#lexers.get(key);
    if (lexer === undefined) {
      lexer = new Lexer(syntax);
      this.#lexers.set(key, lexer);
    }
    return lexer;
  }
  /** @throws JinjaError where the text is no template */
  compile(source: TemplateSource, lexer: Lexer, tags: readonly Tag[], maxDepth: number): CompiledTemplate {
    let bySyntax = this.#compiled.get(tags);
    if (bySyntax === undefined) this.#compiled.set(tags, (bySyntax = new Map()));
    let byText = bySyntax.get(lexer);
    if (byText === undefined) bySyntax.set(lexer, (byText = new Map()));
    let byName = byText.get(source.text);
    if (byName === undefined) byText.set(source.text, (byName = new Map()));
    let compiled = byName.get(source.name);
    if (compiled === undefined) {
      compiled = new CompiledTemplate(source, lexer, tags, maxDepth);
      byName.set(source.name, compiled);
    }
    return compiled;
  }
}
