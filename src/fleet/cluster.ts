import {
  addonOf,
  ADDONS_DIRECTORY,
  compileAddons,
  compileAlike,
  failureReasons,
  readAddonSettings,
  rolloutOfFailed,
  saysWhen,
  AddonCache,
  type AddonSettings,
  type CompiledAddons,
  type FailedFile,
  type LineSources,
  type ObjectSchema,
  type PolicySet,
  type Release,
  type SealedRead,
  type WrittenFile,
} from "../addon/index.ts";
import type { BundleSource } from "../bundle/index.ts";
import { FindingError, type Finding, type Position } from "../finding/index.ts";
import { str, type PyDict } from "../python/index.ts";
import type { JsonPath } from "../schema/index.ts";
import type { AllowedPlace, SealedTexts } from "../sealed/index.ts";
import type { AppliedStates, FailedSls, LeftToNode, MinionCompiler, PillarProvenance, PillarStage } from "../salt/index.ts";
import { leavesOf, valueAt } from "./changed-data.ts";
import { addonsOfFailedSls } from "./failed-sls.ts";
import type { Cluster } from "./roster.ts";
import { pillarFinding, type PillarProblem } from "./user-schemas.ts";

/** One cluster, compiled. */
export interface ClusterCompile {
  readonly cluster: Cluster;
  readonly release: Release;
  readonly findings: readonly Finding[];
  /** What the states also do, on the node itself: never executed. */
  readonly leftToNode: { readonly states: readonly LeftToNode[]; readonly files: readonly string[] };
  readonly sealedReads: readonly SealedRead[];
  /** One object for clusters of which all but their names, texts and digests is the same. Absent where that is not known. */
  readonly alike?: object | undefined;
  /** What was found wrong in pillar itself. Default: nothing. */
  readonly refused?: readonly PillarProblem[];
}

/** What the compile of one cluster needs beside the cluster. */
export interface ClusterInput {
  /** The cluster's Salt stages, failing SLS left out. With `trace` pillar keeps which line won. */
  readonly salt: (trace: boolean) => Pick<MinionCompiler, "pillar" | "low" | "files">;
  readonly schema: ObjectSchema;
  /** What clusters have in common in the second stage. Default: nothing. */
  readonly addons?: AddonCache;
  /** What stands behind references to sealed values. */
  readonly sealed: SealedTexts;
  /** Where they may stand beside the data of Secrets. */
  readonly allowed: readonly AllowedPlace[];
  /** CustomResourceDefinitions that clusters have without any addon bringing them. */
  readonly knownCrds: readonly PyDict[];
  readonly bundles: BundleSource;
  /** What objects are judged by. Default: nothing. */
  readonly policies?: PolicySet;
  /** Checks the merged pillar against the components' schemas. */
  readonly checkPillar: (pillar: PyDict, provenance: () => PillarProvenance | undefined) => readonly PillarProblem[];
}

/**
 * The whole compile of one cluster, from its grains to its release. Pure: same tree, same bytes.
 *
 * pillar → top → SLS → highstate → low chunks → files → addons → validated → release
 */
