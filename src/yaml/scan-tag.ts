import { isBlank, isBlankZ, isBreak, isBreakZ, isDigit, isHex, isWord } from "./characters.ts";
import type { Cursor } from "./cursor.ts";
import { Style, T, type Token } from "./tokens.ts";

/** `&name` or `*name`; the cursor stands on the indicator. */
export function scanAnchor(cursor: Cursor, alias: boolean): Token {
  const { text } = cursor;
  const start = cursor.pos++;
  while (isWord(text.charCodeAt(cursor.pos))) cursor.pos++;
  const unit = text.charCodeAt(cursor.pos);
  if (cursor.pos === start + 1 || !(isBlankZ(unit) || "?:,]}%@`".includes(String.fromCharCode(unit)))) {
    throw cursor.scannerError(
      `while scanning an ${alias ? "alias" : "anchor"}`,
      start,
      "did not find expected alphabetic or numeric character",
    );
  }
  return {
    type: alias ? T.alias : T.anchor,
    start,
    end: cursor.pos,
    value: text.slice(start + 1, cursor.pos),
    handle: "",
    style: Style.plain,
  };
}

/** `!suffix`, `!handle!suffix`, `!<uri>` or `!`. */
export function scanTag(cursor: Cursor, inFlow: boolean): Token {
  const { text } = cursor;
  const start = cursor.pos;
  let handle = "";
  let suffix: string;
  if (text.charCodeAt(start + 1) === 60) {
    cursor.pos += 2;
    suffix = scanUri(cursor, start, true, false, "");
    if (text.charCodeAt(cursor.pos) !== 62) throw cursor.scannerError("while scanning a tag", start, "did not find the expected '>'");
    cursor.pos++;
  } else {
    handle = scanHandle(cursor, start, false);
    if (handle.length > 1 && handle.endsWith("!")) suffix = scanUri(cursor, start, false, false, "");
    else {
      suffix = scanUri(cursor, start, false, false, handle);
      handle = "!";
      if (suffix === "") {
        suffix = "!";
        handle = "";
      }
    }
  }
  const unit = text.charCodeAt(cursor.pos);
  if (!isBlankZ(unit) && !(inFlow && unit === 44 && cursor.dialect === "libyaml")) {
    throw cursor.scannerError("while scanning a tag", start, "did not find expected whitespace or line break");
  }
  return { type: T.tag, start, end: cursor.pos, value: suffix, handle, style: Style.plain };
}

function scanHandle(cursor: Cursor, start: number, directive: boolean): string {
  const { text } = cursor;
  if (text.charCodeAt(cursor.pos) !== 33) {
    throw cursor.scannerError(`while scanning a tag${directive ? " directive" : ""}`, start, "did not find expected '!'");
  }
  const from = cursor.pos++;
  while (isWord(text.charCodeAt(cursor.pos))) cursor.pos++;
  if (text.charCodeAt(cursor.pos) === 33) cursor.pos++;
  else if (directive && cursor.pos > from + 1) {
    throw cursor.scannerError("while parsing a tag directive", start, "did not find expected '!'");
  }
  return text.slice(from, cursor.pos);
}

/** A URI, escapes decoded. `head` is what was read of it already; its first character, `!`, is no part of the URI. */
function scanUri(cursor: Cursor, start: number, verbatim: boolean, directive: boolean, head: string): string {
  const { text } = cursor;
  const context = directive ? "while parsing a %TAG directive" : "while parsing a tag";
  const allowed = verbatim || cursor.dialect === "go" ? ";/?:@&=+$.%!~*'(),[]" : ";/?:@&=+$.%!~*'()";
  let uri = head.slice(1);
  let count = head.length;
  for (;;) {
    const unit = text.charCodeAt(cursor.pos);
    if (!isWord(unit) && !allowed.includes(text.charAt(cursor.pos) || "\0")) break;
    uri += unit === 37 ? scanUriEscape(cursor, start, context) : text.charAt(cursor.pos++);
    count++;
  }
  if (count === 0) throw cursor.scannerError(context, start, "did not find expected tag URI");
  return uri;
}

