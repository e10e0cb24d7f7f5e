import { FindingError, type Finding, type Position } from "../finding/index.ts";
import { PyDict, repr, type Value } from "../python/index.ts";
import { loadSalt, type DataPositions } from "../yaml/index.ts";
import type { FileSchema } from "./user-schemas.ts";

/** One cluster of the roster: to Salt's machinery a minion. */
export interface Cluster {
  readonly id: string;
  /** Failure domain; the folder of out/ it is in. */
  readonly az: string;
  /** Address of the API server, where the roster has it. */
  readonly host: string | null;
  /** The Kubernetes version, such as `1.36`. */
  readonly kubernetes: string;
  /** Grains as the roster has them, with `id`; `kubernetes` filled in where it was absent. */
  readonly grains: PyDict;
  readonly at: Position;
}

export interface Roster {
  /** Sorted by id. */
  readonly clusters: readonly Cluster[];
  readonly findings: readonly Finding[];
}

const SEGMENT = /^[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?$/;

/**
 * Reads a roster in salt-ssh's shape, with `minion_opts: {grains: …}` per cluster.
 *
 * @param defaultKubernetes for clusters without a `kubernetes` grain
 * @param schema what a roster may hold; where it does not fit, that is all that is said
 * @throws FindingError where the file is no YAML
 */
export function parseRoster(text: string, file: string, defaultKubernetes: string, schema?: FileSchema): Roster {
  const { value: data, positions } = loadSalt(text, { file, positions: true });
  const wrong = schema?.check(data ?? new PyDict(), placesIn(data, positions, file)) ?? [];
  if (wrong.length > 0) return { clusters: [], findings: wrong };
  if (data !== null && !(data instanceof PyDict)) {
    throw new FindingError({
      code: "roster-invalid",
      severity: "error",
      message: "the roster must map cluster ids to their settings",
      at: { file },
    });
  }
  const clusters: Cluster[] = [];
  const findings: Finding[] = [];
  const defaulted: string[] = [];
  const roster = data ?? new PyDict();
  for (const [id, entry] of roster.entries()) {
    const place = positions.at(roster, id);
    const at: Position = { file, ...place };
    const refuse = (message: string, advice?: string): void => {
      findings.push({ code: "roster-invalid", severity: "error", message, at, ...(advice === undefined ? {} : { advice }) });
    };
    if (typeof id !== "string") {
      refuse(`a cluster's id must be a string, not ${repr(id)}`, "write it with quotes");
      continue;
    }
    if (!SEGMENT.test(id)) {
      refuse(`the cluster id ${JSON.stringify(id)} can't name a folder: use letters, digits, '.', '_' and '-'`);
      continue;
    }
    const cluster = readCluster(id, entry, at, defaultKubernetes, refuse);
    if (cluster === undefined) continue;
    if (cluster.defaulted) defaulted.push(id);
    clusters.push(cluster.cluster);
  }
  if (defaulted.length > 0) {
    findings.push({
      code: "roster-kubernetes-default",
      severity: "note",
      message: `${defaulted.length} of ${clusters.length} clusters have no kubernetes grain; taken as ${defaultKubernetes}: ${listed(defaulted)}`,
      at: { file },
    });
  }
  clusters.sort((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0));
  return { clusters, findings };
}

/** The place of the entry that a path leads to, or of the nearest one above it. */
export function placesIn(data: Value, positions: DataPositions, file: string): (path: readonly (string | number)[]) => Position {
  return (path) => {
    let best: Position = { file };
    let value: Value | undefined = data;
    for (const step of path) {
      const container: Value | undefined = value;
      if (container instanceof PyDict) value = container.get(step);
      else if (Array.isArray(container) && typeof step === "number") value = container[step];
      else break;
      const place = positions.at(container, step);
      if (place !== undefined) best = { file, ...place };
      if (value === undefined) break;
    }
    return best;
  };
}

function readCluster(
  id: string,
  entry: Value,
  at: Position,
  defaultKubernetes: string,
  refuse: (message: string, advice?: string) => void,
): { readonly cluster: Cluster; readonly defaulted: boolean } | undefined {
  if (!(entry instanceof PyDict)) {
    refuse(`cluster ${id} must be a mapping with minion_opts`);
    return undefined;
  }
  const options = entry.get("minion_opts");
  const grains = options instanceof PyDict ? options.get("grains") : undefined;
  if (!(grains instanceof PyDict)) {
    refuse(`cluster ${id} has no minion_opts:grains`, "write `minion_opts: {grains: {az: …}}` as for salt-ssh");
    return undefined;
  }
  const az = grains.get("az");
  if (typeof az !== "string" || !SEGMENT.test(az)) {
    refuse(`cluster ${id} has no grain az, or it can't name a folder`, "every cluster belongs to one availability zone");
    return undefined;
  }
  const kubernetes = grains.get("kubernetes");
  if (kubernetes !== undefined && typeof kubernetes !== "string") {
    refuse(`the grain kubernetes of cluster ${id} must be a string`, 'YAML reads 1.30 as the number 1.3: write it with quotes, "1.30"');
    return undefined;
  }
  const host = entry.get("host");
  const all = PyDict.of([...grains.entries()]);
  all.set("id", id);
  if (kubernetes === undefined) all.set("kubernetes", defaultKubernetes);
  return {
    cluster: { id, az, host: typeof host === "string" ? host : null, kubernetes: kubernetes ?? defaultKubernetes, grains: all, at },
    defaulted: kubernetes === undefined,
  };
}

/** The first few of a list of names, and how many more there are. */
export function listed(names: readonly string[], most = 3): string {
  const shown = names.slice(0, most).join(", ");
  return names.length > most ? `${shown} and ${names.length - most} more` : shown;
}
