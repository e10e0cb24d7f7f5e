/** What libyaml's emitter finds in a scalar's text before it chooses a style (emitter.c, yaml_emitter_analyze_scalar). */
export interface ScalarAnalysis {
  readonly multiline: boolean;
  readonly flowPlainAllowed: boolean;
  readonly blockPlainAllowed: boolean;
  readonly singleQuotedAllowed: boolean;
  readonly blockAllowed: boolean;
}

const EMPTY: ScalarAnalysis = {
  multiline: false,
  flowPlainAllowed: false,
  blockPlainAllowed: true,
  singleQuotedAllowed: true,
  blockAllowed: false,
};

export function isBreakText(character: string | undefined): boolean {
  return character === "\n" || character === "\r" || character === "\x85" || character === "\u2028" || character === "\u2029";
}

function isBlankOrEnd(character: string | undefined): boolean {
  // libyaml reads a NUL within a text as its end.
  return character === undefined || character === " " || character === "\t" || character === "\0" || isBreakText(character);
}

/** What libyaml's emitter writes as it is; tabs and everything above the BMP are escaped. */
export function isPrintable(code: number): boolean {
  return (
    code === 0x0a ||
    (code >= 0x20 && code <= 0x7e) ||
    (code >= 0xa0 && code <= 0xd7ff) ||
    (code >= 0xe000 && code <= 0xfffd && code !== 0xfeff)
  );
}

export function analyse(characters: readonly string[], allowUnicode: boolean): ScalarAnalysis {
  const last = characters.length - 1;
  if (last < 0) return EMPTY;
  let blockIndicators = false;
  let flowIndicators = false;
  let lineBreaks = false;
  let special = false;
  let breakSpace = false;
  let spaceBreak = false;
  let edge = false;
  let trailingSpace = false;
  let previousSpace = false;
  let previousBreak = false;
  let precededByWhitespace = true;
  const start = characters.slice(0, 3).join("");
  if (start === "---" || start === "...") {
    blockIndicators = true;
    flowIndicators = true;
  }
  for (let index = 0; index <= last; index++) {
    const character = characters[index] ?? "";
    const followedByWhitespace = isBlankOrEnd(characters[index + 1]);
    if (index === 0) {
      if ("#,[]{}&*!|>'\"%@`".includes(character)) {
        flowIndicators = true;
        blockIndicators = true;
      } else if (character === "?" || character === ":") {
        flowIndicators = true;
        if (followedByWhitespace) blockIndicators = true;
      } else if (character === "-" && followedByWhitespace) {
        flowIndicators = true;
        blockIndicators = true;
      }
    } else if (",?[]{}".includes(character)) flowIndicators = true;
    else if (character === ":") {
      flowIndicators = true;
      if (followedByWhitespace) blockIndicators = true;
    } else if (character === "#" && precededByWhitespace) {
      flowIndicators = true;
      blockIndicators = true;
    }
    const code = character.codePointAt(0) ?? 0;
    if (!isPrintable(code) || (code > 0x7e && !allowUnicode)) special = true;
    if (character === " ") {
      if (index === 0) edge = true;
      if (index === last) {
        edge = true;
        trailingSpace = true;
      }
      if (previousBreak) breakSpace = true;
      previousSpace = true;
      previousBreak = false;
    } else if (isBreakText(character)) {
      lineBreaks = true;
      if (index === 0 || index === last) edge = true;
      if (previousSpace) spaceBreak = true;
      previousSpace = false;
      previousBreak = true;
    } else {
      previousSpace = false;
      previousBreak = false;
    }
    precededByWhitespace = isBlankOrEnd(character);
  }
  const quotable = !spaceBreak && !special;
  const plain = !edge && !breakSpace && quotable && !lineBreaks;
  return {
    multiline: lineBreaks,
    flowPlainAllowed: plain && !flowIndicators,
    blockPlainAllowed: plain && !blockIndicators,
    singleQuotedAllowed: quotable && !breakSpace,
    blockAllowed: quotable && !trailingSpace,
  };
}
