import { NO_BUNDLES, type BundleSource } from "../bundle/index.ts";
import type { Finding, Position, TrailStep } from "../finding/index.ts";
import type { PyDict } from "../python/index.ts";
import type { SealedTexts } from "../sealed/index.ts";
import { AlikeAddons } from "./alike.ts";
import { NO_APPLY_SETTINGS } from "./apply-settings.ts";
import { assignFiles, compareText, type AssignedFiles } from "./assign.ts";
import { bundleFiles, findBundles, withBundles, type AddonBundles, type BundleSettings } from "./bundles.ts";
import { AddonCache } from "./cache.ts";
import { BUILT_IN_NAMESPACES, type AddonSettings } from "./declaration.ts";
import { findingOf, type CheckedObject, type Manifest, type ObjectOutline } from "./manifest.ts";
import type { PrintedManifest } from "./printed.ts";
import { SealedResolver, type SealedRead } from "./sealed.ts";
import type {
  Addon,
  AddonDeclaration,
  AddonObject,
  AddonPolicies,
  CommonWritten,
  FailedFile,
  FailureReason,
  JsonPath,
  LineSources,
  Mode,
  ObjectSchema,
  PolicyContext,
  PolicySet,
  SealedReference,
  WrittenFile,
} from "./types.ts";

export interface CompileAddonsInput extends AddonsInput {
  readonly written: readonly WrittenFile[];
  readonly failed: readonly FailedFile[];
}

/** What addons are made of beside the files. */
export interface AddonsInput {
  readonly settings: AddonSettings;
  /** The API of the cluster's Kubernetes version. */
  readonly schema: ObjectSchema;
  /** CustomResourceDefinitions that are there without any addon bringing them (schemas/crds/). */
  readonly knownCrds: readonly PyDict[];
  /** What manifests may name by `halite.dev/bundle`. Default: nothing. */
  readonly bundles?: BundleSource;
  /** What the objects are judged by. Default: nothing. */
  readonly policies?: PolicySet;
  /** The pillar line that won at a path. Asked only where something is wrong there. */
  readonly pillarLine?: (path: JsonPath) => Position | undefined;
  /** Asked only about lines that have a finding. */
  readonly sources: LineSources;
  /** What stands behind references to sealed values. Default: nothing does. */
  readonly sealed?: SealedInput;
  /** Default: one for this compile alone. */
  readonly cache?: AddonCache;
  /** What other clusters' files have in common with these. Default: that is not known. */
  readonly common?: CommonWritten | undefined;
}

export interface SealedInput {
  readonly texts: SealedTexts;
  /** The PGP messages of the cluster's pillar, by their digests. */
  readonly blocks: ReadonlyMap<string, string>;
  /** The line of pillar in which a reference stands. */
  readonly namedAt?: (reference: string) => Position | undefined;
}

export interface CompiledAddons {
  /** Sorted by name. */
  readonly addons: readonly Addon[];
  readonly findings: readonly Finding[];
  /** Paths of files that are the node's own. */
  readonly leftToNode: readonly string[];
  /** What the complete addons refer to. */
  readonly sealed: readonly SealedReference[];
  /** Files below the sealed root that were asked for, for which addon's file. */
  readonly sealedReads: readonly SealedRead[];
  /** One object for all that is the same but for texts and digests. Absent where that is not known. */
  readonly alike?: object | undefined;
}

export interface CompiledAddon {
  readonly addon: Addon;
  readonly findings: readonly Finding[];
}

/**
 * The second stage: files that the states wrote, to addons.
 *
 * assign → parse → identify → validate → decide modes → normalise → emit. A finding of severity error fails the addon it
 * is in and no other.
 */
