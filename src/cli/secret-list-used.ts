import { FindingError } from "../finding/index.ts";
import { lineTimes } from "../git/index.ts";
import { findReferences, formatReference, referenceName, type Reference } from "../sealed/index.ts";
import type { SecretFleet } from "./secret-fleet.ts";
import type { SecretAges } from "./secret-age.ts";
import type { Listed } from "./secret-list.ts";
import type { SealedUsage } from "./secret-usage.ts";
import { lineOf, treeTexts, type TreeText } from "./tree-texts.ts";

/** Why git can't say how old something is. */
export const NOT_COMMITTED = "not committed";

/** Whether the tree holds anything that only a compile can list: SealedSecrets, and references to what is kept elsewhere. */
export function hasUsed(texts: readonly TreeText[]): boolean {
  return texts.some(({ text }) => text.includes("SealedSecret") || /\?\{(?:barbican|secret):/.test(text));
}

/** What compiled output uses that is no file of the tree: SealedSecrets, secrets of Barbican, Secrets that are in the clusters already. */
export async function usedValues(fleet: SecretFleet, usage: SealedUsage, ask: Ask, failures: FindingError[]): Promise<Listed[]> {
  const places = new Places(fleet);
  try {
    return [
      ...(await sealedSecretValues(usage, places)),
      ...(await barbicanValues(fleet, usage, places, ask.offline, failures)),
      ...(await clusterValues(usage, places, ask.ages)),
    ];
  } finally {
    ask.ages?.close();
  }
}

/** Who is asked about values that are kept elsewhere. */
interface Ask {
  /** Barbican is not. */
  readonly offline: boolean;
  /** Undefined: clusters are not. */
  readonly ages: SecretAges | undefined;
}

/** A SealedSecret says nothing of the keys that open it: it is the controllers of the clusters that it is for. */
async function sealedSecretValues({ sealedSecrets }: SealedUsage, places: Places): Promise<Listed[]> {
  const values = new Map<string, { readonly name: string; readonly blob: string; readonly file: string; readonly clusters: Set<string> }>();
  for (const { cluster, file, found } of sealedSecrets)
    for (const [key, blob] of found.encrypted) {
      const name = `${found.namespace === null ? "" : `${found.namespace}/`}${found.name}#${key}`;
      const value = values.get(`${name} ${blob}`) ?? { name, blob, file, clusters: new Set<string>() };
      value.clusters.add(cluster);
      values.set(`${name} ${blob}`, value);
    }
  const listed: Listed[] = [];
  for (const { name, blob, file, clusters } of values.values()) {
    const place = await places.of((text) => text.indexOf(blob));
    const recipients = [...clusters].sort().map((cluster) => `sealed-secrets of ${cluster}`);
    listed.push({ kind: "sealed-secret", name, at: place?.at ?? file, ...since(place), recipients });
  }
  return listed.sort(byName);
}

async function barbicanValues(
  fleet: SecretFleet,
  { references }: SealedUsage,
  places: Places,
  offline: boolean,
  failures: FindingError[],
): Promise<Listed[]> {
  const used = references.flatMap(({ reference }) => (reference.kind === "barbican" ? [reference] : []));
  if (used.length === 0) return [];
  const service = offline || fleet.keys.barbican === null ? undefined : fleet.barbican();
  const listed: Listed[] = [];
  try {
    for (const reference of used) {
      const place = await places.ofReference(reference);
      const own = { kind: "barbican" as const, name: referenceText(reference), at: place?.at ?? "" };
      try {
        const found = await service?.find(reference.name);
        if (service === undefined || found === undefined) listed.push({ ...own, ...since(place), recipients: [] });
        else {
          const { project, users } = await service.readers(found.id);
          const recipients = [
            ...(project ? [`project ${fleet.keys.barbican?.project ?? "of the credential"}`] : []),
            ...users.map((user) => `user ${user}`),
          ];
          const stored = utc(found.created);
          const why = stored === null ? `Barbican says ${JSON.stringify(found.created)}, which is no time` : null;
          listed.push({ ...own, since: stored, why, committed: place?.time !== null, recipients });
        }
      } catch (error) {
        if (!(error instanceof FindingError)) throw error;
        failures.push(error);
        listed.push({ ...own, ...since(place), recipients: [] });
      }
    }
  } finally {
    await service?.wipe();
  }
  return listed;
}

/** Whoever may read Secrets of that namespace in the cluster; how old they are only the cluster knows. */
async function clusterValues({ references }: SealedUsage, places: Places, ages: SecretAges | undefined): Promise<Listed[]> {
  const listed: Listed[] = [];
  for (const { reference, clusters } of references) {
    if (reference.kind !== "secret") continue;
    const { namespace, name, key } = reference;
    const place = await places.ofReference(reference);
    const asked =
      ages === undefined ? undefined : await Promise.all(clusters.map(async (cluster) => await ages.of(cluster, namespace, name, key)));
    const oldest = (asked ?? []).flatMap((each) => each.since ?? []).sort()[0] ?? null;
    const why = asked === undefined ? "only the cluster knows: --kubeconfig" : `no cluster says: ${asked[0]?.why ?? "none uses it"}`;
    listed.push({
      kind: "secret",
      name: referenceText(reference),
      at: place?.at ?? "",
      since: oldest,
      why: oldest === null ? why : null,
      ...(asked !== undefined && { clusters: asked }),
      // It is in the cluster, whether what refers to it is committed or not.
      committed: oldest !== null || (place !== undefined && place.time !== null),
      recipients: clusters.map((cluster) => `readers in ${cluster}`),
    });
  }
  return listed;
}

function since(place: Place | undefined): Pick<Listed, "since" | "why" | "committed"> {
  const time = place?.time ?? null;
  const why = place === undefined ? "its text stands nowhere in the tree" : time === null ? NOT_COMMITTED : null;
  return { since: time === null ? null : new Date(time * 1000).toISOString(), why, committed: time !== null };
}

/** Barbican's times are UTC without saying so. */
function utc(time: string): string | null {
  const at = Date.parse(/(?:Z|[+-]\d\d:?\d\d)$/.test(time) ? time : `${time}Z`);
  return Number.isNaN(at) ? null : new Date(at).toISOString();
}

/** `barbican:ceph@2`, as references have it. */
function referenceText(reference: Reference): string {
  return formatReference({ ...reference, functions: [], digest: null }).slice(2, -1);
}

function byName(a: Listed, b: Listed): number {
  return a.name < b.name ? -1 : a.name > b.name ? 1 : a.at < b.at ? -1 : 1;
}

interface Place {
  readonly at: string;
  /** Seconds since 1970; null: not committed. */
  readonly time: number | null;
}

/** Where in the tree something stands first, and when that line was committed. */
class Places {
  readonly #fleet: SecretFleet;
  readonly #texts: readonly TreeText[];
  readonly #times = new Map<string, Awaited<ReturnType<typeof lineTimes>>>();

  constructor(fleet: SecretFleet) {
    this.#fleet = fleet;
    this.#texts = treeTexts(fleet.fleet, "all");
  }

  /** By the place of a reference, whatever its functions are. */
  ofReference(reference: Reference): Promise<Place | undefined> {
    const name = referenceName(reference);
    return this.of((text) => {
      if (!text.includes(`?{${reference.kind}:`)) return -1;
      const found = findReferences(text).find((each) => each.state === "whole" && referenceName(each.reference) === name);
      return found?.start ?? -1;
    });
  }

  async of(find: (text: string) => number): Promise<Place | undefined> {
    for (const file of this.#texts) {
      const offset = find(file.text);
      if (offset < 0) continue;
      const line = lineOf(file.text, offset);
      if (!this.#times.has(file.path)) this.#times.set(file.path, await lineTimes(this.#fleet.fleet.folder, file.path));
      return { at: `${file.name}:${line}`, time: this.#times.get(file.path)?.[line - 1]?.time ?? null };
    }
    return undefined;
  }
}
