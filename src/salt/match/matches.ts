import { PyDict, PyError, PyTuple, type Value } from "../../python/index.ts";
import { fnmatchcase } from "../data/index.ts";
import type { IdTestKind } from "../types.ts";
import { compoundMatch } from "./compound.ts";
import { ipcidrMatch } from "./ipcidr.ts";
import { expandNodegroup } from "./nodegroup.ts";
import { searchAtStart } from "./pcre.ts";
import { pillarOf, type Engine, type Subject } from "./subject.ts";
import { subdictMatch, targetText, type SubdictMode } from "./subdict.ts";

export interface MatchOptions {
  /** Default `compound`, as in top files. */
  readonly engine?: Engine;
  /** Between the levels of a grain or pillar path. Default `:`. */
  readonly delimiter?: string;
}

/**
 * Whether the subject is meant by a target.
 *
 * @throws PyError where Salt's matcher raises: a target that is no text, a broken `pcre`, pillar asked for while there is none
 */
export function matches(subject: Subject, target: Value, { engine = "compound", delimiter }: MatchOptions = {}): boolean {
  return judge(subject, engine, target, delimiter) ?? false;
}

/** `undefined`: the matcher can't read the target; Salt then gives an empty list, or `[]` in a compound. */
type Matcher = (subject: Subject, target: Value, delimiter: string | undefined) => boolean | undefined;

const MATCHERS: Readonly<Record<Engine, Matcher>> = {
  compound,
  glob: (subject, target) => typeof target === "string" && idTest(subject, "glob", target),
  list: (subject, target) => (typeof target === "string" ? idTest(subject, "list", target) : listMatch(subject.id, target)),
  pcre: (subject, target) => idTest(subject, "pcre", targetText(target)),
  grain: (subject, target, delimiter) => pathMatch(subject.grains, target, "glob", delimiter),
  grain_pcre: (subject, target, delimiter) => pathMatch(subject.grains, target, "regex", delimiter),
  pillar: (subject, target, delimiter) => pillarMatch(subject, target, "glob", delimiter),
  pillar_pcre: (subject, target, delimiter) => pillarMatch(subject, target, "regex", delimiter),
  pillar_exact: (subject, target, delimiter) => pillarMatch(subject, target, "exact", delimiter),
  ipcidr: (subject, target) => (typeof target === "string" ? ipcidrMatch(subject.grains, target) : undefined),
  nodegroup: nodegroupMatch,
  range: () => false,
  data: (_subject, target) => dataMatch(targetText(target)),
};

function idTest(subject: Subject, kind: IdTestKind, pattern: string): boolean {
  return subject.testId === undefined ? testId(kind, pattern, subject.id) : subject.testId(kind, pattern);
}

/** Whether an id passes a matcher that looks at nothing else. @throws PyError for a broken `pcre` */
export function testId(kind: IdTestKind, pattern: string, id: string): boolean {
  switch (kind) {
    case "glob":
      return fnmatchcase(id, pattern);
    case "list":
      return listMatch(id, pattern);
    default:
      return searchAtStart(pattern, id);
  }
}

function judge(subject: Subject, engine: Engine, target: Value, delimiter: string | undefined): boolean | undefined {
  return MATCHERS[engine](subject, target, delimiter);
}

function compound(subject: Subject, target: Value): boolean {
  return compoundMatch(target, subject.nodegroups ?? null, (engine, pattern, delimiter) => judge(subject, engine, pattern, delimiter));
}

function nodegroupMatch(subject: Subject, target: Value): boolean {
  const { nodegroups } = subject;
  if (!(nodegroups instanceof PyDict) || nodegroups.size === 0 || !nodegroups.has(target)) return false;
  return compound(subject, [...expandNodegroup(targetText(target), nodegroups)]);
}

function pathMatch(data: Value, target: Value, mode: SubdictMode, delimiter = ":"): boolean {
  const expression = targetText(target);
  return expression.includes(delimiter) && subdictMatch(data, expression, mode, delimiter);
}

function pillarMatch(subject: Subject, target: Value, mode: SubdictMode, delimiter = ":"): boolean {
  const expression = targetText(target);
  if (!expression.includes(delimiter)) return false;
  const pillar = pillarOf(subject);
  if (pillar === undefined)
    throw new PyError("UnboundLocalError", "cannot access local variable 'pillar' where it is not associated with a value");
  return subdictMatch(pillar, expression, mode, delimiter);
}

/** The matcher asks the minion's data store by a function that 3007.1 does not have. */
function dataMatch(target: string): false {
  if (target.includes(":")) throw new PyError("KeyError", "'data.getval'");
  return false;
}

/** In a string the id must stand between commas; a real list holds it as an item. */
function listMatch(id: string, target: Value): boolean {
  if (typeof target === "string")
    return target.includes(`,${id},`) || target.startsWith(`${id},`) || target.endsWith(`,${id}`) || target === id;
  if (Array.isArray(target)) return target.includes(id);
  if (target instanceof PyTuple) return target.items.includes(id);
  return target instanceof PyDict && target.has(id);
}