export function compileAddons(input: CompileAddonsInput): CompiledAddons {
  const cache = input.cache ?? new AddonCache();
  const assigned = assignFiles(input.written, input.failed);
  const resolver = new SealedResolver(input.sealed);
  const drafts = draftAddons(assigned, cache, resolver, input);
  findDuplicates(drafts);
  judgeTogether(drafts, input.policies);
  const crds = drafts.flatMap((draft) => draft.manifests.flatMap(({ objects }) => objects.flatMap(({ definition }) => definition ?? [])));
  const schema = cache.withCustomResources(input.schema, [...input.knownCrds, ...crds]);
  const namespaces = knownNamespaces(drafts, input.settings);
  const dependencies = checkDependencies(drafts, input.settings);
  const judged: JudgedBy = { schema, namespaces: namespaceLabels(drafts) };
  const findings: Finding[] = assigned.nodeFailures.flatMap((failure) => [...failure.findings]);
  const addons: Addon[] = [];
  const bundles: BundleSettings = { source: input.bundles ?? NO_BUNDLES, delivery: input.settings.delivery };
  for (const draft of drafts) {
    const declaration = input.settings.addons.get(draft.name);
    const { own, twice } = draft;
    const context = {
      schema,
      namespaces,
      judged,
      declaration,
      dependencies: dependencies.get(draft) ?? [],
      resolver,
      bundles,
      sources: input.sources,
    };
    const compile = (): CompiledAddon => compileAddon(draft, context);
    const isWrong = own.length + twice.length + context.dependencies.length > 0;
    const shared = isWrong ? undefined : cache.addon(addonKey(draft, { ...context, cache }), compile);
    const compiled =
      draft.printed.size === 0
        ? (shared ?? compile())
        : (withPrinted(draft, shared, declaration) ?? compileAddon(itself(draft, cache), context));
    addons.push(compiled.addon);
    findings.push(...compiled.findings);
  }
  const complete = new Set(addons.flatMap((addon) => (addon.state === "complete" ? [addon.name] : [])));
  const compiled = {
    addons,
    findings,
    leftToNode: assigned.leftToNode.map((file) => file.path).sort(compareText),
    sealed: resolver.references(drafts.filter((draft) => complete.has(draft.name)).flatMap((draft) => draft.manifests)),
    sealedReads: drafts.flatMap((draft) => resolver.reads(draft.name, draft.manifests)),
  };
  const { common } = input;
  if (common === undefined || input.failed.length > 0) return compiled;
  return {
    ...compiled,
    alike: cache.keepAlike(common.of, alikeKey(input), () => new AlikeAddons(compiled, drafts, common.printed, cache)),
  };
}

/** The addons by those of a cluster that is alike; `undefined` where none is known, or where they do not follow from it. */
export function compileAlike({ cache, common, ...input }: AddonsInput): CompiledAddons | undefined {
  return common === undefined ? undefined : cache?.alike(common.of, alikeKey(input))?.with(common.textsOf);
}

/** What the addons of one run hang on beside the files. */
function alikeKey({ settings, schema, sealed }: AddonsInput): string {
  const { addons, namespaces, delivery } = settings;
  return JSON.stringify([schema.version, [...addons], namespaces, delivery, [...(sealed?.blocks ?? [])]]);
}

/** An addon on its way. */
export interface Draft {
  readonly name: string;
  /** As pillar says. */
  readonly declaredMode: Mode | undefined;
  readonly manifests: readonly Manifest[];
  /** Whether all that it consists of could be read: what an addon makes of which a file failed is not known. */
  readonly isWhole: boolean;
  /** What is wrong with its files by themselves. */
  readonly own: readonly Finding[];
  /** What stands in it and elsewhere too. */
  readonly twice: Finding[];
  readonly policies: AddonPolicies | undefined;
  /** Manifests that stand for files that are like theirs but for printed texts. */
  readonly printed: ReadonlyMap<Manifest, PrintedFile>;
}

/** A file by the manifest of another that is like it. */
interface PrintedFile {
  readonly file: WrittenFile;
  readonly manifest: PrintedManifest;
  readonly values: readonly string[];
}

type JudgedBy = Omit<PolicyContext, "deprecations">;

