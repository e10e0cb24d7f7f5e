import type { CelMap } from "@bufbuild/cel";
import type { Declare } from "../functions.ts";
import { noOverload, opaqueOf, type CelAny } from "../opaque.ts";
import { compareVersions } from "./semver.ts";

/** `compareTo`, `isLessThan` and `isGreaterThan` of quantities and of semantic versions, which share their names. */
export function declareComparisons(declare: Declare): void {
  const compare = (a: CelAny, b: CelAny): bigint => {
    for (const type of ["quantity", "semver"]) {
      const [own, other] = [opaqueOf(declare.library, a, type), opaqueOf(declare.library, b, type)];
      if (own !== undefined && other !== undefined) return type === "semver" ? compareVersions(own, other) : compareNano(own, other);
    }
    throw noOverload();
  };
  declare.method("compareTo", 1, compare);
  declare.method("isLessThan", 1, (a, b) => compare(a, b) < 0n);
  declare.method("isGreaterThan", 1, (a, b) => compare(a, b) > 0n);
}

function compareNano(a: CelMap, b: CelMap): bigint {
  const [own, other] = [a.get("nano"), b.get("nano")];
  if (typeof own !== "bigint" || typeof other !== "bigint") throw noOverload();
  return own < other ? -1n : own > other ? 1n : 0n;
}
