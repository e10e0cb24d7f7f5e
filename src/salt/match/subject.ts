import type { PyDict, Value } from "../../python/index.ts";
import type { IdTestKind, Minion } from "../types.ts";

/** What a target is held against: one minion's id and data. */
export interface Subject {
  readonly id: string;
  /** See `Minion.testId`. */
  readonly testId?: (kind: IdTestKind, pattern: string) => boolean;
  readonly grains: PyDict;
  /** The compiled pillar, or how to get it; absent while pillar itself is being compiled. */
  readonly pillar?: PyDict | (() => PyDict);
  /** Salt's `nodegroups` option. Default: none. */
  readonly nodegroups?: Value;
}

/** Salt's matchers (salt/matchers/, 3007.1). `range` needs a range server and matches nothing, as Salt without `seco.range`. */
export const ENGINES = [
  "compound",
  "glob",
  "grain",
  "grain_pcre",
  "list",
  "pcre",
  "pillar",
  "pillar_pcre",
  "pillar_exact",
  "ipcidr",
  "nodegroup",
  "range",
  "data",
] as const;

export type Engine = (typeof ENGINES)[number];

/** Whether a word, such as that of `match:` in a top file, names a matcher. */
export function isEngine(name: string): name is Engine {
  return (ENGINES as readonly string[]).includes(name);
}

/** A minion as its targets see it. Its id is read when a matcher asks for it. */
export function subjectOf(minion: Minion, nodegroups: Value, pillar: Subject["pillar"]): Subject {
  return {
    get id() {
      return minion.id;
    },
    ...(minion.testId !== undefined && { testId: minion.testId }),
    grains: minion.grains,
    nodegroups,
    ...(pillar !== undefined && { pillar }),
  };
}

/** The pillar of a subject, or `undefined` where it has none yet. */
export function pillarOf(subject: Subject): PyDict | undefined {
  return typeof subject.pillar === "function" ? subject.pillar() : subject.pillar;
}
