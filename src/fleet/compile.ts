import { readFileSync } from "node:fs";
import { join } from "node:path";
import {
  AddonCache,
  addonOf,
  readAddonSettings,
  ReleaseTexts,
  type ObjectSchema,
  type PolicySet,
  type WrittenFile,
} from "../addon/index.ts";
import { FindingError, type Finding } from "../finding/index.ts";
import { deepCopy, PyDict } from "../python/index.ts";
import { FileAnswers } from "./cache/file-answers.ts";
import type { CacheFolder } from "./cache/folder.ts";
import { MemoStore } from "./cache/memo-store.ts";
import { RunState } from "./cache/run-state.ts";
import { kindOf, rosterText } from "./partition.ts";
import { reachOf, ReachSets, sealedQuestions, type Reach } from "./reach.ts";
import { Memo, packRecords } from "../memo/index.ts";
import {
  followedRoots,
  matches,
  SaltCompiler,
  SharedStates,
  testId,
  type Minion,
  type PillarProvenance,
  type PillarStage,
  type SharedMinionCompiler,
} from "../salt/index.ts";
import { SealedTexts } from "../sealed/index.ts";
import { KubernetesSchemas, UnknownVersionError } from "../schema/index.ts";
import { loadKubernetes } from "../yaml/index.ts";
import { compileCluster, failedCluster, type ClusterCompile } from "./cluster.ts";
import { compiledCluster, type CompiledCluster } from "./compiled.ts";
import { settingsDigest } from "./input-digest.ts";
import { holdBack, pillarWithoutRefused } from "./held-back.ts";
import { minionOfCluster, SharedMinions, type Fleet } from "./load.ts";
import { fleetPolicies } from "./fleet-policies.ts";
import { PillarSchemas } from "./user-schemas.ts";
import type { Cluster } from "./roster.ts";

type Provenance = Parameters<Parameters<typeof compileCluster>[1]["checkPillar"]>[1];

/** One cluster's compile with what was read for it. */
export interface FollowedCompile {
  readonly compiled: CompiledCluster;
  /** Every question about files that was asked, by number (`fileQuestion`); `undefined` where reads were not followed. */
  readonly questions: readonly number[] | undefined;
  /** `undefined` also where it came to no files. */
  readonly reach: Reach | undefined;
  /** One object for clusters that have the same reach, outcome and findings. Absent where that is not known. */
  readonly alike: object | undefined;
}

/** One cluster's compile with the compiler that knows what was read or, of a cluster compiled by itself, the questions about files. */
interface FollowedSalt {
  readonly compile: ClusterCompile;
  readonly followed?: SharedMinionCompiler;
  readonly asked?: () => readonly string[];
  /** Questions about files that were asked beside, for a compile without what pillar has wrong. */
  readonly beside?: () => readonly string[];
}

/** What one run keeps over all its clusters: compiled templates, schemas, custom resources. */
export class FleetCompiler {
  readonly fleet: Fleet;
  readonly #salt = new SaltCompiler();
  readonly #memo: Memo | undefined;
  #inputs: string | undefined;
  #sets: ReachSets | undefined;
  readonly #shared = new SharedStates();
  readonly #minions: SharedMinions;
  readonly #addons: AddonCache;
  readonly #sealed: SealedTexts;
  readonly #texts = new ReleaseTexts();
  readonly #knownCrds: readonly PyDict[];
  readonly #pillarSchemas: PillarSchemas;
  readonly #policies: PolicySet;

  /**
   * `beside`: the compiler of another state of the fleet, whose manifests, parsed and checked, are taken over where they have the same text.
   *
   * @throws FindingError where a schema or a policy of the fleet can't be read
   */
  constructor(fleet: Fleet, { memo = true, beside }: { readonly memo?: boolean; readonly beside?: FleetCompiler } = {}) {
    this.#memo = memo ? new Memo(testClusterId) : undefined;
    this.fleet = fleet;
    this.#minions = new SharedMinions(fleet);
    this.#addons = beside?.inputs === this.inputs ? beside.#addons : new AddonCache(fleet.config.sealed.allow);
    this.#sealed = sealedTexts(fleet);
    this.#knownCrds = readCrds(fleet);
    this.#pillarSchemas = PillarSchemas.in(fleet);
    this.#policies = fleetPolicies(fleet, () => fleet.schemas.forVersion(fleet.schemas.versions.at(-1) ?? ""));
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
    return this.compileFollowed(cluster).compiled;
  }

