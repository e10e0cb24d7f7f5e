import { CR, isBlank, isBlankZ, isBreak, isBreakZ, isDigit, isDocumentIndicator, isHex, LF, SPACE, TAB } from "./characters.ts";
import type { Cursor } from "./cursor.ts";

/** What a plain scalar gave, beside its text. */
export interface Plain {
  readonly value: string;
  readonly end: number;
  /** It ended after a line break, where a new key may stand. */
  readonly brokeLine: boolean;
}

/** A plain scalar. `indent` is the column below which a continuation line no longer belongs to it. */
export function scanPlain(cursor: Cursor, indent: number, inFlow: boolean): Plain {
  const { text } = cursor;
  const start = cursor.pos;
  let value = "";
  let end = start;
  let brokeLine = false;
  /** What line breaks before the next word read as. */
  let joint = "";
  for (;;) {
    if (cursor.pos === cursor.lineStart && isDocumentIndicator(text, cursor.pos)) break;
    if (text.charCodeAt(cursor.pos) === 35) break;
    const lineBegin = cursor.pos;
    const stop = plainLineEnd(cursor, inFlow, start);
    if (stop.end > lineBegin) {
      value += joint + text.slice(lineBegin, stop.end);
      end = stop.end;
      brokeLine = false;
    }
    if (!stop.continues) break;
    let first = "";
    let more = "";
    for (;;) {
      const unit = text.charCodeAt(cursor.pos);
      if (isBlank(unit)) {
        if (brokeLine && unit === TAB && cursor.pos - cursor.lineStart < indent) {
          throw cursor.scannerError("while scanning a plain scalar", start, "found a tab character that violates indentation", TAB_ADVICE);
        }
        cursor.pos++;
      } else if (isBreak(unit)) {
        if (brokeLine) more += cursor.readBreak();
        else {
          first = cursor.readBreak();
          brokeLine = true;
        }
      } else break;
    }
    joint = first === "\n" ? (more === "" ? " " : more) : first + more;
    if (!inFlow && cursor.pos - cursor.lineStart < indent) break;
  }
  return { value, end, brokeLine };
}

export const TAB_ADVICE = "indent with spaces: YAML does not take tabs there";

/** Goes to the end of the plain text on this line; `continues` where a line break ended it. */
function plainLineEnd(cursor: Cursor, inFlow: boolean, start: number): { end: number; continues: boolean } {
  const { text } = cursor;
  let at = cursor.pos;
  let end = at;
  for (;;) {
    const unit = text.charCodeAt(at);
    if (unit === SPACE || unit === TAB) {
      at++;
      let next = text.charCodeAt(at);
      while (next === SPACE || next === TAB) next = text.charCodeAt(++at);
      if (next === 35) {
        cursor.pos = at;
        return { end, continues: false };
      }
      continue;
    }
    if (unit === 58) {
      const next = text.charCodeAt(at + 1);
      if (isBlankZ(next)) {
        cursor.pos = at;
        return { end, continues: false };
      }
      if (inFlow && cursor.dialect === "libyaml" && isFlowOrQuestion(next)) {
        cursor.pos = at;
        throw cursor.scannerError("while scanning a plain scalar", start, "found unexpected ':'");
      }
    } else if (unit < 33 || unit > 126 || unit !== unit) {
      if (isBreakZ(unit)) {
        cursor.pos = at;
        return { end, continues: unit === unit };
      }
    } else if (inFlow && (unit === 63 ? cursor.dialect === "go" : isFlowOrQuestion(unit))) {
      cursor.pos = at;
      return { end, continues: false };
    }
    end = ++at;
  }
}

function isFlowOrQuestion(unit: number): boolean {
  return unit === 44 || unit === 63 || unit === 91 || unit === 93 || unit === 123 || unit === 125;
}

