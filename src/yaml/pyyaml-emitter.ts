import { analyse, isBreakText, isPrintable, type ScalarAnalysis } from "./pyyaml-analyse.ts";
import type { DumpMapping, DumpNode, DumpScalar, DumpSequence } from "./pyyaml-represent.ts";
import { YAML_TAG } from "./salt-scalar.ts";

export interface EmitterOptions {
  readonly indent: number;
  /** Columns after which a line is folded; Infinity never. */
  readonly width: number;
  readonly allowUnicode: boolean;
  readonly explicitStart: boolean;
  readonly explicitEnd: boolean;
}

type Context = "root" | "sequence" | "mapping" | "simpleKey";
type Style = "plain" | "'" | '"' | "|" | ">";

/** Nodes to text, as libyaml 0.2.5's emitter writes it (emitter.c), which PyYAML's CSafeDumper and so Salt 3007.1 dumps with. */
export class PyYamlEmitter {
  out = "";
  readonly #options: EmitterOptions;
  #column = 0;
  /** The last thing written was a blank, or a bracket that needs none. */
  #whitespace = true;
  /** Only indentation and indicators stand on this line so far. */
  #indention = true;
  #indent = -1;
  #flowLevel = 0;
  /** A block scalar that keeps its trailing line breaks ended the document. */
  #openEnded = false;

  constructor(options: EmitterOptions) {
    this.#options = options;
  }

  document(root: DumpNode): void {
    if (this.#options.explicitStart) {
      this.#writeIndent();
      this.#indicator("---", true);
    }
    this.#node(root, "root");
    this.#writeIndent();
    if (this.#options.explicitEnd) {
      this.#indicator("...", true);
      this.#openEnded = false;
      this.#writeIndent();
    }
    if (this.#openEnded) {
      this.#indicator("...", true);
      this.#writeIndent();
    }
  }

