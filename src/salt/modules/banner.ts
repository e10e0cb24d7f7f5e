import { PyError } from "../../python/index.ts";

export interface Banner {
  readonly width: number;
  readonly commentchar: string;
  readonly borderchar: string;
  readonly blockstart: string | null;
  readonly blockend: string | null;
  readonly title: string;
  readonly text: string;
}

export const BANNER_TITLE = "THIS FILE IS MANAGED BY SALT - DO NOT EDIT";
export const BANNER_TEXT =
  "The contents of this file are managed by Salt. Any changes to this file may be overwritten automatically and without warning.";

/** `slsutil.banner` (salt/modules/slsutil.py, 3007.1): a comment box. Widths count characters. */
export function banner({ width, commentchar, borderchar, blockstart, blockend, title, text }: Banner): string {
  const left = commentchar.replace(/\s+$/, "");
  const right = commentchar.trim();
  const leftGutter = `${left} `;
  const rightGutter = ` ${right}`;
  const inner = width - leftGutter.length - rightGutter.length;
  if (inner <= 0) throw new PyError("ArgumentValueError", "Width is too small to render banner");
  const border = commentchar + borderchar.slice(0, 1).repeat(Math.max(0, width - left.length - right.length)) + right;
  const spacer = `${commentchar}${" ".repeat(Math.max(0, width - commentchar.length * 2))}${commentchar}`;
  const lines = blockstart === null ? [] : [blockstart];
  lines.push(border, spacer);
  for (const line of wrap(title, inner)) lines.push(leftGutter + centred(line, inner) + rightGutter);
  lines.push(spacer);
  for (const line of wrap(text, inner)) lines.push(leftGutter + line.padEnd(inner) + rightGutter);
  lines.push(border);
  if (blockend !== null) lines.push(blockend);
  return lines.join("\n");
}

/** Python's `str.center`, which puts the odd blank on the left where the width is odd. */
function centred(line: string, width: number): string {
  const room = width - line.length;
  if (room <= 0) return line;
  const before = Math.floor(room / 2) + (room & width & 1);
  return " ".repeat(before) + line + " ".repeat(room - before);
}

/** Where Python's textwrap may break: between words, after the hyphen of a compound word, round an em-dash. */
const CHUNK =
  /([\t\n\v\f\r ]+|(?<=[\w!"'&.,?])-{2,}(?=\w)|[^\t\n\v\f\r ]+?(?:-(?:(?<=[^\d\W]{2}-)|(?<=[^\d\W]-[^\d\W]-))(?=[^\d\W]-?[^\d\W])|(?=[\t\n\v\f\r ]|$)|(?<=[\w!"'&.,?])(?=-{2,}\w)))/u;

/** Python's `textwrap.wrap` with its defaults. */
export function wrap(text: string, width: number): string[] {
  const spaced = expandTabs(text).replace(/[\t\n\v\f\r ]/g, " ");
  const chunks = spaced.split(CHUNK).filter((chunk) => chunk !== "" && chunk !== undefined);
  chunks.reverse();
  const lines: string[] = [];
  while (chunks.length > 0) {
    const line: string[] = [];
    let length = 0;
    if (lines.length > 0 && chunks.at(-1)?.trim() === "") chunks.pop();
    while (chunks.length > 0) {
      const next = chunks.at(-1) ?? "";
      if (length + next.length > width) break;
      line.push(next);
      length += next.length;
      chunks.pop();
    }
    const long = chunks.at(-1);
    if (long !== undefined && long.length > width) {
      const room = width < 1 ? 1 : width - length;
      const cut = breakAt(long, room);
      line.push(long.slice(0, cut));
      chunks[chunks.length - 1] = long.slice(cut);
    }
    if (line.at(-1)?.trim() === "") line.pop();
    if (line.length > 0) lines.push(line.join(""));
  }
  return lines;
}

/** A chunk longer than a line is cut behind its last hyphen that fits, else anywhere. */
function breakAt(chunk: string, room: number): number {
  if (chunk.length > room) {
    const hyphen = chunk.lastIndexOf("-", room - 1);
    if (hyphen > 0 && hyphen < room && /[^-]/.test(chunk.slice(0, hyphen))) return hyphen + 1;
  }
  return room;
}

function expandTabs(text: string): string {
  let column = 0;
  let out = "";
  for (const character of text) {
    if (character === "\t") {
      const blanks = 8 - (column % 8);
      out += " ".repeat(blanks);
      column += blanks;
    } else {
      out += character;
      column = character === "\n" || character === "\r" ? 0 : column + 1;
    }
  }
  return out;
}
