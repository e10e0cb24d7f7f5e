import { addonOf, failureReasons, type FailureReason } from "../addon/index.ts";
import { findingLine, type Finding } from "../finding/index.ts";
import type { PyDict, Value } from "../python/index.ts";
import type { JsonPath } from "../schema/index.ts";
import { valueAt, withKey, withValue } from "./changed-data.ts";
import type { ClusterCompile } from "./cluster.ts";
import type { PillarProblem } from "./user-schemas.ts";

/**
 * A cluster's pillar without the values that were refused, and with keys that were misspelt as they were meant, so that a compile with it shows what is
 * wrong beside them; `undefined` where nothing else was found, or none of them can be taken out.
 */
export function pillarWithoutRefused(pillar: PyDict, { refused = [], findings }: ClusterCompile): PyDict | undefined {
  const causes = new Set(refused.map(({ finding }) => findingLine(finding)));
  if (causes.size === 0 || findings.every((finding) => finding.severity === "note" || causes.has(findingLine(finding)))) return undefined;
  let mended = pillar;
  // Of a list the last items first: the places of the others stay what they are.
  for (const { path, meant } of refused.toSorted((a, b) => comparePaths(b.path, a.path))) {
    const place = placeOf(mended, path);
    if (place === undefined || place.length === 0) continue;
    const isFree = meant !== undefined && placeOf(mended, [...path.slice(0, -1), meant]) === undefined;
    mended = isFree ? withKey(mended, place, meant) : withValue(mended, place, undefined);
  }
  return mended === pillar ? undefined : mended;
}

/**
 * Holds back what follows from refused values of pillar: errors and warnings that are not there without those values. They are counted with the value they
 * follow from. What an addon failed for that no refused value is about is said in any case.
 */
export function holdBack(compile: ClusterCompile, without: ClusterCompile): ClusterCompile {
  const { release, refused = [] } = compile;
  const causes = new Map(refused.map((problem) => [findingLine(problem.finding), problem]));
  const still = new Set(without.findings.map(sameWherever));
  const failed = release.state === "compiled" ? release.addons.flatMap((addon) => (addon.state === "failed" ? [addon] : [])) : [];
  const isCause = (reason: string): boolean => refused.some(({ finding }) => reasonsOf([finding]).has(reason));
  /** Reasons of addons that would have none left. */
  const sole = new Set(failed.map(({ why }) => why.map(textOf)).flatMap((why) => (why.some(isCause) ? [] : why)));
  const follows = (finding: Finding): boolean =>
    finding.severity !== "note" &&
    !causes.has(findingLine(finding)) &&
    !still.has(sameWherever(finding)) &&
    ![...reasonsOf([finding])].some((reason) => sole.has(reason));
  const held = compile.findings.filter(follows);
  if (held.length === 0) return compile;
  const of = new Map<PillarProblem, Set<string>>();
  for (const finding of held) {
    const addon = addonOf(finding.at?.file ?? "")?.addon;
    const cause = refused.find((problem) => addon !== undefined && isAbout(problem, addon)) ?? refused[0];
    if (cause !== undefined) of.set(cause, (of.get(cause) ?? new Set()).add(findingLine(finding)));
  }
  const findings = compile.findings
    .filter((finding) => !follows(finding))
    .map((finding) => {
      const cause = causes.get(findingLine(finding));
      const follow = cause === undefined ? undefined : of.get(cause);
      return follow === undefined ? finding : { ...finding, follow: [...follow].sort() };
    });
  const said = reasonsOf(findings);
  const gone = new Set([...reasonsOf(held)].filter((reason) => !said.has(reason)));
  const left = (why: readonly FailureReason[]): readonly FailureReason[] => why.filter((reason) => !gone.has(textOf(reason)));
  return {
    ...compile,
    findings,
    alike: undefined,
    release:
      release.state === "failed"
        ? { ...release, why: left(release.why) }
        : { ...release, addons: release.addons.map((addon) => (addon.state === "failed" ? { ...addon, why: left(addon.why) } : addon)) },
  };
}

/** Equal for what is the same finding in files of other lengths. */
function sameWherever({ code, message, at }: Finding): string {
  return JSON.stringify([code, message.replaceAll(/\b\d+:\d+\b|\bline \d+(?:, column \d+)?/g, ""), at?.file]);
}

function isAbout({ path: [top, name], addons }: PillarProblem, addon: string): boolean {
  return addons.includes(addon) || top === addon || (top === "addons" && name === addon);
}

function textOf(reason: FailureReason): string {
  return JSON.stringify(reason);
}

function reasonsOf(findings: readonly Finding[]): ReadonlySet<string> {
  return new Set(failureReasons(findings).map(textOf));
}

/** The place that a path leads to: a key is the text, or the number that it spells. */
function placeOf(pillar: PyDict, path: JsonPath): readonly Value[] | undefined {
  const place: Value[] = [];
  for (const key of path) {
    const found = [key, Number(key)].find((step) => valueAt(pillar, [...place, step]) !== undefined);
    if (found === undefined) return undefined;
    place.push(found);
  }
  return place;
}

function comparePaths(a: JsonPath, b: JsonPath): number {
  for (const [index, step] of a.entries()) {
    const other = b[index];
    if (other === undefined) return 1;
    if (typeof step === "number" && typeof other === "number" && step !== other) return step - other;
    if (String(step) !== String(other)) return String(step) < String(other) ? -1 : 1;
  }
  return a.length - b.length;
}
