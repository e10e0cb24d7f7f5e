import { encodeValue, type Encoded } from "../oracle/encode.ts";
import type { Oracle } from "../oracle/oracle.ts";
import { repr, type Value } from "../../src/python/index.ts";
import { loadSalt, YamlError } from "../../src/yaml/index.ts";

/** What came of a load, Python's and ours in one shape. */
export type Outcome = { readonly value: Encoded } | { readonly error: { readonly type: string; readonly text: string } };

/** Salt's own answers, one request for all. */
export async function saltLoads(oracle: Oracle, texts: readonly string[]): Promise<Outcome[]> {
  const answer = await oracle.ask("yaml_load_many", { texts });
  if ("error" in answer) throw new Error(answer.error.trace);
  return (answer.ok as ({ value: Encoded } | { error: { type: string; text: string } })[]).map((outcome) =>
    "error" in outcome ? { error: { type: outcome.error.type, text: outcome.error.text } } : { value: sortSets(outcome.value) },
  );
}

/** Halite's answer. */
export function haliteLoads(text: string): Outcome {
  try {
    return { value: encodeOrPrint(loadSalt(text, { file: "case.sls" }).value) };
  } catch (error) {
    if (!(error instanceof YamlError)) throw error;
    return { error: { type: error.type, text: error.pythonText } };
  }
}

/** Encoded; printed as Python prints it where it contains itself. */
function encodeOrPrint(value: Value): Encoded {
  try {
    return encodeValue(value);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return { recursive: repr(value) };
  }
}

/** Sets in one order: Python sorts by its own print, the twin by JSON's. */
function sortSets(encoded: Encoded): Encoded {
  if (Array.isArray(encoded)) return encoded.map(sortSets);
  if (typeof encoded !== "object" || encoded === null) return encoded;
  return Object.fromEntries(
    Object.entries(encoded).map(([kind, body]) => {
      if (!Array.isArray(body)) return [kind, body];
      const items = sortSets(body as Encoded[]) as Encoded[];
      return [kind, kind === "set" ? items.toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)) : items];
    }),
  );
}