/** A quoted scalar; the cursor stands on the quote. */
export function scanQuoted(cursor: Cursor, single: boolean): string {
  const { text } = cursor;
  const start = cursor.pos;
  const quote = single ? 39 : 34;
  const end = plainEnd(text, start + 1, quote);
  if (end !== undefined) {
    cursor.pos = end + 1;
    return text.slice(start + 1, end);
  }
  cursor.pos++;
  let value = "";
  for (;;) {
    if (cursor.pos === cursor.lineStart && isDocumentIndicator(text, cursor.pos)) {
      throw cursor.scannerError("while scanning a quoted scalar", start, "found unexpected document indicator");
    }
    if (cursor.pos >= text.length) throw cursor.scannerError("while scanning a quoted scalar", start, "found unexpected end of stream");
    let escapedBreak = false;
    let runStart = cursor.pos;
    for (;;) {
      const unit = text.charCodeAt(cursor.pos);
      if (unit === quote) {
        if (!single || text.charCodeAt(cursor.pos + 1) !== 39) break;
        value += text.slice(runStart, cursor.pos + 1);
        cursor.pos += 2;
        runStart = cursor.pos;
      } else if (unit === 92 && !single) {
        value += text.slice(runStart, cursor.pos);
        if (isBreak(text.charCodeAt(cursor.pos + 1))) {
          cursor.pos++;
          cursor.skipBreak();
          escapedBreak = true;
          runStart = cursor.pos;
          break;
        }
        value += readEscape(cursor, start);
        runStart = cursor.pos;
      } else if (isBlankZ(unit)) break;
      else cursor.pos++;
    }
    value += text.slice(runStart, cursor.pos);
    if (text.charCodeAt(cursor.pos) === quote) break;
    value += quotedGap(cursor, escapedBreak);
  }
  cursor.pos++;
  return value;
}

/** Where a quoted scalar ends that reads as it is written, as most do: on one line, with nothing escaped. */
function plainEnd(text: string, from: number, quote: number): number | undefined {
  for (let at = from; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit === quote) return quote === 39 && text.charCodeAt(at + 1) === 39 ? undefined : at;
    if ((unit === 92 && quote === 34) || (isBlankZ(unit) && !isBlank(unit))) return undefined;
  }
  return undefined;
}

/** Blanks and line breaks within a quoted scalar, as they read. */
function quotedGap(cursor: Cursor, escapedBreak: boolean): string {
  const { text } = cursor;
  const blanksStart = cursor.pos;
  let broke = escapedBreak;
  let first = "";
  let more = "";
  let blanksEnd = blanksStart;
  for (;;) {
    const unit = text.charCodeAt(cursor.pos);
    if (isBlank(unit)) {
      cursor.pos++;
      if (!broke) blanksEnd = cursor.pos;
    } else if (isBreak(unit)) {
      if (broke) more += cursor.readBreak();
      else {
        first = cursor.readBreak();
        broke = true;
      }
    } else break;
  }
  if (!broke) return text.slice(blanksStart, blanksEnd);
  if (first === "\n") return more === "" ? " " : more;
  return first + more;
}

const ESCAPES: Readonly<Record<string, string>> = {
  "0": "\0",
  a: "\x07",
  b: "\b",
  t: "\t",
  "\t": "\t",
  n: "\n",
  v: "\v",
  f: "\f",
  r: "\r",
  e: "\x1b",
  " ": " ",
  '"': '"',
  "/": "/",
  "\\": "\\",
  N: "\x85",
  _: "\xa0",
  L: "\u2028",
  P: "\u2029",
};

function readEscape(cursor: Cursor, start: number): string {
  const { text } = cursor;
  const letter = text.charAt(cursor.pos + 1);
  const length = letter === "x" ? 2 : letter === "u" ? 4 : letter === "U" ? 8 : 0;
  if (length === 0) {
    const value = escapedCharacter(cursor, letter);
    if (value === undefined) {
      throw cursor.scannerError(
        "while parsing a quoted scalar",
        start,
        "found unknown escape character",
        "double the backslash, or quote with '…'",
      );
    }
    cursor.pos += 2;
    return value;
  }
  const pair =
    length === 4 && /^d[89ab]/i.test(text.slice(cursor.pos + 2, cursor.pos + 4)) && cursor.isJson
      ? /^\\u(d[89ab][0-9a-f]{2})\\u(d[c-f][0-9a-f]{2})/i.exec(text.slice(cursor.pos, cursor.pos + 12))
      : null;
  if (pair !== null) {
    cursor.pos += 12;
    return String.fromCharCode(Number.parseInt(pair[1] ?? "", 16), Number.parseInt(pair[2] ?? "", 16));
  }
  cursor.pos += 2;
  let code = 0;
  for (let index = 0; index < length; index++) {
    const unit = text.charCodeAt(cursor.pos + index);
    if (!isHex(unit)) throw cursor.scannerError("while parsing a quoted scalar", start, "did not find expected hexdecimal number");
    code = code * 16 + Number.parseInt(text.charAt(cursor.pos + index), 16);
  }
  if ((code >= 0xd800 && code <= 0xdfff) || code > 0x10ffff) {
    throw cursor.scannerError("while parsing a quoted scalar", start, "found invalid Unicode character escape code");
  }
  cursor.pos += length;
  return String.fromCodePoint(code);
}

