import { Markup } from "../../src/jinja/markup.ts";
import { PyBytes, PyFloat, type Value } from "../../src/python/index.ts";
import type { Case, CaseAnswer } from "./semantics_cases.ts";

/** Where we differ from Python on purpose. */
export interface SemanticsException {
  readonly what: string;
  readonly reason: string;
  /** Whether a case, with Python's answer, is one of these. */
  matches(one: Case, python: CaseAnswer): boolean;
  /** Whether ours is then as meant. */
  ours(one: Case, answer: CaseAnswer): boolean;
}

function isNegative(value: Value): boolean {
  const number = value instanceof PyFloat ? value.value : Number(value);
  return number < 0 && Number.isFinite(number);
}

export const semanticsExceptions: readonly SemanticsException[] = [
  {
    what: "a negative number to a fractional power",
    reason: "Python gives a complex number; a template has no use for one, and it cannot be written as YAML.",
    matches: ({ name, args: [base = null, power = null] }) =>
      name === "**" && power instanceof PyFloat && Number.isFinite(power.value) && !Number.isInteger(power.value) && isNegative(base),
    ours: (_one, answer) => "error" in answer && answer.error[0] === "ValueError" && answer.error[1].includes("complex"),
  },
  {
    what: "texts and lists beyond the limits of the sandbox",
    reason: "CPython raises a MemoryError without a message, or fills the memory; ours names the limit.",
    matches: (_one, python) => "error" in python && python.error[0] === "MemoryError",
    ours: (_one, answer) => "error" in answer && answer.error[0] === "MemoryError" && answer.error[1].includes("limit"),
  },
  {
    what: "wrong arguments to a safe string's own methods and operators",
    reason: "markupsafe writes them in Python, whose messages about arguments differ from those of str; the type of the error is the same.",
    matches: (one, python) =>
      one.kind !== "filter" && one.args.some((arg) => arg instanceof Markup) && "error" in python && python.error[0] === "TypeError",
    ours: (_one, answer) => "error" in answer && (answer.error[0] === "TypeError" || answer.error[0] === "UndefinedError"),
  },
  {
    what: "printf formatting of bytes",
    reason: "Not offered: no template formats bytes.",
    matches: (one) => ["%", "divisibleby", "even", "odd"].includes(one.name ?? "") && one.args[0] instanceof PyBytes,
    ours: (_one, answer) => "error" in answer,
  },
];
