import { FindingError } from "../finding/index.ts";
import { PyDict, repr } from "../python/index.ts";
import { At, suggest, type JsonObject } from "../schema/index.ts";
import { loadKubernetes } from "../yaml/index.ts";
import type { JudgedObject } from "./types.ts";

/** The annotation that says what is accepted of an object, and why. */
export const ACCEPT = "halite.dev/accept";

/** One line of the annotation. */
export interface Acceptance {
  readonly code: string;
  /** Only what is about this: a container, a path, a key. */
  readonly subject: string | undefined;
  readonly reason: string;
}

export interface AcceptanceProblem {
  readonly code: string;
  readonly message: string;
  readonly advice?: string;
}

export interface Acceptances {
  readonly list: readonly Acceptance[];
  readonly problems: readonly AcceptanceProblem[];
}

const NONE: Acceptances = { list: [], problems: [] };
const LINE = /^([a-z0-9][a-z0-9.-]*)(?:\((.+)\))?$/;

/** The way to the annotation. */
export const ACCEPT_POINTER = ["metadata", "annotations", ACCEPT] as const;

/**
 * What an object's annotation accepts. Its text is YAML:
 * ```yaml
 * policy-privileged: why all that this policy finds here is fine
 * policy-host-path(/run/mount): why this one is
 * ```
 */
export function acceptancesOf(object: Pick<JudgedObject, "json">, known: ReadonlySet<string>): Acceptances {
  const text = new At(object.json).at(...ACCEPT_POINTER).text;
  if (text === undefined) return NONE;
  const read = readYaml(text);
  if (!(read instanceof PyDict)) {
    const why = read === undefined ? "" : `: ${read}`;
    return {
      list: [],
      problems: [
        {
          code: "policy-accept-syntax",
          message: `${ACCEPT} must be a mapping of codes to reasons${why}`,
          advice: "write a block: `halite.dev/accept: |` and below it `policy-…: reason`, one a line",
        },
      ],
    };
  }
  const list: Acceptance[] = [];
  const problems: AcceptanceProblem[] = [];
  for (const [key, value] of read.entries()) {
    const [, code, subject] = LINE.exec(typeof key === "string" ? key : "") ?? [];
    if (code === undefined) {
      problems.push({
        code: "policy-accept-syntax",
        message: `${ACCEPT}: ${repr(key)} is neither a code nor CODE(SUBJECT)`,
      });
      continue;
    }
    if (!known.has(code)) {
      const near = suggest(code, known);
      problems.push({
        code: "policy-accept-unknown",
        message: `${ACCEPT}: no policy has the code ${code}`,
        ...(near !== undefined && { advice: `did you mean ${near}?` }),
      });
      continue;
    }
    if (typeof value !== "string" || !/[\p{L}\p{N}].*[\p{L}\p{N}]/su.test(value)) {
      problems.push({
        code: "policy-accept-reason",
        message: `${ACCEPT}: ${code} is accepted without a reason`,
        advice: "say in a sentence why it is fine here: whoever reads it next year has to decide again",
      });
      continue;
    }
    list.push({ code, subject, reason: value.trim() });
  }
  return { list, problems };
}

/** Whether an object's annotation accepts that a value of its stands there in plain text. */
export function acceptsPlainValue(json: JsonObject, key: string): boolean {
  const { list } = acceptancesOf({ json }, new Set([PLAIN]));
  return list.some(({ subject }) => subject === undefined || subject === key);
}

const PLAIN = "policy-secret-plain";

/** The mapping, or why there is none. */
function readYaml(text: string): PyDict | string | undefined {
  try {
    const documents = loadKubernetes(text, { file: ACCEPT });
    const [first] = documents;
    return documents.length === 1 && first?.value instanceof PyDict ? first.value : undefined;
  } catch (error) {
    if (!(error instanceof FindingError)) throw error;
    return error.findings[0].message;
  }
}