function draftAddons(
  assigned: AssignedFiles,
  cache: AddonCache,
  resolver: SealedResolver,
  { policies: set, settings, pillarLine }: Pick<CompileAddonsInput, "policies" | "settings" | "pillarLine">,
): readonly Draft[] {
  const addons = new Map(assigned.addons);
  // An addon that is stated to be empty stands in the release with no objects: that it is not there by mistake is known.
  for (const [name, { apply }] of settings.addons) if (apply.empty && !addons.has(name)) addons.set(name, { files: [], failures: [] });
  return [...addons]
    .sort(([a], [b]) => compareText(a, b))
    .map(([name, { files, failures }]) => {
      const policies = set?.forAddon(settings.addons.get(name)?.policies);
      const own: Finding[] = [
        ...failures.flatMap((failure) => [...failure.findings]),
        ...(policies?.problems ?? []).map(({ pointer, ...problem }): Finding => {
          const at = pillarLine?.(["addons", name, "policies", ...pointer]);
          return { ...problem, message: `pillar addons:${name}:policies${problem.message}`, ...(at !== undefined && { at }) };
        }),
      ];
      const printed = new Map<Manifest, PrintedFile>();
      const manifests = files.map((file) => {
        const { printed: variant } = file;
        const like = policies?.readsFreeTexts === true || variant === undefined ? undefined : cache.printedManifest(variant);
        const values = like?.valuesWith(file.printed?.texts ?? []);
        if (like === undefined || values === undefined) return cache.manifest(file);
        printed.set(like.manifest, { file, manifest: like, values });
        return like.manifest;
      });
      const targets = new Map<string, Manifest>();
      const isWhole =
        failures.length === 0 && manifests.every((manifest) => manifest.findings.every(({ severity }) => severity !== "error"));
      for (const manifest of manifests) {
        if (manifest.isManifest) {
          const other = targets.get(manifest.target);
          if (other !== undefined) own.push(clash(other, manifest));
          targets.set(manifest.target, manifest);
        }
        own.push(...manifest.findings, ...resolver.findings(manifest));
      }
      const [first] = files;
      if (name.startsWith(".") && first !== undefined) own.push(dotted(name, first.path));
      const declaredMode = settings.addons.get(name)?.mode;
      return {
        name,
        declaredMode,
        manifests: manifests.filter((manifest) => manifest.isManifest),
        isWhole,
        own,
        twice: [],
        policies,
        printed,
      };
    });
}

/** A cluster's folder holds more than its addons. */
function dotted(name: string, file: string): Finding {
  return {
    code: "addon-name",
    severity: "error",
    message: `an addon can't be called ${name}: names that begin with a dot are Halite's own`,
    at: { file },
    advice: `write the file to /etc/kubernetes/addons/${name.replace(/^\.+/, "") || "NAME"}/`,
  };
}

/** The addon of the files themselves. */
function itself(draft: Draft, cache: AddonCache): Draft {
  const manifests = draft.manifests.map((manifest) => {
    const file = draft.printed.get(manifest)?.file;
    return file === undefined ? manifest : cache.manifest(file);
  });
  return { ...draft, manifests, printed: new Map() };
}

/** The addon with its own printed texts; `undefined` where something has to be said of it. */
function withPrinted(
  draft: Draft,
  shared: CompiledAddon | undefined,
  declaration: AddonDeclaration | undefined,
): CompiledAddon | undefined {
  if (shared === undefined || shared.addon.state !== "complete" || shared.findings.some(({ severity }) => severity !== "note"))
    return undefined;
  const like = shared.addon;
  const texts = new Map<string, string>();
  const objects: AddonObject[] = [];
  for (const manifest of draft.manifests) {
    const printed = draft.printed.get(manifest);
    const published = printed?.manifest.publish(declaration?.mode, printed.values);
    if (printed !== undefined && published === undefined) return undefined;
    if (published !== undefined) texts.set(manifest.target, published.text);
    objects.push(...(published?.objects ?? like.objects.slice(objects.length, objects.length + manifest.objects.length)));
  }
  // Behind them what bundles bring.
  objects.push(...like.objects.slice(objects.length));
  const files = like.files.map((file) => ({ path: file.path, text: texts.get(file.path) ?? file.text }));
  return { addon: { ...like, files, objects, like }, findings: shared.findings };
}

function clash(other: Manifest, manifest: Manifest): Finding {
  return {
    code: "addon-file-clash",
    severity: "error",
    message: `${other.file.path} and ${manifest.file.path} would both be published as ${manifest.target}`,
    at: { file: manifest.file.path },
    advice: "rename one of them",
  };
}

function findDuplicates(drafts: readonly Draft[]): void {
  const first = new Map<string, { readonly object: ObjectOutline; readonly draft: Draft }>();
  for (const draft of drafts) {
    for (const { objects } of draft.manifests) {
      for (const object of objects) {
        const known = first.get(object.identity);
        if (known === undefined) first.set(object.identity, { object, draft });
        else tellTwice(draft, object, known);
      }
    }
  }
}

