import { isBlankZ, isBreak, isDocumentIndicator, SPACE, TAB } from "./characters.ts";
import { Cursor, type Dialect } from "./cursor.ts";
import { YamlError } from "./error.ts";
import { scanBlock, scanPlain, scanQuoted, TAB_ADVICE } from "./scan-scalar.ts";
import { scanAnchor, scanDirective, scanTag } from "./scan-tag.ts";
import type { Source } from "./source.ts";
import { Style, T, type ScalarStyle, type Token, type TokenType } from "./tokens.ts";

/** A token that may turn out to be a key, once a `:` follows it on its line within 1024 characters. */
interface SimpleKey {
  possible: boolean;
  required: boolean;
  token: number;
  start: number;
  line: number;
  column: number;
}

/** The longest key that needs no `?` before it, in characters (YAML 1.1, 7.4). */
const LONGEST_KEY = 1024;

/**
 * Text to tokens, by the rules of libyaml 0.2.5, which PyYAML's CSafeLoader and so Salt 3007.1 reads with (scanner.c), and of its Go
 * descendant go.yaml.in/yaml v2.4.3, which sigs.k8s.io/yaml v1.6.0 reads with.
 *
 * The npm library `yaml` reads YAML 1.2 and recovers from errors: tabs, plain scalars in flow collections, key length and every message
 * differ. Salt's trees are judged by what Salt reads, so the scanner here is an own one in libyaml's structure.
 */
export class Scanner {
  readonly #cursor: Cursor;
  readonly #text: string;
  readonly #maxDepth: number;
  /** Tokens read and not yet taken; those before `#head` are gone. */
  #queue: Token[] = [];
  #head = 0;
  #taken = 0;
  #indent = -1;
  readonly #indents: number[] = [];
  #flowLevel = 0;
  #keyAllowed = true;
  readonly #keys: SimpleKey[] = [newKey()];
  /** Keys below this level cannot be keys any more. */
  #liveKey = 0;

  constructor(source: Source, dialect: Dialect, maxDepth: number, part?: { readonly from: number; readonly to: number }) {
    this.#cursor = new Cursor(source, dialect, part);
    this.#text = this.#cursor.text;
    this.#maxDepth = maxDepth;
  }

