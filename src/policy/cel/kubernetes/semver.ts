import type { CelMap } from "@bufbuild/cel";
import type { Declare } from "../functions.ts";
import { noOverload, opaque, type CelAny } from "../opaque.ts";

const NUMBER = "(0|[1-9]\\d*)";
const FORM = new RegExp(`^${NUMBER}\\.${NUMBER}\\.${NUMBER}(?:-([0-9A-Za-z-]+(?:\\.[0-9A-Za-z-]+)*))?(?:\\+([0-9A-Za-z.-]+))?$`);

/** Kubernetes' library of semantic versions (apiserver/pkg/cel/library/semverlib.go). */
export function declareVersions(declare: Declare): void {
  const parse = (text: string): CelAny | undefined => {
    const [, major, minor, patch, pre = ""] = FORM.exec(text) ?? [];
    if (major === undefined || minor === undefined || patch === undefined) return undefined;
    if (pre.split(".").some((part) => /^0\d+$/.test(part))) return undefined;
    return opaque(declare.library, "semver", { major: BigInt(major), minor: BigInt(minor), patch: BigInt(patch), pre });
  };
  const made = (text: string): CelAny => {
    const found = parse(text);
    if (found === undefined) throw new Error(`invalid semantic version ${JSON.stringify(text)}`);
    return found;
  };
  declare.func("semver", 1, (text) => made(declare.text(text)));
  declare.func("semver", 2, (text, loose) => made(flag(loose) ? normalised(declare.text(text)) : declare.text(text)));
  declare.func("isSemver", 1, (text) => parse(declare.text(text)) !== undefined);
  declare.func("isSemver", 2, (text, loose) => parse(flag(loose) ? normalised(declare.text(text)) : declare.text(text)) !== undefined);
  for (const field of ["major", "minor", "patch"]) {
    declare.method(field, 0, (value) => {
      const found = declare.opaque(value, "semver").get(field);
      if (found === undefined) throw noOverload();
      return found;
    });
  }
}

function flag(value: CelAny): boolean {
  if (typeof value !== "boolean") throw noOverload();
  return value;
}

/** Without the v, zeros in front, and with what is missing behind. */
function normalised(text: string): string {
  const [, core = "", rest = ""] = /^v?([\d.]*)(.*)$/.exec(text) ?? [];
  const parts = core.split(".").map((part) => part.replace(/^0+(?=\d)/, ""));
  while (parts.length < 3) parts.push("0");
  return parts.join(".") + rest;
}

/** By precedence (semver.org 2.0.0, 11). */
export function compareVersions(a: CelMap, b: CelMap): bigint {
  for (const field of ["major", "minor", "patch"]) {
    const [own, other] = [a.get(field), b.get(field)];
    if (typeof own !== "bigint" || typeof other !== "bigint") throw noOverload();
    if (own !== other) return own < other ? -1n : 1n;
  }
  const [own, other] = [a.get("pre"), b.get("pre")];
  if (typeof own !== "string" || typeof other !== "string") throw noOverload();
  if (own === other) return 0n;
  if (own === "" || other === "") return own === "" ? 1n : -1n;
  return comparePre(own.split("."), other.split("."));
}

function comparePre(own: readonly string[], other: readonly string[]): bigint {
  for (const [index, part] of own.entries()) {
    const against = other[index];
    if (against === undefined) return 1n;
    if (part === against) continue;
    const [left, right] = [/^\d+$/.test(part), /^\d+$/.test(against)];
    if (left && right) return BigInt(part) < BigInt(against) ? -1n : 1n;
    if (left !== right) return left ? -1n : 1n;
    return part < against ? -1n : 1n;
  }
  return own.length < other.length ? -1n : 0n;
}