function tellTwice(draft: Draft, object: ObjectOutline, known: { readonly object: ObjectOutline; readonly draft: Draft }): void {
  const add = (target: Draft, { at }: ObjectOutline, { at: other }: ObjectOutline): void => {
    target.twice.push({
      code: "addon-object-twice",
      severity: "error",
      message: `${describe(object)} stands twice: here and in ${other.file}:${other.line ?? 1}`,
      at,
      advice: "the addon manager would apply them in turn for ever; keep one",
    });
  };
  add(draft, object, known.object);
  if (known.draft !== draft) add(known.draft, known.object, object);
}

/** What the policies say of objects beside others: of two default classes, say. */
function judgeTogether(drafts: readonly Draft[], set: PolicySet | undefined): void {
  if (set === undefined) return;
  const objects = drafts.flatMap((draft) =>
    draft.manifests.flatMap((manifest) =>
      manifest.objects.flatMap((outline) =>
        outline.facts === undefined || draft.policies === undefined
          ? []
          : [{ draft, outline, policies: draft.policies, kind: outline.kind, name: outline.name, facts: outline.facts, at: outline.at }],
      ),
    ),
  );
  for (const { object: index, ...verdict } of set.together(objects)) {
    const found = objects[index];
    if (found === undefined) continue;
    const { outline, draft } = found;
    draft.twice.push(
      findingOf(verdict, { kind: outline.kind, name: outline.name, namespace: outline.namespace, at: () => outline.metadataAt }),
    );
  }
}

function namespaceLabels(drafts: readonly Draft[]): PolicyContext["namespaces"] {
  const labels = new Map<string, Readonly<Record<string, string>>>();
  for (const draft of drafts)
    for (const { objects } of draft.manifests)
      for (const { kind, name, facts } of objects) if (kind === "Namespace" && facts !== undefined) labels.set(name, facts.labels);
  return labels;
}

function describe(object: ObjectOutline): string {
  return `${object.kind} ${object.namespace === null ? "" : `${object.namespace}/`}${object.name}`;
}

/** The namespaces that a cluster has. */
interface KnownNamespaces {
  readonly names: ReadonlySet<string>;
  /** Addons that could not be read as a whole, and may make further ones. */
  readonly unread: readonly string[];
}

function knownNamespaces(drafts: readonly Draft[], settings: AddonSettings): KnownNamespaces {
  const names = new Set([...BUILT_IN_NAMESPACES, ...settings.namespaces]);
  for (const draft of drafts)
    for (const { objects } of draft.manifests) for (const object of objects) if (object.kind === "Namespace") names.add(object.name);
  return { names, unread: drafts.flatMap(({ name, isWhole }) => (isWhole ? [] : [name])) };
}

/** What all clusters that have the same addon have in common. */
interface AddonContext {
  readonly schema: ObjectSchema;
  readonly namespaces: KnownNamespaces;
  readonly judged: JudgedBy;
  readonly declaration: AddonDeclaration | undefined;
  /** What is wrong with the addons it depends on. */
  readonly dependencies: readonly Finding[];
  readonly resolver: SealedResolver;
  readonly bundles: BundleSettings;
  readonly sources: LineSources;
}

/** What an addon in which nothing is wrong by itself hangs on. */
function addonKey(
  draft: Draft,
  {
    cache,
    schema,
    declaration,
    namespaces,
    judged,
    resolver,
    bundles,
  }: Omit<AddonContext, "dependencies" | "sources"> & { readonly cache: AddonCache },
): string {
  const files = draft.manifests.map((manifest) => cache.number(manifest)).join(" ");
  const absent = new Set<string>();
  for (const manifest of draft.manifests) for (const name of manifest.namespaces) if (!namespaces.names.has(name)) absent.add(name);
  const unknown = absent.size === 0 ? "" : `${[...absent].join(" ")}/${namespaces.unread.join(" ")}`;
  const declared =
    declaration === undefined ? "" : `${declaration.mode ?? ""} ${declaration.dependsOn.join(" ")} ${JSON.stringify(declaration.apply)}`;
  const sources = `${resolver.key(draft.manifests)}|${bundles.delivery} ${cache.number(bundles.source)}`;
  const { policies } = draft;
  const labels = policies?.readsNamespaces === true ? JSON.stringify([...judged.namespaces]) : "";
  const judgedBy = `${policies?.key ?? ""}|${labels}`;
  return `${draft.name}|${files}|${cache.number(schema)}|${declared}|${unknown}|${sources}|${judgedBy}`;
}

