import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { AddonCache, ReleaseTexts, type ObjectSchema } from "../addon/index.ts";
import { FindingError, type Finding } from "../finding/index.ts";
import { PyDict } from "../python/index.ts";
import { Memo } from "../memo/index.ts";
import { matches, SaltCompiler, SharedStates, testId } from "../salt/index.ts";
import { KubernetesSchemas, UnknownVersionError } from "../schema/index.ts";
import { loadKubernetes } from "../yaml/index.ts";
import { compileCluster, failedCluster, type ClusterCompile } from "./cluster.ts";
import { compiledCluster, type CompiledCluster } from "./compiled.ts";
import { minionOfCluster, type Fleet } from "./load.ts";
import { PillarSchemas } from "./user-schemas.ts";
import type { Cluster } from "./roster.ts";

type Provenance = Parameters<Parameters<typeof compileCluster>[1]["checkPillar"]>[1];

/** What one run keeps over all its clusters: compiled templates, schemas, custom resources. */
export class FleetCompiler {
  readonly fleet: Fleet;
  get memoCounts(): unknown { return this.#memo?.counts; }
  readonly #salt = new SaltCompiler();
  readonly #memo: Memo | undefined;
  readonly #shared = new SharedStates();
  readonly #addons = new AddonCache();
  readonly #texts = new ReleaseTexts();
  readonly #schemas: KubernetesSchemas;
  readonly #knownCrds: readonly PyDict[];
  readonly #pillarSchemas: PillarSchemas;

  /** `home` is the folder of the program, in which schemas/kubernetes/ lies. */
  constructor(fleet: Fleet, home: string, { memo = true }: { readonly memo?: boolean } = {}) {
    this.#memo = memo ? new Memo(testClusterId) : undefined;
    this.fleet = fleet;
    this.#schemas = kubernetesSchemas(home);
    this.#knownCrds = readCrds(fleet.folder);
    this.#pillarSchemas = PillarSchemas.in(fleet.folder);
  }

  /**
   * The clusters that a compound target picks; all without one. Pillar is compiled only for targets that ask for it.
   *
   * @throws FindingError `target-empty`, or what Salt says of a target it can't read
   */
  select(target: string | undefined): readonly Cluster[] {
    const all = this.fleet.roster.clusters;
    if (target === undefined) return all;
    const picked = all.filter((cluster) => {
      const minion = minionOfCluster(this.fleet, cluster);
      const pillar = (): PyDict => this.#salt.forMinion(minion).pillar().value.data;
      return matches({ id: minion.id, grains: minion.grains, pillar, nodegroups: minion.opts.get("nodegroups") ?? new PyDict() }, target);
    });
    if (picked.length > 0) return picked;
    throw new FindingError({
      code: "target-empty",
      severity: "error",
      message: `no cluster of the roster matches ${JSON.stringify(target)}`,
      advice: `targets are Salt's compound matcher over ids, grains and pillar; the roster has ${all.length} clusters`,
    });
  }

  /** The same, written out as text. */
  compileToText(cluster: Cluster): CompiledCluster {
    return compiledCluster(this.compile(cluster), this.#texts);
  }

  /** Compiles one cluster. Whatever is wrong with it is among its findings; an error that is thrown is a bug. */
  compile(cluster: Cluster): ClusterCompile {
    let schema: ObjectSchema;
    try {
      schema = this.#schemas.forVersion(cluster.kubernetes);
    } catch (error) {
      if (!(error instanceof UnknownVersionError)) throw error;
      return failedCluster(cluster, [
        { code: "roster-kubernetes-version", severity: "error", message: `cluster ${cluster.id}: ${error.message}`, at: cluster.at },
      ]);
    }
    const minion = minionOfCluster(this.fleet, cluster);
    const input = {
      salt: (trace: boolean) => this.#salt.forMinion(minion, { trace, lenient: true }),
      schema,
      knownCrds: this.#knownCrds,
      checkPillar: (pillar: PyDict, provenance: Provenance) => this.#pillarSchemas.check(pillar, provenance),
    };
    if (this.#memo === undefined) return compileCluster(cluster, input);
    const shared = this.#salt.forSharing(minion, this.#memo, this.#shared);
    const compiled = compileCluster(cluster, { ...input, salt: (trace) => (trace ? input.salt(true) : shared), addons: this.#addons });
    return shared.alone ? compileCluster(cluster, input) : compiled;
  }
}

function testClusterId(kind: string, pattern: string, id: string): boolean {
  if (kind !== "glob" && kind !== "pcre" && kind !== "list") throw new Error(`there is no test ${kind} of an id`);
  return testId(kind, pattern, id);
}

/** The schemas that come with the program; files are read when they are needed. */
export function kubernetesSchemas(home: string): KubernetesSchemas {
  return KubernetesSchemas.load((path) => readFileSync(join(home, "schemas/kubernetes", path), "utf8"));
}

/** CustomResourceDefinitions in schemas/crds/ of the fleet's folder. @throws FindingError where one can't be read */
function readCrds(folder: string): PyDict[] {
  const directory = join(folder, "schemas/crds");
  let names: string[];
  try {
    names = readdirSync(directory);
  } catch {
    return [];
  }
  return names
    .filter((name) => /\.ya?ml$/.test(name))
    .sort()
    .flatMap((name) => loadKubernetes(readFileSync(join(directory, name), "utf8"), { file: `schemas/crds/${name}` }))
    .flatMap((document) =>
      document.value instanceof PyDict && document.value.get("kind") === "CustomResourceDefinition" ? [document.value] : [],
    );
}

/** The files of out/ for the clusters given: paths relative to out/. */
export function outFiles(compiles: readonly CompiledCluster[]): ReadonlyMap<string, string> {
  const files = new Map<string, string>();
  for (const { cluster, files: own } of compiles) {
    for (const [path, text] of own) files.set(`${cluster.az}/${cluster.id}/${path}`, text);
  }
  return files;
}

/** Findings by cluster, with the roster's own under null. */
export function findingsByCluster(fleet: Fleet, compiles: readonly CompiledCluster[]): [string | null, readonly Finding[]][] {
  return [[null, fleet.findings], ...compiles.map((compile): [string, readonly Finding[]] => [compile.cluster.id, compile.findings])];
}
