import { splitSpace } from "./str.ts";

/** The entities that templates meet; the whole HTML5 list is not carried along. */
const ENTITIES: ReadonlyMap<string, string> = new Map(
  Object.entries({
    amp: "&",
    AMP: "&",
    lt: "<",
    LT: "<",
    gt: ">",
    GT: ">",
    quot: '"',
    QUOT: '"',
    apos: "'",
    nbsp: "\u00a0",
    copy: "\u00a9",
    reg: "\u00ae",
    raquo: "\u00bb",
    laquo: "\u00ab",
    hellip: "\u2026",
    mdash: "\u2014",
    ndash: "\u2013",
    euro: "\u20ac",
    deg: "\u00b0",
    middot: "\u00b7",
    bull: "\u2022",
    lsquo: "\u2018",
    rsquo: "\u2019",
    ldquo: "\u201c",
    rdquo: "\u201d",
    times: "\u00d7",
    trade: "\u2122",
    auml: "\u00e4",
    ouml: "\u00f6",
    uuml: "\u00fc",
    Auml: "\u00c4",
    Ouml: "\u00d6",
    Uuml: "\u00dc",
    szlig: "\u00df",
    eacute: "\u00e9",
    egrave: "\u00e8",
  }),
);
/** Entities that HTML knows without their semicolon. */
const BARE = new Set([
  "amp",
  "AMP",
  "lt",
  "LT",
  "gt",
  "GT",
  "quot",
  "QUOT",
  "nbsp",
  "copy",
  "reg",
  "raquo",
  "laquo",
  "deg",
  "middot",
  "times",
  "auml",
  "ouml",
  "uuml",
  "Auml",
  "Ouml",
  "Uuml",
  "szlig",
  "eacute",
  "egrave",
]);

/** `html.unescape(text)`, for numeric references and the entities of the table. */
export function unescapeText(text: string): string {
  return text.replaceAll(/&(#[0-9]+;?|#[xX][0-9a-fA-F]+;?|[^\t\n\f <&#;]{1,32};?)/g, (whole, body: string) => {
    if (body.startsWith("#")) {
      const hex = /^#[xX]/.test(body);
      const code = Number.parseInt(body.slice(hex ? 2 : 1), hex ? 16 : 10);
      if (code === 0 || (code >= 0xd800 && code <= 0xdfff) || code > 0x10ffff) return "\ufffd";
      return String.fromCodePoint(code);
    }
    if (body.endsWith(";")) {
      const named = ENTITIES.get(body.slice(0, -1));
      if (named !== undefined) return named;
    }
    for (let end = body.length; end > 1; end--) {
      const name = body.slice(0, end);
      const named = BARE.has(name) ? ENTITIES.get(name) : undefined;
      if (named !== undefined) return named + body.slice(end);
    }
    return whole;
  });
}

/** `Markup(text).striptags()`: tags and comments dropped, white space collapsed, entities resolved. */
export function stripTags(text: string): string {
  const parts: string[] = [];
  let at = 0;
  for (;;) {
    const start = text.indexOf("<", at);
    if (start < 0) break;
    const comment = text.startsWith("<!--", start);
    const found = comment ? text.indexOf("-->", start + 4) : text.indexOf(">", start);
    if (found < 0) break;
    parts.push(text.slice(at, start));
    at = found + (comment ? 3 : 1);
  }
  parts.push(text.slice(at));
  return unescapeText(splitSpace(parts.join(""), -1).join(" "));
}