/** The bytes of one character, each as `%` and two hexadecimal digits. */
function scanUriEscape(cursor: Cursor, start: number, context: string): string {
  const { text } = cursor;
  const bytes: number[] = [];
  let width = 0;
  do {
    if (text.charCodeAt(cursor.pos) !== 37 || !isHex(text.charCodeAt(cursor.pos + 1)) || !isHex(text.charCodeAt(cursor.pos + 2))) {
      throw cursor.scannerError(context, start, "did not find URI escaped octet");
    }
    const octet = Number.parseInt(text.slice(cursor.pos + 1, cursor.pos + 3), 16);
    if (bytes.length === 0) {
      width = octet < 0x80 ? 1 : (octet & 0xe0) === 0xc0 ? 2 : (octet & 0xf0) === 0xe0 ? 3 : (octet & 0xf8) === 0xf0 ? 4 : 0;
      if (width === 0) throw cursor.scannerError(context, start, "found an incorrect leading UTF-8 octet");
    } else if ((octet & 0xc0) !== 0x80) throw cursor.scannerError(context, start, "found an incorrect trailing UTF-8 octet");
    bytes.push(octet);
    cursor.pos += 3;
  } while (bytes.length < width);
  return new TextDecoder().decode(Uint8Array.from(bytes));
}

/** `%YAML 1.1` or `%TAG !handle! prefix`, to the end of its line. */
export function scanDirective(cursor: Cursor): Token {
  const { text } = cursor;
  const start = cursor.pos++;
  const CONTEXT = "while scanning a directive";
  const nameStart = cursor.pos;
  while (isWord(text.charCodeAt(cursor.pos))) cursor.pos++;
  const name = text.slice(nameStart, cursor.pos);
  if (name === "") throw cursor.scannerError(CONTEXT, start, "could not find expected directive name");
  if (!isBlankZ(text.charCodeAt(cursor.pos))) throw cursor.scannerError(CONTEXT, start, "found unexpected non-alphabetical character");
  let token: Token;
  if (name === "YAML") {
    skipBlanks(cursor);
    const major = scanVersionNumber(cursor, start);
    if (text.charCodeAt(cursor.pos) !== 46) {
      throw cursor.scannerError("while scanning a %YAML directive", start, "did not find expected digit or '.' character");
    }
    cursor.pos++;
    const minor = scanVersionNumber(cursor, start);
    token = { type: T.versionDirective, start, end: cursor.pos, value: `${major}.${minor}`, handle: "", style: Style.plain };
  } else if (name === "TAG") {
    skipBlanks(cursor);
    const handle = scanHandle(cursor, start, true);
    if (!isBlank(text.charCodeAt(cursor.pos)))
      throw cursor.scannerError("while scanning a %TAG directive", start, "did not find expected whitespace");
    skipBlanks(cursor);
    const prefix = scanUri(cursor, start, true, true, "");
    if (!isBlankZ(text.charCodeAt(cursor.pos))) {
      throw cursor.scannerError("while scanning a %TAG directive", start, "did not find expected whitespace or line break");
    }
    token = { type: T.tagDirective, start, end: cursor.pos, value: prefix, handle, style: Style.plain };
  } else throw cursor.scannerError(CONTEXT, start, "found unknown directive name");
  skipBlanks(cursor);
  if (text.charCodeAt(cursor.pos) === 35) while (!isBreakZ(text.charCodeAt(cursor.pos))) cursor.pos++;
  const unit = text.charCodeAt(cursor.pos);
  if (!isBreakZ(unit)) throw cursor.scannerError(CONTEXT, start, "did not find expected comment or line break");
  if (isBreak(unit)) cursor.skipBreak();
  return token;
}

function skipBlanks(cursor: Cursor): void {
  while (isBlank(cursor.text.charCodeAt(cursor.pos))) cursor.pos++;
}

function scanVersionNumber(cursor: Cursor, start: number): number {
  const from = cursor.pos;
  const longest = cursor.dialect === "go" ? 2 : 9;
  while (isDigit(cursor.text.charCodeAt(cursor.pos))) {
    if (cursor.pos - from >= longest)
      throw cursor.scannerError("while scanning a %YAML directive", start, "found extremely long version number");
    cursor.pos++;
  }
  if (cursor.pos === from) throw cursor.scannerError("while scanning a %YAML directive", start, "did not find expected version number");
  return Number(cursor.text.slice(from, cursor.pos));
}