  /** The same with every question about files that it asked; `undefined` where they were not followed. */
  compileFollowed(cluster: Cluster): FollowedCompile {
    const { compile, followed, asked, beside } = this.#compile(cluster);
    const compiled = compiledCluster(compile, this.#texts);
    const memo = this.#memo;
    if (memo === undefined) return { compiled, questions: undefined, reach: undefined, alike: undefined };
    const sealed = [...sealedQuestions(compile.sealedReads), ...(beside?.() ?? [])].map((question) => memo.file(question));
    if (followed === undefined) {
      const questions = asked === undefined ? undefined : [...asked().map((question) => memo.file(question)), ...sealed];
      return { compiled, questions, reach: undefined, alike: undefined };
    }
    return {
      compiled,
      questions: [...followed.tracker.files(), ...sealed],
      reach: this.#reachOf(compile, followed, (this.#sets ??= new ReachSets(memo))),
      alike: compile.alike,
    };
  }

  /** A question about files by its number, see `FileAnswers`. */
  fileQuestion(number: number): string {
    return this.#memo?.fileQuestion(number) ?? "";
  }

  #reachOf(compile: ClusterCompile, followed: SharedMinionCompiler, sets: ReachSets): Reach | undefined {
    const known = compile.alike === undefined ? undefined : this.#reaches.get(compile.alike);
    if (known !== undefined) return known;
    const reads = followed.reads();
    if (reads === undefined) return undefined;
    const reach = reachOf(compile, readAddonSettings(followed.pillar().value.data), reads, followed.tracker, sets);
    if (compile.alike !== undefined) this.#reaches.set(compile.alike, reach);
    return reach;
  }
  /** By what clusters that are alike have in common. */
  readonly #reaches = new WeakMap<object, Reach>();