function compileAddon(draft: Draft, context: AddonContext): CompiledAddon {
  const { declaration, schema, namespaces } = context;
  const checked = draft.manifests.map((manifest) => manifest.check(schema, declaration?.mode));
  const bundles = findBundles(draft.name, draft.manifests, context.bundles);
  const { policies } = draft;
  const findings = [
    ...draft.own,
    ...draft.twice,
    ...checked.flat().flatMap((object) => [...object.problems, ...checkNamespace(object, namespaces)]),
    ...doubtedNamespaces(checked.flat(), namespaces),
    ...bundles.findings,
    ...(policies === undefined
      ? checked
          .flat()
          .flatMap(({ outline, deprecations }) => deprecations.map((problem) => findingOf(problem, { ...outline, at: () => outline.at })))
      : draft.manifests.flatMap((manifest) => manifest.judge(policies, context.judged, declaration?.mode))),
    ...context.dependencies,
  ];
  const failed = findings.some((finding) => finding.severity === "error");
  const addon = failed ? failedAddon(draft, findings, declaration) : finishAddon(draft, context, bundles);
  if (!failed) findings.push(...defaultModes(draft, checked.flat()));
  return { addon, findings: findings.map((finding) => withSources(finding, context.sources)) };
}

function checkNamespace({ outline, scope }: CheckedObject, { names, unread }: KnownNamespaces): Finding[] {
  if (scope !== "Namespaced") return [];
  if (outline.namespace === null) {
    return [
      {
        code: "addon-namespace-missing",
        severity: "error",
        message: `${describe(outline)} has no metadata.namespace; it would land in whatever namespace the applier uses`,
        at: outline.metadataAt,
        advice: "write the namespace, `default` too",
      },
    ];
  }
  if (names.has(outline.namespace) || unread.length > 0) return [];
  return [
    {
      code: "addon-namespace-unknown",
      severity: "error",
      message: `${describe(outline)} is in namespace ${outline.namespace}, which no addon of this cluster makes`,
      at: outline.namespaceAt,
      advice: "add the Namespace to an addon, or list it in pillar halite:namespaces if it exists already",
    },
  ];
}

/** Namespaces that an addon which could not be read may make: that one failed already, and the others do not fail for it. */
function doubtedNamespaces(objects: readonly CheckedObject[], { names, unread }: KnownNamespaces): Finding[] {
  if (unread.length === 0) return [];
  const first = new Map<string, ObjectOutline>();
  for (const { outline, scope } of objects) {
    const { namespace } = outline;
    if (scope === "Namespaced" && namespace !== null && !names.has(namespace) && !first.has(namespace)) first.set(namespace, outline);
  }
  return [...first].map(([namespace, outline]): Finding => ({
    code: "addon-namespace-doubted",
    severity: "note",
    message: `namespace ${namespace} is made by no addon that could be read, and maybe by one that failed: ${unread.join(", ")}`,
    at: outline.namespaceAt,
  }));
}

function checkDependencies(drafts: readonly Draft[], settings: AddonSettings): ReadonlyMap<Draft, readonly Finding[]> {
  const found = new Map<Draft, Finding[]>();
  const names = new Set(drafts.map((draft) => draft.name));
  for (const draft of drafts) {
    const findings: Finding[] = [];
    for (const name of settings.addons.get(draft.name)?.dependsOn ?? []) {
      if (names.has(name)) continue;
      findings.push({
        code: "addon-dependency-missing",
        severity: "error",
        message: `addon ${draft.name} depends on addon ${name}, which this cluster does not have`,
        advice: `see pillar addons:${draft.name}:dependsOn`,
      });
    }
    const cycle = dependencyCycle(draft.name, settings);
    if (cycle !== undefined) {
      findings.push({
        code: "addon-dependency-cycle",
        severity: "error",
        message: `addons depend on each other in a circle: ${cycle.join(" → ")}`,
      });
    }
    if (findings.length > 0) found.set(draft, findings);
  }
  return found;
}