  #put(character: string): void {
    this.out += character;
    this.#column++;
  }

  #putBreak(character = "\n"): void {
    this.out += character === "\r" || character === "\x85" ? "\n" : character;
    this.#column = 0;
  }

  #writeIndent(): void {
    const indent = Math.max(this.#indent, 0);
    if (!this.#indention || this.#column > indent || (this.#column === indent && !this.#whitespace)) this.#putBreak();
    if (this.#column < indent) {
      this.out += " ".repeat(indent - this.#column);
      this.#column = indent;
    }
    this.#whitespace = true;
    this.#indention = true;
  }

  #indicator(text: string, needWhitespace: boolean, isWhitespace = false, isIndention = false): void {
    if (needWhitespace && !this.#whitespace) this.#put(" ");
    this.out += text;
    this.#column += text.length;
    this.#whitespace = isWhitespace;
    this.#indention = this.#indention && isIndention;
  }

  #nested(flow: boolean, indentless: boolean, run: () => void): void {
    const before = this.#indent;
    if (before < 0) this.#indent = flow ? this.#options.indent : 0;
    else if (!indentless) this.#indent += this.#options.indent;
    run();
    this.#indent = before;
  }

  #node(node: DumpNode, context: Context): void {
    if (node.kind === "scalar") return this.#scalar(node, context);
    if (node.written) {
      this.#indicator(`*${node.anchor ?? ""}`, true);
      if (context === "simpleKey") this.#put(" ");
      return;
    }
    node.written = true;
    if (node.anchor !== undefined) this.#indicator(`&${node.anchor}`, true);
    if (node.tag !== `${YAML_TAG}seq` && node.tag !== `${YAML_TAG}map`) this.#tag(node.tag);
    if (node.kind === "sequence") {
      if (this.#flowLevel > 0 || node.flow || node.items.length === 0) this.#flowSequence(node);
      else this.#blockSequence(node, context);
    } else if (this.#flowLevel > 0 || node.flow || node.entries.length === 0) this.#flowMapping(node);
    else this.#blockMapping(node);
  }

  #tag(tag: string): void {
    if (!this.#whitespace) this.#put(" ");
    const short = tag.startsWith(YAML_TAG) ? `!!${tag.slice(YAML_TAG.length)}` : tag;
    this.out += short;
    this.#column += short.length;
    this.#whitespace = false;
    this.#indention = false;
  }

  #foldFlow(): void {
    if (this.#column > this.#options.width) this.#writeIndent();
  }

  #flowSequence(node: DumpSequence): void {
    this.#indicator("[", true, true);
    this.#nested(true, false, () => {
      this.#flowLevel++;
      node.items.forEach((item, index) => {
        if (index > 0) this.#indicator(",", false);
        this.#foldFlow();
        this.#node(item, "sequence");
      });
      this.#flowLevel--;
    });
    this.#indicator("]", false);
  }

  #flowMapping(node: DumpMapping): void {
    this.#indicator("{", true, true);
    this.#nested(true, false, () => {
      this.#flowLevel++;
      node.entries.forEach(([key, value], index) => {
        if (index > 0) this.#indicator(",", false);
        this.#foldFlow();
        if (this.#isSimpleKey(key)) {
          this.#node(key, "simpleKey");
          this.#indicator(":", false);
        } else {
          this.#indicator("?", true);
          this.#node(key, "mapping");
          this.#foldFlow();
          this.#indicator(":", true);
        }
        this.#node(value, "mapping");
      });
      this.#flowLevel--;
    });
    this.#indicator("}", false);
  }

  #blockSequence(node: DumpSequence, context: Context): void {
    const inMapping = context === "mapping" || context === "simpleKey";
    this.#nested(false, inMapping && !this.#indention, () => {
      for (const item of node.items) {
        this.#writeIndent();
        this.#indicator("-", true, false, true);
        this.#node(item, "sequence");
      }
    });
  }

  #blockMapping(node: DumpMapping): void {
    this.#nested(false, false, () => {
      for (const [key, value] of node.entries) {
        this.#writeIndent();
        if (this.#isSimpleKey(key)) {
          this.#node(key, "simpleKey");
          this.#indicator(":", false);
        } else {
          this.#indicator("?", true, false, true);
          this.#node(key, "mapping");
          this.#writeIndent();
          this.#indicator(":", true, false, true);
        }
        this.#node(value, "mapping");
      }
    });
  }

  /** Whether a key can stand before its `:` on one line, within 128 bytes. */
  #isSimpleKey(key: DumpNode): boolean {
    let length = 0;
    if (key.kind === "scalar") {
      if (analyse(Array.from(key.value), this.#options.allowUnicode).multiline) return false;
      length = Buffer.byteLength(key.value);
      if (!key.plainImplicit && !key.quotedImplicit) length += key.tag.length - YAML_TAG.length + 2;
    } else {
      length = key.anchor?.length ?? 0;
      if (!key.written && (key.kind === "sequence" ? key.items.length : key.entries.length) > 0) return false;
      if (!key.written && key.tag.endsWith(":set")) length += 5;
    }
    return length <= 128;
  }

  #scalar(node: DumpScalar, context: Context): void {
    const characters = Array.from(node.value);
    const analysis = analyse(characters, this.#options.allowUnicode);
    const noTag = node.plainImplicit || node.quotedImplicit;
    const style = this.#style(node, analysis, noTag, context === "simpleKey");
    if (noTag) {
      if (!node.quotedImplicit && style !== "plain") this.#tag("!");
    } else this.#tag(node.tag);
    this.#nested(true, false, () => {
      const mayBreak = context !== "simpleKey";
      if (style === "plain") this.#plain(characters, mayBreak);
      else if (style === "'") this.#single(characters, mayBreak);
      else if (style === '"') this.#double(characters, mayBreak);
      else this.#block(characters, style);
    });
  }

  #style(node: DumpScalar, analysis: ScalarAnalysis, noTag: boolean, simpleKey: boolean): Style {
    let style: Style = node.style ?? "plain";
    if (simpleKey && analysis.multiline) style = '"';
    if (style === "plain") {
      const allowed = this.#flowLevel > 0 ? analysis.flowPlainAllowed : analysis.blockPlainAllowed;
      if (!allowed || (node.value === "" && (this.#flowLevel > 0 || simpleKey)) || (noTag && !node.plainImplicit)) style = "'";
    }
    if (style === "'" && !analysis.singleQuotedAllowed) style = '"';
    if ((style === "|" || style === ">") && (!analysis.blockAllowed || this.#flowLevel > 0 || simpleKey)) style = '"';
    return style;
  }

  #plain(characters: readonly string[], mayBreak: boolean): void {
    if (!this.#whitespace && (characters.length > 0 || this.#flowLevel > 0)) this.#put(" ");
    this.#folded(characters, mayBreak, (index) => !this.#isSpaceAt(characters, index + 1));
    this.#whitespace = false;
    this.#indention = false;
  }

  #single(characters: readonly string[], mayBreak: boolean): void {
    this.#indicator("'", true);
    const last = characters.length - 1;
    const breaks = this.#folded(
      characters,
      mayBreak,
      (index) => index !== 0 && index !== last && !this.#isSpaceAt(characters, index + 1),
      true,
    );
    if (breaks) this.#writeIndent();
    this.#indicator("'", false);
    this.#whitespace = false;
    this.#indention = false;
  }

  #isSpaceAt(characters: readonly string[], index: number): boolean {
    return characters[index] === " ";
  }

  /** The text of a plain or single-quoted scalar; gives whether it ended in a line break. */
  #folded(characters: readonly string[], mayBreak: boolean, mayFold: (index: number) => boolean, single = false): boolean {
    let spaces = false;
    let breaks = false;
    characters.forEach((character, index) => {
      if (character === " ") {
        if (mayBreak && !spaces && this.#column > this.#options.width && mayFold(index)) this.#writeIndent();
        else this.#put(" ");
        spaces = true;
      } else if (isBreakText(character)) {
        if (!breaks && character === "\n") this.#putBreak();
        this.#putBreak(character);
        this.#indention = true;
        breaks = true;
      } else {
        if (breaks) this.#writeIndent();
        if (single && character === "'") this.#put("'");
        this.#put(character);
        this.#indention = false;
        spaces = false;
        breaks = false;
      }
    });
    return breaks;
  }

  #double(characters: readonly string[], mayBreak: boolean): void {
    this.#indicator('"', true);
    let spaces = false;
    const last = characters.length - 1;
    characters.forEach((character, index) => {
      const code = character.codePointAt(0) ?? 0;
      if (
        !isPrintable(code) ||
        (code > 0x7e && !this.#options.allowUnicode) ||
        isBreakText(character) ||
        character === '"' ||
        character === "\\"
      ) {
        const escape = `\\${escapeOf(character, code)}`;
        this.out += escape;
        this.#column += escape.length;
        spaces = false;
      } else if (character === " ") {
        if (mayBreak && !spaces && this.#column > this.#options.width && index !== 0 && index !== last) {
          this.#writeIndent();
          if (this.#isSpaceAt(characters, index + 1)) this.#put("\\");
        } else this.#put(" ");
        spaces = true;
      } else {
        this.#put(character);
        spaces = false;
      }
    });
    this.#indicator('"', false);
    this.#whitespace = false;
    this.#indention = false;
  }

  #block(characters: readonly string[], style: "|" | ">"): void {
    this.#indicator(style, true);
    this.#blockHints(characters);
    this.#putBreak();
    this.#indention = true;
    this.#whitespace = true;
    let breaks = true;
    let leadingSpaces = true;
    characters.forEach((character, index) => {
      if (isBreakText(character)) {
        if (style === ">" && !breaks && !leadingSpaces && character === "\n") {
          let next = index;
          while (isBreakText(characters[next])) next++;
          const after = characters[next];
          if (after !== undefined && after !== " " && after !== "\t" && after !== "\0") this.#putBreak();
        }
        this.#putBreak(character);
        this.#indention = true;
        breaks = true;
      } else {
        if (breaks) {
          this.#writeIndent();
          leadingSpaces = character === " " || character === "\t";
        }
        if (
          style === ">" &&
          !breaks &&
          character === " " &&
          !this.#isSpaceAt(characters, index + 1) &&
          this.#column > this.#options.width
        ) {
          this.#writeIndent();
        } else this.#put(character);
        this.#indention = false;
        breaks = false;
      }
    });
  }

  #blockHints(characters: readonly string[]): void {
    const first = characters[0];
    if (first === " " || isBreakText(first)) this.#indicator(String(this.#options.indent), false);
    this.#openEnded = false;
    const last = characters.length - 1;
    if (!isBreakText(characters[last])) this.#indicator("-", false);
    else if (last === 0 || isBreakText(characters[last - 1])) {
      this.#indicator("+", false);
      this.#openEnded = true;
    }
  }
}

const ESCAPES: Readonly<Record<string, string>> = {
  "\0": "0",
  "\x07": "a",
  "\b": "b",
  "\t": "t",
  "\n": "n",
  "\v": "v",
  "\f": "f",
  "\r": "r",
  "\x1b": "e",
  '"': '"',
  "\\": "\\",
  "\x85": "N",
  "\xa0": "_",
  "\u2028": "L",
  "\u2029": "P",
};

function escapeOf(character: string, code: number): string {
  const named = ESCAPES[character];
  if (named !== undefined) return named;
  const digits = code.toString(16).toUpperCase();
  if (code <= 0xff) return `x${digits.padStart(2, "0")}`;
  return code <= 0xffff ? `u${digits.padStart(4, "0")}` : `U${digits.padStart(8, "0")}`;
}
