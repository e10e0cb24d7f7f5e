import { PyDict, type Value } from "../python/index.ts";
import { duration, suggest, type JsonPath } from "../schema/index.ts";

/** When a cluster gets a change: its wave, and what must be so before the wave and during it. */
export interface Rollout {
  readonly wave: string;
  /** Waves go in this order; waves of the same order go together. */
  readonly order: number;
  /** Seconds that every cluster of the wave must have been healthy for before the next wave begins. */
  readonly soak: number;
  /** How many clusters of the wave may be changing or ill at a time, in each availability zone. */
  readonly maxUnavailable: number;
  /** No cluster of the wave gets anything new. */
  readonly paused: boolean;
  /** Commits of the published branch that somebody has approved for the wave; null: nobody need. */
  readonly approved: readonly string[] | null;
}

type Refuse = (path: readonly string[], message: string, advice?: string) => void;

/**
 * Whether what stands at a path below pillar `rollout` says when this cluster gets changes: all of it does but the settings of waves that are not the
 * cluster's own, which no compile of this cluster reads.
 */
export function saysWhen(pillar: PyDict, [, part, name]: JsonPath): boolean {
  if (part !== "waves") return true;
  const rollout = pillar.get("rollout");
  const wave = rollout instanceof PyDict ? (rollout.get("wave") ?? null) : null;
  return wave !== null && (name === undefined || name === wave);
}

/**
 * Reads pillar `rollout`:
 * ```yaml
 * rollout:
 *   wave: canary                      # of this cluster; usually in the pillar of an environment, zone or cluster
 *   waves:
 *     canary: {order: 1, soak: 30m}
 *     fra: {order: 2, soak: 1h, maxUnavailable: 2, approval: required, approved: [1f3c9a0]}
 *     rest: {order: 3, paused: true}
 * ```
 * A cluster without a wave waits for nobody: null.
 */
export function readRollout(value: Value | undefined, refuse: Refuse): Rollout | null {
  if (value === undefined || value === null) return null;
  if (!(value instanceof PyDict)) {
    refuse(["rollout"], "must be a mapping with wave and waves");
    return null;
  }
  const wave = value.get("wave") ?? null;
  const waves = value.get("waves") ?? null;
  if (waves !== null && !(waves instanceof PyDict))
    refuse(["rollout", "waves"], "must map names of waves to {order, soak, maxUnavailable}");
  if (wave === null) return null;
  if (typeof wave !== "string") {
    refuse(["rollout", "wave"], "must be the name of a wave");
    return null;
  }
  const settings = waves instanceof PyDict ? waves.get(wave) : undefined;
  if (!(settings instanceof PyDict)) {
    const names = waves instanceof PyDict ? [...waves.keys()].filter((name) => typeof name === "string") : [];
    const meant = suggest(wave, names);
    const advice = meant === undefined ? undefined : `did you mean ${meant}?`;
    refuse(["rollout", "wave"], `there is no wave ${wave}; rollout:waves has ${names.length === 0 ? "none" : names.join(", ")}`, advice);
    return null;
  }
  const at = ["rollout", "waves", wave];
  const order = settings.get("order");
  if (!isCount(order)) refuse([...at, "order"], "must be a whole number: waves go in this order");
  const soak = seconds(settings.get("soak") ?? 0);
  if (soak === undefined) refuse([...at, "soak"], "must be a duration such as 90s, 30m or 2h");
  const most = settings.get("maxUnavailable") ?? 1;
  if (!isCount(most) || Number(most) === 0) refuse([...at, "maxUnavailable"], "must be a whole number of clusters, at least 1");
  const paused = settings.get("paused") ?? false;
  if (typeof paused !== "boolean") refuse([...at, "paused"], "must be true or false");
  return {
    wave,
    order: Number(order),
    soak: soak ?? 0,
    maxUnavailable: Number(most),
    paused: paused === true,
    approved: approvals(settings, at, refuse),
  };
}

/**
 * When a cluster would get its release, of which nothing comes: clusters of later waves wait for it. Where that can't be told, as `rollout` itself is wrong, it
 * comes before all others, so that none goes that should have waited.
 */
export function rolloutOfFailed(rollout: Rollout | null, wrong: readonly JsonPath[]): Rollout | null {
  if (wrong.every(([top]) => top !== "rollout")) return rollout;
  const isOrdered = rollout !== null && isCount(rollout.order) && wrong.every(leavesOrder);
  if (isOrdered) return rollout;
  return { wave: rollout?.wave ?? "unknown", order: 0, soak: 0, maxUnavailable: 1, paused: false, approved: null };
}

/** Whether a wrong value says nothing about which wave comes when. */
function leavesOrder([top, part, , field]: JsonPath): boolean {
  return top !== "rollout" || (part === "waves" && field !== undefined && field !== "order");
}

function approvals(settings: PyDict, at: readonly string[], refuse: Refuse): readonly string[] | null {
  const approval = settings.get("approval") ?? "none";
  const approved = settings.get("approved") ?? [];
  if (approval !== "none" && approval !== "required") refuse([...at, "approval"], "must be required or none");
  if (!Array.isArray(approved) || !approved.every(isCommit)) {
    refuse([...at, "approved"], "must be a list of commits of the published branch, at least seven digits each, in quotes");
    return null;
  }
  return approval === "required" ? approved.filter(isCommit) : null;
}

function isCommit(value: Value): value is string {
  return typeof value === "string" && /^[0-9a-f]{7,64}$/.test(value);
}

function isCount(value: Value | undefined): value is number | bigint {
  return (typeof value === "number" || typeof value === "bigint") && Number.isSafeInteger(Number(value)) && Number(value) >= 0;
}

/** Whole seconds, of a number or a duration such as `30m`. */
function seconds(value: Value): number | undefined {
  if (isCount(value)) return Number(value);
  const milliseconds = typeof value === "string" ? duration(value) : undefined;
  return milliseconds === undefined || milliseconds % 1000 !== 0 ? undefined : milliseconds / 1000;
}

/** As it stands in release.yaml. */
export function rolloutValue({ wave, order, soak, maxUnavailable, paused, approved }: Rollout): PyDict {
  return PyDict.from({
    wave,
    order,
    ...(soak === 0 ? {} : { soakSeconds: soak }),
    maxUnavailable,
    ...(paused ? { paused } : {}),
    ...(approved === null ? {} : { approved: [...approved] }),
  });
}