/** What the escape of one letter stands for; `\\/` is none of YAML 1.1, which go-yaml keeps to, where libyaml takes it. */
function escapedCharacter(cursor: Cursor, letter: string): string | undefined {
  if (letter === "'" && cursor.dialect === "go") return "'";
  if (letter === "/" && cursor.dialect === "go" && !cursor.isJson) return undefined;
  return Object.hasOwn(ESCAPES, letter) ? ESCAPES[letter] : undefined;
}

/** A literal or folded scalar; the cursor stands on its indicator. `parentIndent` is that of the collection it stands in. */
export function scanBlock(cursor: Cursor, literal: boolean, parentIndent: number): string {
  const { text } = cursor;
  const start = cursor.pos;
  const CONTEXT = "while scanning a block scalar";
  cursor.pos++;
  let chomping = 0;
  let increment = 0;
  const readChomping = (): void => {
    const unit = text.charCodeAt(cursor.pos);
    if (unit === 43 || unit === 45) {
      chomping = unit === 43 ? 1 : -1;
      cursor.pos++;
    }
  };
  const readIncrement = (): void => {
    const unit = text.charCodeAt(cursor.pos);
    if (!isDigit(unit)) return;
    if (unit === 48) throw cursor.scannerError(CONTEXT, start, "found an indentation indicator equal to 0");
    increment = unit - 48;
    cursor.pos++;
  };
  if (isDigit(text.charCodeAt(cursor.pos))) {
    readIncrement();
    readChomping();
  } else {
    readChomping();
    if (chomping !== 0) readIncrement();
  }
  while (isBlank(text.charCodeAt(cursor.pos))) cursor.pos++;
  if (text.charCodeAt(cursor.pos) === 35) while (!isBreakZ(text.charCodeAt(cursor.pos))) cursor.pos++;
  const unit = text.charCodeAt(cursor.pos);
  if (!isBreakZ(unit)) throw cursor.scannerError(CONTEXT, start, "did not find expected comment or line break");
  if (isBreak(unit)) cursor.skipBreak();

  let indent = increment === 0 ? 0 : (parentIndent >= 0 ? parentIndent : 0) + increment;
  let trailing = "";
  const breaks = (): void => {
    let widest = 0;
    const wanted = indent === 0 ? Infinity : indent;
    for (;;) {
      while (cursor.pos - cursor.lineStart < wanted && text.charCodeAt(cursor.pos) === SPACE) cursor.pos++;
      const column = cursor.pos - cursor.lineStart;
      if (column > widest) widest = column;
      const next = text.charCodeAt(cursor.pos);
      if (next === TAB && column < wanted) {
        throw cursor.scannerError(CONTEXT, start, "found a tab character where an indentation space is expected", TAB_ADVICE);
      }
      if (!isBreak(next)) break;
      trailing += cursor.readBreak();
    }
    if (indent === 0) indent = Math.max(widest, parentIndent + 1, 1);
  };
  breaks();
  let value = "";
  let leading = "";
  let leadingBlank = false;
  while (cursor.pos - cursor.lineStart === indent && cursor.pos < text.length) {
    const blank = isBlank(text.charCodeAt(cursor.pos));
    if (!literal && leading === "\n" && !leadingBlank && !blank) {
      if (trailing === "") value += " ";
    } else value += leading;
    leading = "";
    value += trailing;
    trailing = "";
    leadingBlank = blank;
    const lineBegin = cursor.pos;
    cursor.pos = lineEnd(text, lineBegin);
    value += text.slice(lineBegin, cursor.pos);
    if (cursor.pos < text.length) leading = cursor.readBreak();
    breaks();
  }
  if (chomping !== -1) value += leading;
  if (chomping === 1) value += trailing;
  return value;
}

/** Where the line that `from` stands in ends. */
function lineEnd(text: string, from: number): number {
  let at = from;
  for (;;) {
    const unit = text.charCodeAt(at);
    if (unit === LF || unit === CR || unit !== unit || (unit >= 0x85 && isBreak(unit))) return at;
    at++;
  }
}