export function compileCluster(cluster: Cluster, input: ClusterInput): ClusterCompile {
  try {
    const salt = input.salt(false);
    const pillar = salt.pillar();
    if (hasErrors(pillar.findings) || pillar.messages.length > 0) return failedCluster(cluster, withMessages(pillar));
    const settings = readAddonSettings(pillar.value.data);
    const provenance = (): PillarProvenance | undefined => input.salt(true).pillar().value.provenance;
    const checked = input.checkPillar(pillar.value.data, provenance);
    const told = [...checked, ...settingsProblems(settings, checked, provenance)].map((problem) => ofRollout(problem, pillar.value.data));
    const pillarFindings = told.map((problem) => problem.finding);
    const problems = told.filter(({ finding }) => finding.severity === "error");
    const rollout = rolloutOfFailed(
      settings.rollout,
      problems.map(({ path }) => path),
    );
    const failed = (findings: readonly Finding[]): ClusterCompile => ({ ...failedCluster(cluster, findings, rollout), refused: problems });
    if (settings.problems.some(({ path }) => addonOfSettings(path) === undefined)) return failed([...pillar.findings, ...pillarFindings]);
    const low = salt.low();
    const lost = low.value === undefined ? undefined : addonsLost(low.value.failed, settings);
    if (low.value === undefined || lost === undefined) return failed([...pillarFindings, ...withMessages(low)]);
    const applied = salt.files();
    if (applied.value === undefined) return failed([...pillarFindings, ...withMessages(applied)]);
    const addons = {
      settings,
      schema: input.schema,
      knownCrds: input.knownCrds,
      bundles: input.bundles,
      ...(input.policies !== undefined && { policies: input.policies }),
      pillarLine: (path: JsonPath) => provenance()?.at(path)?.winner,
      sources: lineSources(applied.value),
      sealed: {
        texts: input.sealed,
        blocks: pillar.value.sealed,
        namedAt: (reference: string) => lineOfReference(reference, input.salt(true).pillar().value),
      },
      cache: input.addons ?? new AddonCache(input.allowed),
      ...(problems.length + lost.length === 0 && { common: applied.value.common }),
    };
    const compiled = compileAlike(addons) ?? compileFiles(applied.value, problems, lost, addons);
    if (compiled === undefined) return failed([...pillarFindings, ...applied.findings]);
    return {
      cluster,
      release: {
        state: "compiled",
        cluster: identityOf(cluster),
        addons: compiled.addons,
        sealed: compiled.sealed,
        rollout: settings.rollout,
      },
      findings: [...pillarFindings.filter(({ severity }) => severity !== "error"), ...applied.findings, ...compiled.findings],
      leftToNode: { states: applied.value.left, files: compiled.leftToNode },
      sealedReads: compiled.sealedReads,
      alike: told.length === 0 ? compiled.alike : undefined,
      refused: problems,
    };
  } catch (error) {
    if (!(error instanceof FindingError)) throw error;
    return failedCluster(cluster, error.findings);
  }
}

/** `undefined` where it can't be told which addon something is wrong with. */
function compileFiles(
  applied: AppliedStates,
  problems: readonly PillarProblem[],
  lost: readonly FailedFile[],
  addons: Parameters<typeof compileAlike>[0],
): CompiledAddons | undefined {
  const written = writtenFiles(applied);
  const wrong = addonsOfProblems(problems, addonsIn([...written, ...lost], addons.settings));
  if (wrong === undefined) return undefined;
  return compileAddons({ ...addons, written, failed: [...failedFiles(applied), ...lost, ...wrong] });
}

/** A cluster of which nothing is published. `rollout`: what others wait for it by. */
export function failedCluster(cluster: Cluster, findings: readonly Finding[], rollout: Release["rollout"] = null): ClusterCompile {
  return {
    cluster,
    release: { state: "failed", cluster: identityOf(cluster), why: failureReasons(findings), rollout },
    findings,
    leftToNode: { states: [], files: [] },
    sealedReads: [],
  };
}

function identityOf(cluster: Cluster): Release["cluster"] {
  return { id: cluster.id, az: cluster.az, kubernetes: cluster.kubernetes };
}

function hasErrors(findings: readonly Finding[]): boolean {
  return findings.some((finding) => finding.severity === "error");
}

/** A stage's findings; Salt's texts stand in where there is no finding for an error. */
function withMessages(stage: { readonly messages: readonly string[]; readonly findings: readonly Finding[] }): readonly Finding[] {
  if (hasErrors(stage.findings) || stage.messages.length === 0) return stage.findings;
  return [...stage.findings, { code: "salt", severity: "error", message: stage.messages.join("\n") }];
}

/**
 * A failing SLS fails the addons it would have written: those that pillar declares it to write, else those its text names.
 * `undefined` where that can't be told.
 */
function addonsLost(failed: readonly FailedSls[], settings: AddonSettings): FailedFile[] | undefined {
  const lost: FailedFile[] = [];
  for (const sls of failed) {
    const declared = [...settings.addons].filter(([, declaration]) => declaration.sls.includes(sls.sls)).map(([name]) => name);
    const names = declared.length > 0 ? declared : addonsOfFailedSls(sls.texts.join("\n"));
    if (names === undefined) return undefined;
    for (const name of names) lost.push({ path: `${ADDONS_DIRECTORY}${name}/`, id: "", sls: sls.sls, findings: sls.findings });
  }
  return lost;
}

