import { findReferences, formatReference, holdsReference, type Reference } from "./reference.ts";

/** A run of base64 in a text that holds a reference. `end` is behind its last character. */
export interface EncodedRun {
  readonly start: number;
  readonly end: number;
  /** What it is the base64 of. */
  readonly decoded: string;
}

/** `?{sops:` and the like in base64, and that in base64 once more. */
const PHASES = encodedBeginnings(["?{sops:", "?{pgp:", "?{barbican:", "?{secret:"]);
/** Base64 of the standard and of the URL alphabet. */
const RUN = /[A-Za-z0-9+/_-]{8,}={0,2}/g;

/** Whether a text holds the beginning of a reference in base64. */
export function mayHoldEncoded(text: string): boolean {
  return PHASES.test(text);
}

/** The runs of base64 in a text that hold references. */
export function encodedReferences(text: string): readonly EncodedRun[] {
  if (!PHASES.test(text)) return [];
  const runs: EncodedRun[] = [];
  for (const { 0: run, index } of text.matchAll(RUN)) {
    if (!PHASES.test(run)) continue;
    const decoded = Buffer.from(run, "base64").toString("utf8");
    if (holdsReference(decoded) || mayHoldEncoded(decoded)) runs.push({ start: index, end: index + run.length, decoded });
  }
  return runs;
}

/**
 * What a value of a Secret's `data` is, opened as far as references ask for it: base64 of a text with references becomes that text. Without
 * references `undefined`. Where references stand in it un-encoded, only one with base64 as its last function says what is meant.
 */
export function openedData(value: string): string | undefined {
  if (value.includes("?{")) {
    const [found, more] = findReferences(value);
    if (found?.state !== "whole" || more !== undefined || found.start !== 0 || found.end !== value.length) return undefined;
    const { reference } = found;
    if (reference.functions.at(-1) !== "base64") return undefined;
    return formatReference({ ...reference, functions: reference.functions.slice(0, -1) });
  }
  const compact = value.replace(/\s/g, "");
  const [run] = encodedReferences(compact);
  if (run === undefined || run.start !== 0 || run.end !== compact.length) return undefined;
  return Buffer.from(run.decoded, "utf8").toString("base64") === compact ? openedText(run.decoded) : undefined;
}

/** A text in which base64 of one reference alone is that reference with the function `base64`. */
export function openedText(text: string): string {
  let opened = "";
  let at = 0;
  for (const run of encodedReferences(text)) {
    const reference = encodedReference(run, text);
    if (reference === undefined) continue;
    opened += text.slice(at, run.start) + formatReference(reference);
    at = run.end;
  }
  return opened + text.slice(at);
}

/** The reference that a run of base64 stands for; `undefined` where it is of more than a reference, or of less. */
export function encodedReference(run: EncodedRun, text: string): Reference | undefined {
  const inner = openedText(run.decoded);
  const [found, more] = findReferences(inner);
  if (found?.state !== "whole" || more !== undefined || found.start !== 0 || found.end !== inner.length) return undefined;
  if (Buffer.from(run.decoded, "utf8").toString("base64") !== text.slice(run.start, run.end)) return undefined;
  return { ...found.reference, functions: [...found.reference.functions, "base64"] };
}

function encodedBeginnings(texts: readonly string[]): RegExp {
  const once = texts.flatMap(phases);
  const all = [...once, ...once.flatMap(phases)];
  return new RegExp(all.map((text) => text.replace(/[+/]/g, (each) => (each === "+" ? "[+-]" : "[/_]"))).join("|"));
}

/** A text in base64, at each of the three places that its first byte can have in a group of three: the characters that no other byte has a say in. */
function phases(text: string): readonly string[] {
  return [0, 1, 2].map((before) => {
    const bytes = Buffer.from(" ".repeat(before) + text, "utf8");
    return bytes.toString("base64").slice(Math.ceil((before * 8) / 6), Math.floor((bytes.length * 8) / 6));
  });
}
