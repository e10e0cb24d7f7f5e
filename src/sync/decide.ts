import type { ReleasedRollout } from "./zone-release.ts";

/** What is known of one cluster of the own zone. */
export interface WaveCluster {
  readonly cluster: string;
  /** As the newest commit has it; null: it waits for nobody, and nobody for it. */
  readonly rollout: ReleasedRollout | null;
  /** What the newest commit wants of it. */
  readonly wanted: string;
  /** What it is kept at; null where it never was. */
  readonly held: string | null;
  /** Whether a commit that is approved has for this cluster what the newest one has. */
  readonly approved: boolean;
  /** Why what the newest commit has for it can't be applied at all. */
  readonly problem: string | null;
  /** Whether it is as `held` says, and works. */
  readonly well: boolean;
  /** Why it is not well; empty where it is. */
  readonly why: string;
  /** For how long it has been well with `held`, in seconds. */
  readonly wellSeconds: number;
}

/** What another zone says of one of its clusters. */
export interface ReportedWaveCluster {
  readonly cluster: string;
  readonly wave: string;
  readonly order: number;
  /** It has what the commit wants, was well with it for as long as its wave demands, and is. */
  readonly done: boolean;
  readonly why: string;
  /** It was given what the commit wants. */
  readonly has: boolean;
  /** It was given something and is not as that says, or does not work, or was not looked at since. */
  readonly ill: boolean;
  /** It gets nothing for now whatever the others of its wave do: it, or its wave, is paused, not approved or stopped. */
  readonly held: boolean;
}

/** Another zone, or another shard of the own one, as far as is known. */
export interface OtherZone {
  readonly az: string;
  /** Whether it is a shard of the own zone: its clusters count for `maxUnavailable`. */
  readonly own: boolean;
  /** Whether its report is about what the newest commit has for it. */
  readonly seen: boolean;
  /** Why it is not. */
  readonly why: string;
  readonly clusters: readonly ReportedWaveCluster[];
}

export type Decision =
  | { readonly go: true }
  /** It stays at what it is held at. */
  | { readonly go: false; readonly kind: "waits" | "paused" | "approval" | "stopped"; readonly reason: string };

const GO: Decision = { go: true };

/**
 * Which clusters of a zone may take what the newest commit has for them. Pure: the whole rollout is this function over what zones know of one another.
 *
 * A cluster goes when every cluster of a lower order, in every zone, has what the commit wants and was well with it for its soak time, and when less than
 * `maxUnavailable` others of its wave and zone are changing or ill. Whatever is not known counts as not done. What does not change a cluster goes at once.
 *
 * Shards of a zone decide apart, each by what the others have reported. They go in one order, by name: a cluster of another shard that comes before and is
 * not reported to have the release may be changing now, so that no two of them can take the same place.
 */
export function decide(clusters: readonly WaveCluster[], others: readonly OtherZone[]): ReadonlyMap<string, Decision> {
  const decisions = new Map<string, Decision>();
  /** Of those that were let go just now: they are changing. */
  const leaving = new Set<string>();
  const inOrder = [...clusters].sort((a, b) => (a.rollout?.order ?? 0) - (b.rollout?.order ?? 0) || compare(a.cluster, b.cluster));
  for (const cluster of inOrder) {
    const decision = decideOne(cluster, clusters, others, leaving);
    decisions.set(cluster.cluster, decision);
    if (decision.go && cluster.held !== cluster.wanted) leaving.add(cluster.cluster);
  }
  return decisions;
}

/** Whether a cluster has what is wanted of it, and has had it for long enough. */
export function isDone({ held, wanted, problem, well, wellSeconds, rollout }: WaveCluster): boolean {
  return held === wanted && problem === null && well && wellSeconds >= (rollout?.soakSeconds ?? 0);
}

/** Why a cluster of a wave is not done, in a sentence's part. */
export function whyNotDone(cluster: WaveCluster): string {
  const { held, wanted, problem, well, why, wellSeconds, rollout } = cluster;
  if (problem !== null) return problem;
  if (held !== wanted) return "it does not have this release yet";
  if (!well) return why === "" ? "nothing is known of it yet" : why;
  const left = Math.ceil((rollout?.soakSeconds ?? 0) - wellSeconds);
  return left > 0 ? `it is watched for ${duration(left)} more (soak ${duration(rollout?.soakSeconds ?? 0)})` : "";
}