/** What the second stage itself finds wrong in pillar, and no schema has told of already. */
function settingsProblems(
  { problems }: AddonSettings,
  told: readonly PillarProblem[],
  provenance: () => PillarProvenance | undefined,
): readonly PillarProblem[] {
  const places = new Set(told.map(({ path }) => JSON.stringify(path)));
  return problems
    .filter(({ path }) => !places.has(JSON.stringify(path)))
    .map(({ path, message, advice }) => {
      const said = { message: `pillar ${path.join(":")}: ${message}`, ...(advice !== undefined && { advice }) };
      const problem = { code: "pillar-addons", severity: "error" as const, ...said, pointer: path };
      return { path, addons: [], finding: pillarFinding(problem, provenance()) };
    });
}

/**
 * What is wrong in `rollout` fails the whole release of the clusters that it is read for, as when they get anything is then not known, and is a warning
 * to all others.
 */
function ofRollout(problem: PillarProblem, pillar: PyDict): PillarProblem {
  if (problem.path[0] !== "rollout") return problem;
  const { finding } = problem;
  if (!saysWhen(pillar, problem.path))
    return {
      ...problem,
      finding: { ...finding, severity: "warning", reason: "the releases of clusters in that wave fail for it, others do not" },
    };
  return {
    ...problem,
    finding: { ...finding, reason: "when the cluster gets anything is not known: its whole release fails, and no other cluster's" },
  };
}

/** The addon that a path `addons:NAME…` of pillar is about; `undefined` for another path. */
function addonOfSettings([top, name]: JsonPath): string | undefined {
  return top === "addons" && typeof name === "string" && /^\w[\w.-]*$/.test(name) ? name : undefined;
}

/** The addons that a cluster has or is told of. */
function addonsIn(files: readonly { readonly path: string }[], settings: AddonSettings): ReadonlySet<string> {
  return new Set([...files.flatMap((file) => addonOf(file.path)?.addon ?? []), ...settings.addons.keys()]);
}

/**
 * What is wrong below pillar `addons:NAME`, or below the key NAME of an addon's own, fails the addon NAME; below a key whose schema names
 * addons, those, also where the cluster has none of them: it may be what is wrong that keeps them away, and what is absent is pruned. `undefined` where nobody can tell whose it is.
 */
function addonsOfProblems(problems: readonly PillarProblem[], known: ReadonlySet<string>): FailedFile[] | undefined {
  const wrong: FailedFile[] = [];
  for (const { path, addons, finding } of problems) {
    const key = String(path[0] ?? "");
    const own = addonOfSettings(path);
    const owners = own !== undefined ? [own] : known.has(key) ? [key] : addons;
    if (owners.length === 0) return undefined;
    for (const owner of owners) wrong.push({ path: `${ADDONS_DIRECTORY}${owner}/`, id: "", sls: "", findings: [finding] });
  }
  return wrong;
}

/** The line of pillar that won with a text in which a reference stands. */
function lineOfReference(reference: string, { data, provenance }: PillarStage["value"]): Position | undefined {
  // Functions may follow within the braces.
  const forms = ["}", "|", ";"].map((end) => `${reference.slice(0, -1)}${end}`);
  const place = leavesOf(data).find((each) => {
    const value = valueAt(data, each);
    return typeof value === "string" && forms.some((form) => value.includes(form));
  });
  return place === undefined ? undefined : provenance?.at(place.map((step) => (typeof step === "number" ? step : str(step))))?.winner;
}

function writtenFiles(applied: AppliedStates): WrittenFile[] {
  return applied.files.flatMap((file) => (file.kind === "file" ? [file] : []));
}

function failedFiles(applied: AppliedStates): FailedFile[] {
  return applied.files.flatMap((file) => (file.kind === "error" ? [file] : []));
}

/** Renders a file again with a record of its lines, once for all its findings. */
function lineSources(applied: AppliedStates): LineSources {
  const traces = new Map<string, ReturnType<AppliedStates["traceFile"]>>();
  return (path, line) => {
    if (addonOf(path) === undefined) return [];
    if (!traces.has(path)) traces.set(path, applied.traceFile(path));
    return traces.get(path)?.at(line) ?? [];
  };
}