function dependencyCycle(start: string, settings: AddonSettings): readonly string[] | undefined {
  const walk = (name: string, trail: readonly string[]): readonly string[] | undefined => {
    for (const next of settings.addons.get(name)?.dependsOn ?? []) {
      if (next === start) return [...trail, next];
      if (trail.includes(next)) continue;
      const found = walk(next, [...trail, next]);
      if (found !== undefined) return found;
    }
    return undefined;
  };
  return walk(start, [start]);
}

function finishAddon(draft: Draft, { declaration, resolver, bundles: { delivery } }: AddonContext, { byFile }: AddonBundles): Addon {
  const published = draft.manifests.map((manifest) => {
    const file = manifest.publish(declaration?.mode, (reference) => resolver.written(reference));
    const bundles = byFile.get(manifest);
    return { path: manifest.target, ...(bundles === undefined ? file : withBundles(file, bundles, { addon: draft.name, delivery })) };
  });
  const users = [...byFile].flatMap(([manifest, objects]) =>
    [...objects].flatMap(([index, bundles]) => {
      const object = published[draft.manifests.indexOf(manifest)]?.objects[index];
      return object === undefined ? [] : [{ object, bundles }];
    }),
  );
  const carried = delivery === "image" ? [] : bundleFiles(draft.name, users);
  const files = published.filter((file) => file.objects.length > 0).map(({ path, text }) => ({ path, text }));
  return {
    state: "complete",
    name: draft.name,
    mode: declaration?.mode ?? "Reconcile",
    dependsOn: declaration?.dependsOn ?? [],
    files: [...files, ...carried.map(({ file }) => file)],
    objects: [...published, ...carried].flatMap((file) => file.objects),
    bundles: new Map(carried.map(({ bundle }) => [bundle.name, `sha256:${bundle.digest}`])),
    apply: declaration?.apply ?? NO_APPLY_SETTINGS,
    ...(declaration?.policies !== undefined && { policies: declaration.policies }),
  };
}

function defaultModes(draft: Draft, objects: readonly CheckedObject[]): Finding[] {
  const unlabelled = objects.filter((object) => object.mode.from === "default");
  const [first] = unlabelled;
  if (first === undefined) return [];
  return [
    {
      code: "addon-mode-default",
      severity: "note",
      message: `addon ${draft.name}: ${unlabelled.length} of ${objects.length} objects carry no mode label and pillar declares none; Reconcile is written out`,
      at: first.outline.at,
    },
  ];
}

function failedAddon(draft: Draft, findings: readonly Finding[], declaration: AddonDeclaration | undefined): Addon {
  return { state: "failed", name: draft.name, dependsOn: declaration?.dependsOn ?? [], why: failureReasons(findings) };
}

/** Why, without line numbers: the same bytes wherever and however the tree is laid out on disk. */
export function failureReasons(findings: readonly Finding[]): FailureReason[] {
  const reasons = new Map<string, FailureReason>();
  for (const finding of findings) {
    if (finding.severity !== "error") continue;
    const reason: FailureReason = {
      code: finding.code,
      message: withoutLines(finding.message.split("\n")[0] ?? ""),
      ...(finding.at === undefined ? {} : { file: finding.at.file }),
    };
    reasons.set(JSON.stringify(reason), reason);
  }
  return [...reasons].sort(([a], [b]) => compareText(a, b)).map(([, reason]) => reason);
}

/** Cuts line and column numbers from a message; `release.yaml` holds only what survives an unrelated edit above. */
function withoutLines(message: string): string {
  return message
    .replace(/[;,]? ?\(?\bline \d+(?:, column \d+)?\)?/g, "")
    .replace(/(\.(?:sls|ya?ml|json|jinja|j2|toml))(?::\d+){1,2}/g, "$1")
    .trim();
}

function withSources(finding: Finding, sources: LineSources): Finding {
  const at = finding.at;
  if (at?.line === undefined || finding.sources !== undefined || finding.severity === "note") return finding;
  const found: readonly TrailStep[] = sources(at.file, at.line, at.column ?? 1);
  return found.length === 0 ? finding : { ...finding, sources: found };
}