  /** Compiles one cluster, with every question about files that it asked; `undefined` where they were not followed. */
  compileAsked(cluster: Cluster): { readonly compile: ClusterCompile; readonly questions: readonly string[] | undefined } {
    const own = this.#compile(cluster);
    return { compile: own.compile, questions: this.#questions(own) };
  }

  /** A cluster's pillar; empty where it can't be compiled. */
  pillarOf(cluster: Cluster): PyDict {
    if (this.#memo === undefined) return this.#salt.forMinion(minionOfCluster(this.fleet, cluster)).pillar().value.data;
    return this.#salt.forSharing(this.#minions.of(cluster), this.#memo, this.#shared).pillar().value.data;
  }

  /** Whether a cluster's pillar, or a target of its top file, asks for a grain. */
  pillarAsksFor(cluster: Cluster, [name = ""]: readonly string[]): boolean {
    const memo = this.#memo;
    if (memo === undefined) return true;
    const compiler = this.#salt.forSharing(this.#minions.of(cluster), memo, this.#shared);
    compiler.pillar();
    return compiler.tracker.questions().some((question) => {
      const path = memo.paths.at(question >> 2);
      return path?.key === name && path.parent === memo.root("grains");
    });
  }

  /** Which line of which pillar file won, of a cluster. */
  pillarProvenanceOf(cluster: Cluster): { readonly data: PyDict; readonly provenance: PillarProvenance | undefined } {
    const { data, provenance } = this.#salt.forMinion(minionOfCluster(this.fleet, cluster), { trace: true }).pillar().value;
    return { data, provenance };
  }

  /** The sets of reads that reaches name by number. */
  get reachSets(): readonly string[] {
    return this.#sets?.list ?? [];
  }

  /**
   * Has the compiles go on from earlier runs' renders, and gives what leaves this one's for later. `work`: what is to be done, in milliseconds;
   * `before`: a compiler of another state of the fleet, whose renders count too.
   */
  continueFrom(
    cache: CacheFolder | undefined,
    answers: FileAnswers,
    work: number,
    before?: { readonly compiler: FleetCompiler; readonly answers: FileAnswers },
  ): { readonly keep: (now: Date) => void } {
    const memo = this.#memo;
    if (memo === undefined) return { keep: () => undefined };
    const store = new MemoStore(cache, answers);
    const other = before === undefined ? undefined : before.compiler.#memo;
    const more = other === undefined ? [] : [packRecords(other, other.fresh, (question) => before?.answers.answer(question) ?? "")];
    store.open(memo, this.#addons, work, more);
    return { keep: (now) => store.keep(memo, this.#addons, now) };
  }

  /** What earlier runs have left in a cache of the clusters as they are in `out`. */
  stateIn(cache: CacheFolder, out: string): RunState {
    return new RunState(cache, this.inputs, out, new FileAnswers(this.fleet));
  }

  /** How many clusters something may have changed for since an earlier run, and of how many kinds they are. */
  workOf(clusters: readonly Cluster[], state: RunState | undefined): { readonly clusters: number; readonly kinds: number } {
    const work = state === undefined ? clusters : clusters.filter((cluster) => !state.holds(cluster.id, rosterText(cluster)));
    return { clusters: work.length, kinds: new Set(work.map(kindOf)).size };
  }

  /** How many computations were carried out, and how many results were taken from another cluster's. */
  get counts(): { readonly computed: number; readonly taken: number } {
    return this.#memo?.counts ?? { computed: 0, taken: 0 };
  }

  /** CustomResourceDefinitions that clusters have without any addon bringing them. */
  get knownCrds(): readonly PyDict[] {
    return this.#knownCrds;
  }

  /** All that every cluster hangs on beside the files of the roots and what the roster says of it, as a text. */
  get inputs(): string {
    return (this.#inputs ??= settingsDigest(this.fleet));
  }

  /** Compiles one cluster. Whatever is wrong with it is among its findings; an error that is thrown is a bug. */
  compile(cluster: Cluster): ClusterCompile {
    return this.#compile(cluster).compile;
  }

  /** Compiles one cluster as if its pillar were another. Only with the memo, from which comes all that does not read what is other. */
  compileWith(cluster: Cluster, pillar: PyDict): ClusterCompile {
    return this.#compile(cluster, pillar).compile;
  }

  /** The addons' files of a cluster as if its pillar were another; `undefined` where something does not compile. */
  filesWith(cluster: Cluster, pillar: PyDict): ReadonlyMap<string, WrittenFile> | undefined {
    if (this.#memo === undefined) return undefined;
    const given = this.#givenPillar(cluster, pillar);
    const shared = this.#salt.forSharing(this.#minions.of(cluster), this.#memo, this.#shared, given);
    const files = shared.files().value?.files;
    if (files === undefined || shared.alone || shared.low().value?.failed.length !== 0) return undefined;
    const written = new Map<string, WrittenFile>();
    for (const file of files) {
      if (file.kind === "error") return undefined;
      if (addonOf(file.path) !== undefined) written.set(file.path, file);
    }
    return written;
  }

  /** The objects of a manifest by kind, namespace and name, joined by NUL, with their digests. */
  objectsIn(file: WrittenFile): Map<string, string> {
    const { objects } = this.#addons.manifest(file).publish(undefined);
    return new Map(objects.map(({ kind, namespace, name, digest }) => [[kind, namespace ?? "", name].join("\0"), digest]));
  }

  /** How much a pillar holds that its schemas refuse. */
  pillarProblems(pillar: PyDict): number {
    return this.#pillarSchemas.check(pillar, () => undefined).length;
  }

  /** A pillar in place of a cluster's own; the PGP messages of that stay. */
  #givenPillar(cluster: Cluster, data: PyDict): PillarStage {
    const own =
      this.#memo === undefined
        ? this.#salt.forMinion(minionOfCluster(this.fleet, cluster))
        : this.#salt.forSharing(this.#minions.of(cluster), this.#memo, this.#shared);
    return { value: { data, findings: [], sealed: own.pillar().value.sealed }, messages: [], findings: [] };
  }

  /** `undefined` where reads were not followed. */
  #questions({ followed, asked, beside }: FollowedSalt): readonly string[] | undefined {
    const memo = this.#memo;
    const own = followed === undefined || memo === undefined ? asked?.() : followed.tracker.files().map((file) => memo.fileQuestion(file));
    return own === undefined ? undefined : [...own, ...(beside?.() ?? [])];
  }

  /** Where pillar itself is wrong, only that is said, and what is wrong without it too. */
  #compile(cluster: Cluster, other?: PyDict): FollowedSalt {
    const whole = this.#compileAll(cluster, other);
    if ((whole.compile.refused ?? []).length === 0) return whole;
    const pillar = pillarWithoutRefused(other ?? this.pillarOf(cluster), whole.compile);
    if (pillar === undefined) return whole;
    const without = this.#compileAll(cluster, pillar);
    const beside = (): readonly string[] => [...(this.#questions(without) ?? []), ...sealedQuestions(without.compile.sealedReads)];
    return { ...whole, compile: holdBack(whole.compile, without.compile), beside };
  }

  #compileAll(cluster: Cluster, other?: PyDict): FollowedSalt {
    let schema: ObjectSchema;
    try {
      schema = this.fleet.schemas.forVersion(cluster.kubernetes);
    } catch (error) {
      if (!(error instanceof UnknownVersionError)) throw error;
      const finding = { code: "roster-kubernetes-version", message: `cluster ${cluster.id}: ${error.message}`, at: cluster.at };
      return { compile: failedCluster(cluster, [{ ...finding, severity: "error" }]) };
    }
    // Each way through the stages has a minion of its own: templates may change what it holds.
    const minion = (): Minion => minionOfCluster(this.fleet, cluster);
    const input = {
      salt: (trace: boolean) => this.#salt.forMinion(minion(), { trace, lenient: true }),
      schema,
      knownCrds: this.#knownCrds,
      sealed: this.#sealed,
      allowed: this.fleet.config.sealed.allow,
      bundles: this.fleet.bundles,
      policies: this.#policies,
      checkPillar: (pillar: PyDict, provenance: Provenance) => this.#pillarSchemas.check(pillar, provenance),
    };
    const memo = this.#memo;
    if (memo === undefined) {
      const stage = (): PillarStage | undefined => (other === undefined ? undefined : ownPillar(this.#givenPillar(cluster, other)));
      const salt = (trace: boolean): ReturnType<typeof input.salt> =>
        trace ? input.salt(true) : this.#salt.forMinion(minion(), { lenient: true, pillar: stage() });
      return { compile: compileCluster(cluster, { ...input, salt }) };
    }
    const given = other === undefined ? undefined : this.#givenPillar(cluster, other);
    const shared = this.#salt.forSharing(this.#minions.of(cluster), memo, this.#shared, given);
    const compiled = compileCluster(cluster, { ...input, salt: (trace) => (trace ? input.salt(true) : shared), addons: this.#addons });
    if (!shared.alone) return { compile: compiled, followed: shared };
    const asked = new Set<string>();
    const salt = (trace: boolean): ReturnType<typeof input.salt> => {
      const own = minion();
      const pillar = trace || other === undefined ? undefined : ownPillar(this.#givenPillar(cluster, other));
      return this.#salt.forMinion({ ...own, ...followedRoots(own, (question) => asked.add(question)) }, { trace, lenient: true, pillar });
    };
    return { compile: compileCluster(cluster, { ...input, salt }), asked: () => [...asked] };
  }
}

/** The sealed files of a fleet, for the second stage. */
function sealedTexts({ sealedRoots, config }: Fleet): SealedTexts {
  return new SealedTexts({
    display: config.sealed.root.replace(/\/+$/, ""),
    find: (path) => sealedRoots.find("base", path),
    list: () => sealedRoots.list("base"),
  });
}

/** A pillar as a stage of its own, for templates to change. */
function ownPillar(stage: PillarStage): PillarStage {
  const copy = deepCopy(stage.value.data);
  return { ...stage, value: { ...stage.value, data: copy instanceof PyDict ? copy : new PyDict() } };
}

export function testClusterId(kind: string, pattern: string, id: string): boolean {
  if (kind !== "glob" && kind !== "pcre" && kind !== "list") throw new Error(`there is no test ${kind} of an id`);
  return testId(kind, pattern, id);
}

/** The schemas that come with the program, in its folder `home`; files are read when they are needed. One of it serves all fleets. */
export function kubernetesSchemas(home: string): KubernetesSchemas {
  return KubernetesSchemas.load((path) => readFileSync(join(home, "schemas/kubernetes", path), "utf8"));
}

/** CustomResourceDefinitions in schemas/crds/ of the fleet's folder. @throws FindingError where one can't be read */
export function readCrds({ folder, files }: Fleet): PyDict[] {
  const directory = join(folder, "schemas/crds");
  return files
    .names(directory)
    .filter((name) => /\.ya?ml$/.test(name))
    .toSorted()
    .flatMap((name) => loadKubernetes(new TextDecoder().decode(files.read(join(directory, name))), { file: `schemas/crds/${name}` }))
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
export function findingsByCluster(
  fleet: Fleet,
  compiles: readonly Pick<CompiledCluster, "cluster" | "findings">[],
): [string | null, readonly Finding[]][] {
  return [[null, fleet.findings], ...compiles.map((compile): [string, readonly Finding[]] => [compile.cluster.id, compile.findings])];
}
