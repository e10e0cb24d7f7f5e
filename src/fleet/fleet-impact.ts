import { relative, resolve } from "node:path";
import { PyDict, type Value } from "../python/index.ts";
import type { FleetCompiler } from "./compile.ts";
import { ImpactTrial } from "./impact-trial.ts";
import { Impact, type ClusterImpact, type ImpactTarget, type ReachRecord } from "./impact.ts";
import type { Fleet } from "./load.ts";
import { kindOf } from "./partition.ts";
import { pillarKeysBehind, type PillarKeys } from "./pillar-keys.ts";
import { slsAt } from "./reach.ts";
import type { Cluster } from "./roster.ts";

/** What a user asks about. */
export type ImpactQuestion =
  | { readonly kind: "pillar" | "grain"; readonly keys: readonly string[] }
  /** A file of the fleet; absolute. */
  | { readonly kind: "path"; readonly path: string };

/** What is reached, by cluster; clusters that nothing reaches are left out. */
export interface FleetImpact {
  readonly clusters: ReadonlyMap<string, ClusterImpact>;
  /** Clusters of which there is no record: their reads can't be followed, so all of them may be reached. */
  readonly unknown: readonly string[];
  /** Clusters that would be reached if the value were set there, which it is not. */
  readonly unset: readonly string[];
  /**
   * Clusters for which the record is the answer, as they are of more kinds than are tried: every file is named whose template looked at the
   * value, also where the value changes nothing in it.
   */
  readonly untried: readonly string[];
  /** Why the whole fleet is: a file that every cluster hangs on. */
  readonly everything?: string;
}

export interface ImpactOptions {
  /** Try other values in every kind of cluster, however many there are. Default: where they are 12 at most. */
  readonly tryAll?: boolean;
}

/** What a change reaches in the fleet, from the records of what was read. `undefined`: nothing in the fleet ever asks for it. */
export function impactOn(
  compiler: FleetCompiler,
  clusters: readonly Cluster[],
  records: ReadonlyMap<string, ReachRecord>,
  question: ImpactQuestion,
  { tryAll = false }: ImpactOptions = {},
): FleetImpact | undefined {
  const impact = new Impact();
  switch (question.kind) {
    case "pillar":
      return onPillar(compiler, impact, clusters, records, question.keys, tryAll);
    case "grain":
      return onGrain(compiler, impact, clusters, records, question.keys);
    default:
      return onPath(compiler, impact, clusters, records, question.path);
  }
}

type Records = ReadonlyMap<string, ReachRecord>;

const EMPTY: ReachRecord = { reach: "", sets: [], files: [] };

/** Of more kinds of clusters than these the record is the answer: trying takes a compile of each. */
const MOST_KINDS = 12;
const MOST_CLUSTERS = 24;

function onPillar(
  compiler: FleetCompiler,
  impact: Impact,
  clusters: readonly Cluster[],
  records: Records,
  keys: readonly string[],
  tryAll: boolean,
): FleetImpact | undefined {
  const of = (cluster: Cluster): ReachRecord => records.get(cluster.id) ?? EMPTY;
  const trial = new ImpactTrial(compiler);
  // The record knows only of what was asked for; of a few clusters pillar itself says it.
  const few = tryAll || clusters.length <= MOST_CLUSTERS;
  const isSet = new Map(clusters.map((cluster) => [cluster.id, few ? trial.isSet(cluster, keys) : impact.isSet(of(cluster), keys)]));
  const somewhere = [...isSet.values()].includes(true);
  const target: ImpactTarget = { kind: "pillar", keys };
  const kinds = new Set(clusters.filter((cluster) => isSet.get(cluster.id) === true).map(kindOf));
  const narrowed = new Map<string, ClusterImpact>();
  const untried: string[] = [];
  const narrow = (cluster: Cluster, recorded: ClusterImpact): ClusterImpact => {
    if (!tryAll && kinds.size > MOST_KINDS) {
      if (recorded.files.length > 0) untried.push(cluster.id);
      return recorded;
    }
    const alike = JSON.stringify([kindOf(cluster), of(cluster).reach]);
    let answer = narrowed.get(alike);
    if (answer === undefined) narrowed.set(alike, (answer = trial.narrow(cluster, keys, recorded) ?? recorded));
    return answer;
  };
  const found = collect(clusters, records, (cluster) => {
    const set = isSet.get(cluster.id) === true;
    const recorded = set || !somewhere ? impact.of(of(cluster), target, set) : undefined;
    return recorded === undefined || !set || keys[0] === "addons" || keys[0] === "halite" ? recorded : narrow(cluster, recorded);
  });
  const unset = clusters.filter(
    (cluster) => somewhere && isSet.get(cluster.id) === false && impact.of(of(cluster), target, false).files.length > 0,
  );
  const asked = clusters.some((cluster) => impact.isSet(of(cluster), keys) !== undefined);
  if (found.clusters.size === 0 && unset.length === 0 && !asked) return undefined;
  return { ...found, unset: unset.map((cluster) => cluster.id), untried };
}

