import { FindingError } from "../../finding/index.ts";
import { PyDict, str, type Value } from "../../python/index.ts";
import type { Options } from "../config/index.ts";
import { iterate } from "../sls/index.ts";

/** The top files of each environment: its own, then those it includes. Empty dicts stand for files that are not there. */
export type Tops = ReadonlyMap<string, readonly PyDict[]>;

/** What the top files come to: environment, target, entries. */
export type MergedTop = Map<string, Map<Value, Value>>;

/** Merges top files by `top_file_merging_strategy`; an unknown word means `merge`. @throws FindingError `top-shape` */
export function mergeTops(tops: Tops, options: Options): MergedTop {
  switch (options.topFileMergingStrategy) {
    case "same":
      return mergeSame(tops, options.defaultTop);
    case "merge_all":
      return mergeAll(tops);
    default:
      return mergeBaseFirst(tops);
  }
}

/** base is authoritative; of the others only the section named as they are counts, and only where base has none. */
function mergeBaseFirst(tops: Tops): MergedTop {
  const merged: MergedTop = new Map();
  for (const top of tops.get("base") ?? []) {
    for (const [saltenv, targets] of sections(top)) takeAll(merged, saltenv, targets);
  }
  for (const [environment, files] of tops) {
    if (environment === "base") continue;
    for (const top of files) {
      for (const [saltenv, targets] of sections(top)) {
        if (saltenv === environment && !merged.has(saltenv)) takeAll(merged, saltenv, targets);
      }
    }
  }
  return merged;
}

/** Each environment's own top file says what it has; one without takes its section of `default_top`'s file. */
function mergeSame(tops: Tops, defaultTop: string | null): MergedTop {
  const merged: MergedTop = new Map();
  for (const [environment, files] of tops) {
    const own = files.every((top) => top.size === 0) ? (defaultTop === null ? [] : (tops.get(defaultTop) ?? [])) : files;
    for (const top of own) for (const [saltenv, targets] of sections(top)) if (saltenv === environment) takeAll(merged, saltenv, targets);
  }
  return merged;
}

/** All sections of all files; the SLS of a target that several name are joined. */
function mergeAll(tops: Tops): MergedTop {
  const merged: MergedTop = new Map();
  for (const files of tops.values()) {
    for (const top of files) {
      for (const [saltenv, targets] of sections(top)) {
        for (const [target, entries] of targetsOf(targets)) {
          const into = sectionOf(merged, saltenv);
          const known = into.get(target);
          into.set(target, known === undefined ? entries : joined(iterate(known), iterate(entries)));
        }
      }
    }
  }
  return merged;
}

function joined(first: readonly Value[], second: readonly Value[]): Value[] {
  const option = [...first, ...second].findLast((entry) => entry instanceof PyDict);
  const own = second.findLast((entry) => entry instanceof PyDict) ?? option;
  const list: Value[] = own === undefined ? [] : [own];
  list.push(...first.filter((entry) => typeof entry === "string"));
  return [...list, ...second.filter((entry) => typeof entry === "string" && !list.includes(entry))];
}

function sections(top: PyDict): [string, Value][] {
  return [...top.entries()].filter(([saltenv]) => saltenv !== "include").map(([saltenv, targets]) => [sectionName(saltenv), targets]);
}

function sectionName(saltenv: Value): string {
  if (typeof saltenv === "string") return saltenv;
  throw new FindingError({
    code: "top-shape",
    severity: "error",
    message: `Environment ${str(saltenv)} in top file is not formed as a string`,
  });
}

function takeAll(merged: MergedTop, saltenv: string, targets: Value): void {
  for (const [target, entries] of targetsOf(targets)) sectionOf(merged, saltenv).set(target, entries);
}

function sectionOf(merged: MergedTop, saltenv: string): Map<Value, Value> {
  const section = merged.get(saltenv) ?? new Map<Value, Value>();
  merged.set(saltenv, section);
  return section;
}

function targetsOf(targets: Value): Iterable<readonly [Value, Value]> {
  if (targets instanceof PyDict) return targets.entries();
  if (targets === "" || (Array.isArray(targets) && targets.length === 0)) return [];
  throw new FindingError({
    code: "top-shape",
    severity: "error",
    message: "Unable to render top file. No targets found.",
    advice: "An environment of a top file maps targets to lists of SLS names",
  });
}
