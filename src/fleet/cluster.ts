import { addonOf, compileAddons, failureReasons, readAddonSettings, type Addon, type ClusterIdentity, type FailedFile, type LineSources, type ObjectSchema, type Release, type WrittenFile } from "../addon/index.ts";
import { FindingError, type Finding } from "../finding/index.ts";
import type { PyDict } from "../python/index.ts";
import type { AppliedStates, LeftToNode, MinionCompile } from "../salt/index.ts";
import { addonsOfFailedSls } from "./failed-sls.ts";
import type { Cluster } from "./roster.ts";

/** One cluster, compiled. */
export interface ClusterCompile {
  readonly cluster: Cluster;
  readonly release: Release;
  readonly findings: readonly Finding[];
  /** What the states also do, on the node itself: never executed. */
  readonly leftToNode: { readonly states: readonly LeftToNode[]; readonly files: readonly string[] };
}

/** What the compile of one cluster needs beside the cluster. */
export interface ClusterInput {
  readonly salt: MinionCompile;
  readonly schema: ObjectSchema;
  /** CustomResourceDefinitions that clusters have without any addon bringing them. */
  readonly knownCrds: readonly PyDict[];
  /** Checks the merged pillar against the components' schemas. */
  readonly checkPillar: (pillar: PyDict) => readonly Finding[];
}

/**
 * The whole compile of one cluster, from its grains to its release. Pure: same tree, same bytes.
 *
 * pillar → top → SLS → highstate → low chunks → files → addons → validated → release
 */
export function compileCluster(cluster: Cluster, input: ClusterInput): ClusterCompile {
  try {
    const pillar = input.salt.pillar();
    const pillarErrors = pillar.findings.filter((finding) => finding.severity === "error");
    if (pillarErrors.length > 0) return failedCluster(cluster, pillar.findings);
    const settings = readAddonSettings(pillar.data);
    const pillarFindings = [...pillar.findings, ...settings.findings, ...input.checkPillar(pillar.data)];
    if (pillarFindings.some((finding) => finding.severity === "error")) return failedCluster(cluster, pillarFindings);
    const low = input.salt.lowLenient();
    const lost = addonsLost(low.failed);
    const slsFindings = low.failed.flatMap((failed) => [...failed.findings]);
    if (lost === "unknown" || low.fatal.length > 0) return failedCluster(cluster, [...pillarFindings, ...low.fatal, ...slsFindings]);
    const applied = input.salt.applyLenient();
    const compiled = compileAddons({
      written: writtenFiles(applied),
      failed: [...failedFiles(applied), ...lost],
      settings,
      schema: input.schema,
      knownCrds: input.knownCrds,
      sources: lineSources(applied),
    });
    const findings = [...pillarFindings, ...low.findings, ...applied.findings, ...compiled.findings];
    return {
      cluster,
      release: { state: "compiled", cluster: identityOf(cluster), addons: compiled.addons },
      findings,
      leftToNode: { states: applied.left, files: compiled.leftToNode },
    };
  } catch (error) {
    if (!(error instanceof FindingError)) throw error;
    return failedCluster(cluster, error.findings);
  }
}