function onGrain(
  compiler: FleetCompiler,
  impact: Impact,
  clusters: readonly Cluster[],
  records: Records,
  keys: readonly string[],
): FleetImpact | undefined {
  const behind = pillarKeysBehind(compiler, clusters, keys);
  const known = new Map<string, Map<string, ClusterImpact>>();
  const found = collect(clusters, records, (cluster) => {
    const record = records.get(cluster.id) ?? EMPTY;
    const kind = kindOf(cluster);
    let ofKind = known.get(kind);
    if (ofKind === undefined) known.set(kind, (ofKind = new Map()));
    let answer = ofKind.get(record.reach);
    if (answer === undefined) ofKind.set(record.reach, (answer = compute(record, behind.get(kind) ?? [])));
    return answer;
  });
  const asked = found.clusters.size + found.unknown.length > 0 || clusters.some((cluster) => compiler.pillarAsksFor(cluster, keys));
  return asked ? found : undefined;

  function compute(record: ReachRecord, paths: PillarKeys): ClusterImpact {
    const direct = [true, false].map((present) => impact.of(record, { kind: "grains", keys }, present));
    const byId = keys[0] === "id" ? [impact.of(record, { kind: "id", keys: [] })] : [];
    return joined([...direct, ...byId, ...throughPillar(impact, record, paths)]);
  }
}

/** Pillar values that become other, vanish or appear reach whoever reads them, or their absence. */
function throughPillar(impact: Impact, record: ReachRecord, paths: PillarKeys): ClusterImpact[] {
  return paths.flatMap((keys) => [true, false].map((present) => impact.of(record, { kind: "pillar", keys }, present)));
}

function onPath(
  compiler: FleetCompiler,
  impact: Impact,
  clusters: readonly Cluster[],
  records: Records,
  path: string,
): FleetImpact | undefined {
  const { fleet } = compiler;
  const inFleet = relative(fleet.folder, path);
  if (inFleet === fleet.configFile || inFleet === fleet.config.roster || inFleet.startsWith("schemas/"))
    return { ...collect(clusters, records, (cluster) => impact.of(records.get(cluster.id) ?? EMPTY, EVERYTHING)), everything: inFleet };
  const states = questionsOf(fleet.config.fileRoots, "file_roots", fleet, path);
  const pillar = questionsOf(fleet.config.pillarRoots, "pillar_roots", fleet, path);
  const sealed = questionsOf(new Map([["base", [fleet.config.sealed.root]]]), "sealed", fleet, path);
  if (states.length + pillar.length + sealed.length === 0) return undefined;
  const asked = [...states, ...pillar, ...sealed];
  const askers = new Set(clusters.filter((cluster) => asksFor(records.get(cluster.id), asked)).map(({ id }) => id));
  const keysOf = pillarKeysOf(compiler, path);
  const found = collect(clusters, records, (cluster) => {
    if (!askers.has(cluster.id)) return undefined;
    const record = records.get(cluster.id) ?? EMPTY;
    const direct = states.length === 0 ? [] : [impact.of(record, { kind: "file", questions: states, sls: slsAt(states[0] ?? "") })];
    const opened = sealed.length === 0 ? [] : [impact.of(record, { kind: "file", questions: sealed, sls: undefined })];
    const values = pillar.length === 0 ? [] : keysOf(cluster).map((keys) => impact.of(record, { kind: "pillar", keys }));
    return joined([...direct, ...opened, ...values]);
  });
  return askers.size === 0 && found.unknown.length === 0 ? undefined : found;
}

const EVERYTHING: ImpactTarget = { kind: "everything" };

/** The values that a pillar file gives a cluster; all of them where the file gives none itself, but decides about others. */
function pillarKeysOf(compiler: FleetCompiler, path: string): (cluster: Cluster) => PillarKeys {
  return (cluster) => {
    const { data, provenance } = compiler.pillarProvenanceOf(cluster);
    const keys = [...leaves(data)].filter((at) => {
      const file = provenance?.at(at)?.winner.file;
      return file !== undefined && resolve(compiler.fleet.folder, file) === path;
    });
    return keys.length === 0 ? [[]] : keys.map((at) => at.map(String));
  };
}

function* leaves(value: Value, path: readonly Value[] = []): Generator<readonly Value[]> {
  if (value instanceof PyDict && value.size > 0) for (const [key, item] of value.entries()) yield* leaves(item, [...path, key]);
  else yield path;
}

/** How compiles ask for a file, in every environment that it is in. */
function questionsOf(roots: ReadonlyMap<string, readonly string[]>, name: string, fleet: Fleet, path: string): readonly string[] {
  return [...roots].flatMap(([saltenv, folders]) =>
    folders.flatMap((folder) => {
      const within = relative(resolve(fleet.folder, folder), path);
      return within === "" || within.startsWith("..") ? [] : [[name, "find", saltenv, within].join("\0")];
    }),
  );
}

function asksFor(record: ReachRecord | undefined, questions: readonly string[]): boolean {
  return record?.files.some((file) => questions.includes(file)) === true;
}

function collect(clusters: readonly Cluster[], records: Records, of: (cluster: Cluster) => ClusterImpact | undefined): FleetImpact {
  const found = new Map<string, ClusterImpact>();
  const unknown: string[] = [];
  for (const cluster of clusters) {
    if ((records.get(cluster.id)?.reach ?? "") === "") unknown.push(cluster.id);
    const reached = of(cluster);
    if (reached !== undefined && reached.files.length + reached.mayBring.length > 0) found.set(cluster.id, reached);
  }
  return { clusters: found, unknown, unset: [], untried: [] };
}

/** What several changes reach together. */
function joined(all: readonly ClusterImpact[]): ClusterImpact {
  const files = new Map(all.flatMap((each) => each.files).map((file) => [`${file.addon}/${file.file}`, file]));
  return { files: [...files.values()], mayBring: [...new Set(all.flatMap((each) => each.mayBring))] };
}
