import { FindingError, type Finding } from "../../finding/index.ts";
import { PyDict, str, truthy } from "../../python/index.ts";
import type { MergedTop } from "./merge.ts";

/** `verify_tops`. @throws FindingError with every complaint in Salt's words */
export function verifyTops(top: MergedTop): void {
  const messages: string[] = [];
  for (const [saltenv, targets] of top) {
    if (saltenv === "") messages.push("Empty saltenv statement in top file");
    for (const entries of targets.values()) {
      if (!Array.isArray(entries)) {
        messages.push("Malformed topfile (state declarations not formed as a list)");
        continue;
      }
      for (const entry of entries) {
        if (entry instanceof PyDict) {
          for (const value of entry.values()) {
            if (!truthy(value)) messages.push(`Improperly formatted top file matcher in saltenv ${str(entry)}: ${str(value)} file`);
          }
        } else if (entry === "") messages.push(`Environment ${saltenv} contains an empty sls index`);
      }
    }
  }
  const [first, ...more] = messages.map((message): Finding => ({ code: "top-shape", severity: "error", message }));
  if (first !== undefined) throw new FindingError(first, ...more);
}
