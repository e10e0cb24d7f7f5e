import { FindingError, type Finding } from "../../finding/index.ts";
import { PyDict, PyError, str, type Value } from "../../python/index.ts";
import { matches } from "./matches.ts";
import { isEngine, type Subject } from "./subject.ts";

/**
 * Whether a target of a top file means the minion (salt/matchers/confirm_top.py): by the engine that the last `match:` of its entries
 * names, else compound. `where` is what messages call the top file.
 *
 * @throws FindingError `top-matcher` for an engine that is none, `top-target` for a target that can't be judged; Salt ends there in a
 * Python exception
 */
export function confirmTop(subject: Subject, target: Value, entries: readonly Value[], where: string): boolean {
  let engine: Value = "compound";
  for (const entry of entries) if (entry instanceof PyDict && entry.has("match")) engine = entry.get("match") ?? null;
  if (typeof engine !== "string" || !isEngine(engine)) {
    throw refuse("top-matcher", `the ${where} names an unknown matcher for the target '${str(target)}': ${str(engine)}`);
  }
  try {
    return matches(subject, target, { engine });
  } catch (error) {
    if (!(error instanceof PyError)) throw error;
    const why = error.type === "UnboundLocalError" ? "there is no pillar yet while the pillar top file is read" : error.message;
    throw refuse("top-target", `the ${where} has a target that can't be judged, '${str(target)}': ${why}`);
  }
}

function refuse(code: string, message: string): FindingError {
  const finding: Finding = { code, severity: "error", message };
  return new FindingError(finding);
}
