import type { Place } from "../place.ts";
import { checkSelector } from "./metadata.ts";
import { checkShare } from "./workload.ts";

export function checkDisruptionBudget(root: Place): void {
  const spec = root.at("spec");
  const least = spec.at("minAvailable");
  const most = spec.at("maxUnavailable");
  if (least.present && most.present) most.refuse("schema-conflict", "may not stand beside minAvailable");
  checkShare(least);
  checkShare(most);
  checkSelector(spec.at("selector"));
}

/** The highest priority that is not the system's own (scheduling.HighestUserDefinablePriority). */
const HIGHEST = 1_000_000_000;
const SYSTEM: Readonly<Record<string, number>> = { "system-node-critical": 2_000_001_000, "system-cluster-critical": 2_000_000_000 };

export function checkPriorityClass(root: Place): void {
  const name = root.at("metadata", "name");
  const value = root.at("value");
  if (name.text?.startsWith("system-") === true) {
    const known = Object.hasOwn(SYSTEM, name.text) ? SYSTEM[name.text] : undefined;
    if (known === undefined) name.refuse("schema-name", "may not begin with system-, which is the system's own");
    else if ((value.number ?? 0) !== known) value.refuse("schema-range", `must be ${known} for ${name.text}`);
  } else if (value.number !== undefined && value.number > HIGHEST)
    value.refuse("schema-range", `is ${value.number} and may be ${HIGHEST} at most`);
}