function decideOne(
  cluster: WaveCluster,
  clusters: readonly WaveCluster[],
  others: readonly OtherZone[],
  leaving: ReadonlySet<string>,
): Decision {
  const { rollout } = cluster;
  if (cluster.problem !== null) return { go: false, kind: "stopped", reason: cluster.problem };
  if (rollout === null || cluster.held === cluster.wanted) return GO;
  const { wave, order } = rollout;
  if (rollout.paused)
    return {
      go: false,
      kind: "paused",
      reason: `wave ${wave} is paused (pillar rollout:waves:${wave}:paused); taking that out resumes it`,
    };
  if (rollout.approved !== null && !cluster.approved) {
    return {
      go: false,
      kind: "approval",
      reason: `wave ${wave} wants an approval: no commit of rollout:waves:${wave}:approved has this release for it`,
    };
  }
  const before = waitsFor(order, clusters, others);
  if (before !== undefined) return { go: false, kind: "waits", reason: before };
  const unseen = others.find((zone) => zone.own && !zone.seen);
  if (unseen !== undefined) return { go: false, kind: "waits", reason: `shard ${unseen.az} may have clusters of the wave: ${unseen.why}` };
  const absent: readonly Absent[] = [
    ...clusters
      .filter((each) => each.rollout?.wave === wave && each.cluster !== cluster.cluster)
      .filter((each) => leaving.has(each.cluster) || (each.held !== null && !each.well))
      .map((each) => ({ cluster: each.cluster, why: each.why, ill: !leaving.has(each.cluster) })),
    ...others
      .flatMap((zone) => (zone.own ? zone.clusters : []))
      .filter((each) => each.wave === wave && (each.ill || (!each.has && !each.held && compare(each.cluster, cluster.cluster) < 0)))
      .map((each) => ({ cluster: each.cluster, why: each.why, ill: each.ill })),
  ];
  if (absent.length >= rollout.maxUnavailable) {
    const ill = absent.filter((each) => each.ill);
    const [first] = ill;
    if (first !== undefined && ill.length >= rollout.maxUnavailable) {
      const many = `${ill.length} of at most ${rollout.maxUnavailable} clusters of wave ${wave}`;
      return { go: false, kind: "stopped", reason: `${many} may be changing or ill, and that many are: ${first.cluster}: ${first.why}` };
    }
    return {
      go: false,
      kind: "waits",
      reason: `${absent.map((each) => each.cluster).join(", ")} of wave ${wave} changes first: at most ${rollout.maxUnavailable} at a time`,
    };
  }
  return GO;
}

/** A cluster of the wave and zone that changes or is ill, or may be. */
interface Absent {
  readonly cluster: string;
  readonly why: string;
  readonly ill: boolean;
}

/** What a wave waits for; undefined for nothing. */
function waitsFor(order: number, clusters: readonly WaveCluster[], others: readonly OtherZone[]): string | undefined {
  for (const each of clusters) {
    if (each.rollout !== null && each.rollout.order < order && !isDone(each))
      return `wave ${each.rollout.wave} comes first: ${each.cluster}: ${whyNotDone(each)}`;
  }
  // Nothing comes before order 0, so that its waves need not wait for what other zones say.
  for (const zone of order === 0 ? [] : others) {
    if (!zone.seen) return `zone ${zone.az} may have clusters of an earlier wave: ${zone.why}`;
    for (const each of zone.clusters)
      if (each.order < order && !each.done) return `wave ${each.wave} comes first: ${each.cluster} in ${zone.az}: ${each.why}`;
  }
  return undefined;
}

/** `90s`, `15m`, `2h 5m`. */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 120) return `${whole}s`;
  if (whole < 7200) return `${Math.round(whole / 60)}m`;
  if (whole < 172_800) return `${Math.floor(whole / 3600)}h ${Math.round((whole % 3600) / 60)}m`;
  return `${Math.floor(whole / 86_400)}d ${Math.round((whole % 86_400) / 3600)}h`;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
