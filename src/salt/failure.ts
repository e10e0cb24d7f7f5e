import { FindingError, type Finding, type Position } from "../finding/index.ts";
import { PyError } from "../python/index.ts";

/**
 * What a thrown error says of the input: a finding's own words, Python's where real Salt would end in a Python exception, and a limit
 * where data nests or grows beyond what JavaScript holds. `undefined`: a bug, to be thrown on.
 */
export function inputErrors(error: unknown, doing: string, at?: Position): readonly [Finding, ...Finding[]] | undefined {
  if (error instanceof FindingError) return error.findings;
  const place = at === undefined ? {} : { at };
  if (error instanceof PyError) {
    const advice =
      "Salt itself ends in this Python error. A value has a type that is not expected at its place: compare it with Salt's documentation.";
    return [
      { code: "salt-python-error", severity: "error", message: `${doing} failed: ${error.type}: ${error.message}`, ...place, advice },
    ];
  }
  if (!(error instanceof RangeError)) return undefined;
  const deep = /call stack/i.test(error.message);
  return [
    {
      code: deep ? "salt-limit-depth" : "salt-limit-size",
      severity: "error",
      message: deep ? `${doing} failed: the data or its references nest too deep` : `${doing} failed: a text or list grows too long`,
      ...place,
      advice: deep
        ? "Look for data that is nested level by level in a loop, for a chain of thousands of requisites, or for a key path of thousands of parts."
        : "Look for a loop that joins or repeats what it has joined before.",
    },
  ];
}
