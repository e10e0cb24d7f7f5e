import { lazily } from "./lazily.ts";

/**
 * Character classes of Python 3.11's str (Unicode 14) that JavaScript has no property for; and those it has, in one place.
 */
const DIGIT_NOT_DECIMAL =
  /^[\u{b2}-\u{b3}\u{b9}\u{1369}-\u{1371}\u{19da}\u{2070}\u{2074}-\u{2079}\u{2080}-\u{2089}\u{2460}-\u{2468}\u{2474}-\u{247c}\u{2488}-\u{2490}\u{24ea}\u{24f5}-\u{24fd}\u{24ff}\u{2776}-\u{277e}\u{2780}-\u{2788}\u{278a}-\u{2792}\u{10a40}-\u{10a43}\u{10e60}-\u{10e68}\u{11052}-\u{1105a}\u{1f100}-\u{1f10a}]$/u;
const NUMERIC_LETTER =
  /^[\u{3405}\u{3483}\u{382a}\u{3b4d}\u{4e00}\u{4e03}\u{4e07}\u{4e09}\u{4e5d}\u{4e8c}\u{4e94}\u{4e96}\u{4ebf}-\u{4ec0}\u{4edf}\u{4ee8}\u{4f0d}\u{4f70}\u{5104}\u{5146}\u{5169}\u{516b}\u{516d}\u{5341}\u{5343}-\u{5345}\u{534c}\u{53c1}-\u{53c4}\u{56db}\u{58f1}\u{58f9}\u{5e7a}\u{5efe}-\u{5eff}\u{5f0c}-\u{5f0e}\u{5f10}\u{62fe}\u{634c}\u{67d2}\u{6f06}\u{7396}\u{767e}\u{8086}\u{842c}\u{8cae}\u{8cb3}\u{8d30}\u{9621}\u{9646}\u{964c}\u{9678}\u{96f6}\u{f96b}\u{f973}\u{f978}\u{f9b2}\u{f9d1}\u{f9d3}\u{f9fd}\u{20001}\u{20064}\u{200e2}\u{20121}\u{2092a}\u{20983}\u{2098c}\u{2099c}\u{20aea}\u{20afd}\u{20b19}\u{22390}\u{22998}\u{23b1b}\u{2626d}\u{2f890}]$/u;

/** Characters whose title case is neither their upper case nor its capitalised form: pairs of character and title case. */
const TITLE =
  "149:2bc.4e 1c4:1c5 1c5:1c5 1c6:1c5 1c7:1c8 1c8:1c8 1c9:1c8 1ca:1cb 1cb:1cb 1cc:1cb 1f1:1f2 1f2:1f2 1f3:1f2 " +
  "10d0-10fa:10d0 10fd-10ff:10fd 1f80-1f87:1f88 1f88-1f8f:1f88 1f90-1f97:1f98 1f98-1f9f:1f98 1fa0-1fa7:1fa8 1fa8-1faf:1fa8 " +
  "1fb2:1fba.345 1fb3:1fbc 1fb4:386.345 1fb7:391.342.345 1fbc:1fbc 1fc2:1fca.345 1fc3:1fcc 1fc4:389.345 1fc7:397.342.345 " +
  "1fcc:1fcc 1ff2:1ffa.345 1ff3:1ffc 1ff4:38f.345 1ff7:3a9.342.345 1ffc:1ffc";
/** Characters whose case folding is not the lower case of their upper case. */
const FOLD = "131:131 13a0-13f5:13a0 13f8-13fd:13f0 1e9e:73.73 ab70-abbf:13a0";

/** What Python's str methods take for white space. */
export const SPACES = "\t\n\v\f\r\x1c\x1d\x1e\x1f \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000";

export const isSpace = (point: string): boolean => WHITE.test(point);
const WHITE = new RegExp(`^[${SPACES}]$`, "u");
export const isAlpha = (point: string): boolean => /^\p{L}$/u.test(point);
export const isDecimal = (point: string): boolean => /^\p{Nd}$/u.test(point);
export const isDigit = (point: string): boolean => isDecimal(point) || DIGIT_NOT_DECIMAL.test(point);
export const isNumeric = (point: string): boolean => /^\p{N}$/u.test(point) || NUMERIC_LETTER.test(point);
export const isLower = (point: string): boolean => /^\p{Lowercase}$/u.test(point);
export const isUpper = (point: string): boolean => /^\p{Uppercase}$/u.test(point);
export const isTitle = (point: string): boolean => /^\p{Lt}$/u.test(point);
export const isPrintable = (point: string): boolean =>
  point === " " || !/^[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}\p{Zs}]$/u.test(point);

/** Unfolds a table of `from:to` and `first-last:to-of-first` entries in hexadecimal. */
function mapping(table: string): ReadonlyMap<string, string> {
  const map = new Map<string, string>();
  for (const entry of table.split(" ")) {
    const [from = "", to = ""] = entry.split(":");
    const [first = 0, last = first] = from.split("-").map((code) => Number.parseInt(code, 16));
    const targets = to.split(".").map((code) => Number.parseInt(code, 16));
    for (let code = first; code <= last; code++) {
      map.set(String.fromCodePoint(code), String.fromCodePoint(...targets.map((target) => target + code - first)));
    }
  }
  return map;
}

const titles = lazily(() => mapping(TITLE));
const folds = lazily(() => mapping(FOLD));

/** The title case of one character, such as `Ss` for `ß`. */
export function titleOf(point: string): string {
  const special = titles().get(point);
  if (special !== undefined) return special;
  const [first = "", ...rest] = point.toUpperCase();
  return first + rest.map((character) => character.toLowerCase()).join("");
}

/** `str.casefold()`. */
export function caseFold(text: string): string {
  if (/^[\x00-\x7f]*$/.test(text)) return text.toLowerCase();
  let out = "";
  for (const point of text) {
    out +=
      folds().get(point) ??
      Array.from(point.toUpperCase())
        .map((character) => character.toLowerCase())
        .join("");
  }
  return out;
}

/** The value of a decimal digit of any script, or -1. */
export function decimalValue(point: string): number {
  const code = point.codePointAt(0) ?? 0;
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  if (code < 0x80 || !isDecimal(point)) return -1;
  // The mathematical digits stand in five runs of ten; all other scripts begin at a multiple of ten's own zero.
  if (code >= 0x1d7ce && code <= 0x1d7ff) return (code - 0x1d7ce) % 10;
  let zero = code;
  while (isDecimal(String.fromCodePoint(zero - 1)) && code - zero < 9) zero--;
  return code - zero;
}
