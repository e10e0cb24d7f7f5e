import type { Release, ReleaseTexts } from "../addon/index.ts";
import type { Finding } from "../finding/index.ts";
import { publicSecretsIn } from "../policy/index.ts";
import type { ClusterCompile } from "./cluster.ts";
import type { Cluster } from "./roster.ts";

type FailedAddon = Extract<Extract<Release, { state: "compiled" }>["addons"][number], { state: "failed" }>;

/** What became of an addon. */
export type AddonOutcome =
  | {
      readonly state: "complete";
      readonly name: string;
      readonly objects: number;
      /** Values of Secrets that pillar calls public, as `NAMESPACE/NAME/KEY` with `*`. */
      readonly publicSecrets?: readonly string[];
    }
  | FailedAddon;

/** What became of a cluster. */
export type ReleaseOutcome =
  | { readonly state: "compiled"; readonly addons: readonly AddonOutcome[] }
  | Pick<Extract<Release, { state: "failed" }>, "state" | "why">;

/** One cluster's compile as it leaves the compiler: plain data, which goes from thread to thread and holds no objects in memory. */
export interface CompiledCluster {
  readonly cluster: Pick<Cluster, "id" | "az" | "kubernetes">;
  readonly release: ReleaseOutcome;
  /** The files of the cluster's folder in out/, by path within it. */
  readonly files: ReadonlyMap<string, string>;
  readonly findings: readonly Finding[];
  readonly leftToNode: ClusterCompile["leftToNode"];
}

/** Writes a release out as text and keeps of its objects only how many there are. */
export function compiledCluster({ release, findings, leftToNode }: ClusterCompile, texts: ReleaseTexts): CompiledCluster {
  return { cluster: release.cluster, release: outcomeOf(release), files: texts.files(release), findings, leftToNode };
}

function outcomeOf(release: Release): ReleaseOutcome {
  if (release.state === "failed") return { state: release.state, why: release.why };
  const addons = release.addons.map((addon): AddonOutcome => {
    if (addon.state === "failed") return addon;
    const publicSecrets = publicSecretsIn(addon.policies);
    return { state: addon.state, name: addon.name, objects: addon.objects.length, ...(publicSecrets.length > 0 && { publicSecrets }) };
  });
  return { state: release.state, addons };
}