  /** The next token, which stays. */
  peek(): Token {
    while (this.#head === this.#queue.length || this.#headMayBeKey()) this.#fetch();
    const token = this.#queue[this.#head];
    if (token === undefined) throw new Error("the scanner has no token");
    return token;
  }

  /** Takes the token that `peek` gave. */
  skip(): void {
    this.#head++;
    this.#taken++;
    if (this.#head === this.#queue.length) {
      this.#queue.length = 0;
      this.#head = 0;
    }
  }

  #push(type: TokenType, start: number, end: number): void {
    this.#queue.push({ type, start, end, value: "", handle: "", style: Style.plain });
  }
  #pushScalar(value: string, start: number, end: number, style: ScalarStyle): void {
    this.#queue.push({ type: T.scalar, start, end, value, handle: "", style });
  }

  /** Whether the first token of the queue may yet turn out to be a key. */
  #headMayBeKey(): boolean {
    const keys = this.#keys;
    this.#dropStaleRequired();
    while (this.#liveKey < keys.length) {
      const key = keys[this.#liveKey];
      if (key !== undefined && key.possible && !this.#isStale(key)) return key.token === this.#taken;
      if (this.#liveKey === keys.length - 1) return false;
      this.#liveKey++;
    }
    return false;
  }

  #isStale(key: SimpleKey): boolean {
    const cursor = this.#cursor;
    if (key.line < cursor.line) return true;
    const distance = cursor.pos - key.start;
    if (distance <= LONGEST_KEY) return false;
    return distance > 2 * LONGEST_KEY || Array.from(this.#text.slice(key.start, cursor.pos)).length > LONGEST_KEY;
  }

  /** Only a key at the level of the block can be required. */
  #dropStaleRequired(): void {
    const key = this.#keys[0];
    if (key === undefined || !key.possible || !this.#isStale(key)) return;
    if (key.required) throw this.#keyError(key);
    key.possible = false;
  }

  #keyError(key: SimpleKey): YamlError {
    return this.#cursor.scannerError("while scanning a simple key", key.start, "could not find expected ':'");
  }

  #saveKey(): void {
    if (!this.#keyAllowed) return;
    const cursor = this.#cursor;
    const column = cursor.pos - cursor.lineStart;
    const key = this.#removeKey();
    key.possible = true;
    key.required = this.#flowLevel === 0 && this.#indent === column;
    key.token = this.#taken + this.#queue.length - this.#head;
    key.start = cursor.pos;
    key.line = cursor.line;
    key.column = column;
  }

  #removeKey(): SimpleKey {
    const key = this.#keys[this.#keys.length - 1];
    if (key === undefined) throw new Error("the scanner has no key");
    if (key.possible && key.required) throw this.#keyError(key);
    key.possible = false;
    return key;
  }

  #rollIndent(column: number, token: number, type: TokenType, at: number): void {
    if (this.#flowLevel > 0 || this.#indent >= column) return;
    this.#indents.push(this.#indent);
    this.#indent = column;
    if (this.#indents.length > this.#maxDepth) throw this.#tooDeep();
    if (token < 0) this.#push(type, at, at);
    else this.#insert(token, type, at);
  }

  #insert(token: number, type: TokenType, at: number): void {
    const inserted: Token = { type, start: at, end: at, value: "", handle: "", style: Style.plain };
    const index = token - this.#taken + this.#head;
    if (index === this.#queue.length) this.#queue.push(inserted);
    else this.#queue.splice(index, 0, inserted);
  }

  #unrollIndent(column: number): void {
    if (this.#flowLevel > 0) return;
    while (this.#indent > column) {
      this.#push(T.blockEnd, this.#cursor.pos, this.#cursor.pos);
      this.#indent = this.#indents.pop() ?? -1;
    }
  }

  #tooDeep(): YamlError {
    return new YamlError(this.#cursor.source, {
      code: "yaml-limit",
      type: "ParserError",
      problem: `collections nest deeper than ${this.#maxDepth} levels`,
      problemAt: this.#cursor.pos,
    });
  }

  #toNextToken(): void {
    const cursor = this.#cursor;
    const text = this.#text;
    for (;;) {
      if (cursor.pos === cursor.lineStart && text.charCodeAt(cursor.pos) === 0xfeff && cursor.dialect === "libyaml") cursor.pos++;
      let unit = text.charCodeAt(cursor.pos);
      while (unit === SPACE || (unit === TAB && (this.#flowLevel > 0 || !this.#keyAllowed))) unit = text.charCodeAt(++cursor.pos);
      if (unit === 35) {
        do unit = text.charCodeAt(++cursor.pos);
        while (unit === unit && !isBreak(unit));
      }
      if (!isBreak(unit)) return;
      cursor.skipBreak();
      if (this.#flowLevel === 0) this.#keyAllowed = true;
    }
  }

  #fetch(): void {
    this.#toNextToken();
    this.#dropStaleRequired();
    const cursor = this.#cursor;
    const text = this.#text;
    const at = cursor.pos;
    const column = at - cursor.lineStart;
    if (this.#indent > column) this.#unrollIndent(column);
    if (at >= text.length) return this.#fetchStreamEnd();
    const unit = text.charCodeAt(at);
    if (column === 0) {
      if (unit === 37) return this.#fetchDirective();
      if (isDocumentIndicator(text, at)) return this.#fetchDocumentIndicator(unit === 45 ? T.documentStart : T.documentEnd);
    }
    switch (unit) {
      case 91:
        return this.#fetchFlowStart(T.flowSequenceStart);
      case 123:
        return this.#fetchFlowStart(T.flowMappingStart);
      case 93:
        return this.#fetchFlowEnd(T.flowSequenceEnd);
      case 125:
        return this.#fetchFlowEnd(T.flowMappingEnd);
      case 44:
        return this.#fetchFlowEntry();
      case 45:
        if (isBlankZ(text.charCodeAt(at + 1))) return this.#fetchBlockEntry(column);
        return this.#fetchPlain();
      case 63:
        if (this.#flowLevel > 0 || isBlankZ(text.charCodeAt(at + 1))) return this.#fetchKey(column);
        return this.#fetchPlain();
      case 58:
        if (this.#flowLevel > 0 || isBlankZ(text.charCodeAt(at + 1))) return this.#fetchValue(column);
        return this.#fetchPlain();
      case 42:
      case 38: {
        this.#saveKey();
        this.#keyAllowed = false;
        this.#queue.push(scanAnchor(cursor, unit === 42));
        return;
      }
      case 33:
        this.#saveKey();
        this.#keyAllowed = false;
        this.#queue.push(scanTag(cursor, this.#flowLevel > 0));
        return;
      case 124:
      case 62:
        if (this.#flowLevel === 0) return this.#fetchBlockScalar(unit === 124);
        break;
      case 39:
      case 34: {
        this.#saveKey();
        this.#keyAllowed = false;
        const value = scanQuoted(cursor, unit === 39);
        this.#pushScalar(value, at, cursor.pos, unit === 39 ? Style.single : Style.double);
        return;
      }
      case 35:
      case 37:
      case 64:
      case 96:
      case TAB:
        break;
      default:
        return this.#fetchPlain();
    }
    throw cursor.scannerError(
      "while scanning for the next token",
      at,
      "found character that cannot start any token",
      unit === TAB ? TAB_ADVICE : unit === 37 || unit === 64 || unit === 96 ? `quote the value: ${text.charAt(at)} is reserved` : undefined,
    );
  }

  #fetchStreamEnd(): void {
    this.#cursor.endLine();
    this.#unrollIndent(-1);
    this.#removeKey();
    this.#keyAllowed = false;
    this.#push(T.streamEnd, this.#cursor.pos, this.#cursor.pos);
  }

  #fetchDirective(): void {
    this.#unrollIndent(-1);
    this.#removeKey();
    this.#keyAllowed = false;
    this.#queue.push(scanDirective(this.#cursor));
  }

  #fetchDocumentIndicator(type: TokenType): void {
    this.#unrollIndent(-1);
    this.#removeKey();
    this.#keyAllowed = false;
    const start = this.#cursor.pos;
    this.#cursor.pos += 3;
    this.#push(type, start, start + 3);
  }

  #fetchFlowStart(type: TokenType): void {
    this.#saveKey();
    this.#keys.push(newKey());
    this.#flowLevel++;
    if (this.#flowLevel + this.#indents.length > this.#maxDepth) throw this.#tooDeep();
    this.#keyAllowed = true;
    this.#indicator(type);
  }

  #fetchFlowEnd(type: TokenType): void {
    this.#removeKey();
    if (this.#flowLevel > 0) {
      this.#flowLevel--;
      this.#keys.pop();
      if (this.#liveKey >= this.#keys.length) this.#liveKey = this.#keys.length - 1;
    }
    this.#keyAllowed = false;
    this.#indicator(type);
  }

  #fetchFlowEntry(): void {
    this.#removeKey();
    this.#keyAllowed = true;
    this.#indicator(T.flowEntry);
  }

  #indicator(type: TokenType): void {
    const start = this.#cursor.pos++;
    this.#push(type, start, start + 1);
  }

  #fetchBlockEntry(column: number): void {
    if (this.#flowLevel === 0) {
      if (!this.#keyAllowed) {
        throw this.#cursor.scannerError(undefined, undefined, "block sequence entries are not allowed in this context");
      }
      this.#rollIndent(column, -1, T.blockSequenceStart, this.#cursor.pos);
    }
    this.#removeKey();
    this.#keyAllowed = true;
    this.#indicator(T.blockEntry);
  }

  #fetchKey(column: number): void {
    if (this.#flowLevel === 0) {
      if (!this.#keyAllowed) throw this.#cursor.scannerError(undefined, undefined, "mapping keys are not allowed in this context");
      this.#rollIndent(column, -1, T.blockMappingStart, this.#cursor.pos);
    }
    this.#removeKey();
    this.#keyAllowed = this.#flowLevel === 0;
    this.#indicator(T.key);
  }

  #fetchValue(column: number): void {
    const key = this.#keys[this.#keys.length - 1];
    if (key !== undefined && key.possible && !this.#isStale(key)) {
      this.#insert(key.token, T.key, key.start);
      this.#rollIndent(key.column, key.token, T.blockMappingStart, key.start);
      key.possible = false;
      this.#keyAllowed = false;
    } else {
      if (this.#flowLevel === 0) {
        if (!this.#keyAllowed) {
          throw this.#cursor.scannerError(
            undefined,
            undefined,
            "mapping values are not allowed in this context",
            "quote a value that has `: ` in it; or the line above lacks its `:`",
          );
        }
        this.#rollIndent(column, -1, T.blockMappingStart, this.#cursor.pos);
      }
      this.#keyAllowed = this.#flowLevel === 0;
    }
    this.#indicator(T.value);
  }

  #fetchBlockScalar(literal: boolean): void {
    this.#removeKey();
    this.#keyAllowed = true;
    const start = this.#cursor.pos;
    const value = scanBlock(this.#cursor, literal, this.#indent);
    this.#pushScalar(value, start, this.#cursor.pos, literal ? Style.literal : Style.folded);
  }

  #fetchPlain(): void {
    this.#saveKey();
    this.#keyAllowed = false;
    const start = this.#cursor.pos;
    const plain = scanPlain(this.#cursor, this.#indent + 1, this.#flowLevel > 0);
    this.#pushScalar(plain.value, start, plain.end, Style.plain);
    if (plain.brokeLine) this.#keyAllowed = true;
  }
}

function newKey(): SimpleKey {
  return { possible: false, required: false, token: 0, start: 0, line: 0, column: 0 };
}
