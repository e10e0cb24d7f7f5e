/** Character classes of YAML 1.1 as libyaml has them, on UTF-16 units; NaN (past the end) is the end of the stream. */

export const TAB = 9;
export const LF = 10;
export const CR = 13;
export const SPACE = 32;

/** A line break: LF, CR, NEL, LS, PS. */
export function isBreak(unit: number): boolean {
  return unit === LF || unit === CR || unit === 0x85 || unit === 0x2028 || unit === 0x2029;
}

/** A line break or the end of the stream. */
export function isBreakZ(unit: number): boolean {
  return isBreak(unit) || unit !== unit;
}

export function isBlank(unit: number): boolean {
  return unit === SPACE || unit === TAB;
}

/** Blank, line break or end. */
export function isBlankZ(unit: number): boolean {
  if (unit > 32 && unit < 0x85) return false;
  return unit === SPACE || unit === TAB || isBreak(unit) || unit !== unit;
}

/** Letter, digit, `_` or `-`: what anchors and tag handles are made of. */
export function isWord(unit: number): boolean {
  return (unit >= 48 && unit <= 57) || (unit >= 65 && unit <= 90) || (unit >= 97 && unit <= 122) || unit === 95 || unit === 45;
}

export function isDigit(unit: number): boolean {
  return unit >= 48 && unit <= 57;
}

export function isHex(unit: number): boolean {
  return isDigit(unit) || (unit >= 65 && unit <= 70) || (unit >= 97 && unit <= 102);
}

/** Whether `---` or `...` followed by a blank, a break or the end stands at `at`. */
export function isDocumentIndicator(text: string, at: number): boolean {
  const unit = text.charCodeAt(at);
  return (
    (unit === 45 || unit === 46) &&
    text.charCodeAt(at + 1) === unit &&
    text.charCodeAt(at + 2) === unit &&
    isBlankZ(text.charCodeAt(at + 3))
  );
}
