import { createHash } from "node:crypto";
import type { Finding, TrailStep } from "../finding/index.ts";
import type { PyDict } from "../python/index.ts";
import { emit } from "../yaml/index.ts";
import { addonOf, assignFiles, compareText, isManifest, strayFile, type AssignedFiles } from "./assign.ts";
import { BUILT_IN_NAMESPACES, type AddonSettings } from "./declaration.ts";
import { decideMode, type DecidedMode } from "./mode.ts";
import { normaliseObject } from "./normalise.ts";
import { parseManifest, type ParsedObject } from "./parse.ts";
import type {
  Addon,
  AddonDeclaration,
  AddonFile,
  AddonObject,
  FailedFile,
  FailureReason,
  LineSources,
  Mode,
  ObjectProblem,
  ObjectSchema,
  WrittenFile,
} from "./types.ts";

export interface CompileAddonsInput {
  readonly written: readonly WrittenFile[];
  readonly failed: readonly FailedFile[];
  readonly settings: AddonSettings;
  /** The API of the cluster's Kubernetes version. */
  readonly schema: ObjectSchema;
  /** CustomResourceDefinitions that are there without any addon bringing them (schemas/crds/). */
  readonly knownCrds: readonly PyDict[];
  /** Asked only about lines that have a finding. */
  readonly sources: LineSources;
}

export interface CompiledAddons {
  /** Sorted by name. */
  readonly addons: readonly Addon[];
  readonly findings: readonly Finding[];
  /** Paths of files that are the node's own. */
  readonly leftToNode: readonly string[];
}

/**
 * The second stage: files that the states wrote, to addons.
 *
 * assign → parse → identify → validate → decide modes → normalise → emit. A finding of severity error fails the addon it
 * is in and no other.
 */
export function compileAddons(input: CompileAddonsInput): CompiledAddons {
  const assigned = assignFiles(input.written, input.failed);
  const drafts = parseAddons(assigned);
  findDuplicates(drafts);
  const crds = [...drafts.values()].flatMap((draft) => draft.objects).filter((object) => object.kind === "CustomResourceDefinition");
  const schema = input.schema.withCustomResources([...input.knownCrds, ...crds.map((object) => object.value)]);
  const namespaces = knownNamespaces(drafts, input.settings);
  for (const draft of drafts.values()) checkObjects(draft, schema, namespaces, input.settings.addons.get(draft.name)?.mode);
  checkDependencies(drafts, input.settings);
  const findings: Finding[] = assigned.nodeFailures.flatMap((failure) => [...failure.findings]);
  const addons: Addon[] = [];
  for (const draft of drafts.values()) {
    const declaration = input.settings.addons.get(draft.name);
    const failed = draft.findings.some((finding) => finding.severity === "error");
    addons.push(failed ? failedAddon(draft, declaration) : finishAddon(draft, declaration));
    findings.push(...draft.findings.map((finding) => withSources(finding, input.sources)));
  }
  return { addons, findings, leftToNode: assigned.leftToNode.map((file) => file.path).sort(compareText) };
}

/** An addon on its way: what was parsed of it so far and what was found wrong. */
interface Draft {
  readonly name: string;
  readonly files: readonly WrittenFile[];
  readonly objects: ParsedObject[];
  readonly modes: Map<ParsedObject, DecidedMode>;
  readonly findings: Finding[];
}

function parseAddons(assigned: AssignedFiles): Map<string, Draft> {
  const drafts = new Map<string, Draft>();
  for (const [name, { files, failures }] of assigned.addons) {
    const draft: Draft = { name, files, objects: [], modes: new Map(), findings: failures.flatMap((failure) => [...failure.findings]) };
    drafts.set(name, draft);
    const targets = new Map<string, WrittenFile>();
    for (const file of files) {
      if (!isManifest(file.path)) {
        draft.findings.push(strayFile(file));
        continue;
      }
      const target = publishedPath(file.path);
      const other = targets.get(target);
      if (other !== undefined) {
        draft.findings.push({
          code: "addon-file-clash",
          severity: "error",
          message: `${other.path} and ${file.path} would both be published as ${target}`,
          at: { file: file.path },
          advice: "rename one of them",
        });
      }
      targets.set(target, file);
      const parsed = parseManifest(file);
      draft.objects.push(...parsed.objects);
      draft.findings.push(...parsed.findings);
    }
  }
  return drafts;
}

/** The path within the addon under which a file is published: `.yml` and `.json` become `.yaml`. */
function publishedPath(path: string): string {
  return (addonOf(path)?.file ?? path).replace(/\.(?:yml|json)$/, ".yaml");
}

/** `apps/v1` and `apps/v1beta1` Deployments of one name are one object, so the version does not count. */
function identity(object: ParsedObject): string {
  const slash = object.apiVersion.indexOf("/");
  const group = slash < 0 ? "" : object.apiVersion.slice(0, slash);
  return `${group}/${object.kind} ${object.namespace ?? ""}/${object.name}`;
}

function findDuplicates(drafts: ReadonlyMap<string, Draft>): void {
  const first = new Map<string, { readonly object: ParsedObject; readonly draft: Draft }>();
  for (const draft of drafts.values()) {
    for (const object of draft.objects) {
      const key = identity(object);
      const known = first.get(key);
      if (known === undefined) {
        first.set(key, { object, draft });
        continue;
      }
      const here = object.at([]);
      const there = known.object.at([]);
      const what = describe(object);
      const add = (target: Draft, at: typeof here, other: typeof here): void => {
        target.findings.push({
          code: "addon-object-twice",
          severity: "error",
          message: `${what} stands twice: here and in ${other.file}:${other.line ?? 1}`,
          at,
          advice: "the addon manager would apply them in turn for ever; keep one",
        });
      };
      add(draft, here, there);
      if (known.draft !== draft) add(known.draft, there, here);
    }
  }
}

function describe(object: ParsedObject): string {
  return `${object.kind} ${object.namespace === null ? "" : `${object.namespace}/`}${object.name}`;
}

function knownNamespaces(drafts: ReadonlyMap<string, Draft>, settings: AddonSettings): ReadonlySet<string> {
  const names = new Set([...BUILT_IN_NAMESPACES, ...settings.namespaces]);
  for (const draft of drafts.values()) for (const object of draft.objects) if (object.kind === "Namespace") names.add(object.name);
  return names;
}

function checkObjects(draft: Draft, schema: ObjectSchema, namespaces: ReadonlySet<string>, declared: Mode | undefined): void {
  for (const object of draft.objects) {
    const mode = decideMode(object.value, declared);
    draft.modes.set(object, mode);
    const problems: ObjectProblem[] = [...schema.validate(object.value), ...mode.problems];
    const scope = schema.scope(object.apiVersion, object.kind);
    if (scope === "Namespaced" && object.namespace === null) {
      problems.push({
        code: "addon-namespace-missing",
        severity: "error",
        message: `${describe(object)} has no metadata.namespace; it would land in whatever namespace the applier uses`,
        pointer: ["metadata"],
        advice: "write the namespace, `default` too",
      });
    } else if (scope === "Namespaced" && object.namespace !== null && !namespaces.has(object.namespace)) {
      problems.push({
        code: "addon-namespace-unknown",
        severity: "error",
        message: `${describe(object)} is in namespace ${object.namespace}, which no addon of this cluster makes`,
        pointer: ["metadata", "namespace"],
        advice: "add the Namespace to an addon, or list it in pillar halite:namespaces if it exists already",
      });
    }
    for (const problem of problems) {
      draft.findings.push({
        code: problem.code,
        severity: problem.severity,
        message: problem.message,
        at: object.at(problem.pointer),
        ...(problem.advice === undefined ? {} : { advice: problem.advice }),
      });
    }
  }
}

function checkDependencies(drafts: ReadonlyMap<string, Draft>, settings: AddonSettings): void {
  for (const draft of drafts.values()) {
    for (const name of settings.addons.get(draft.name)?.dependsOn ?? []) {
      if (drafts.has(name)) continue;
      draft.findings.push({
        code: "addon-dependency-missing",
        severity: "error",
        message: `addon ${draft.name} depends on addon ${name}, which this cluster does not have`,
        advice: `see pillar addons:${draft.name}:dependsOn`,
      });
    }
    const cycle = dependencyCycle(draft.name, settings);
    if (cycle !== undefined) {
      draft.findings.push({
        code: "addon-dependency-cycle",
        severity: "error",
        message: `addons depend on each other in a circle: ${cycle.join(" → ")}`,
      });
    }
  }
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

function finishAddon(draft: Draft, declaration: AddonDeclaration | undefined): Addon {
  const files: AddonFile[] = [];
  const objects: AddonObject[] = [];
  for (const file of draft.files) {
    const texts: string[] = [];
    for (const object of draft.objects) {
      if (object.file !== file) continue;
      const mode = draft.modes.get(object)?.mode ?? "Reconcile";
      const value = normaliseObject(object.value, mode);
      const text = emit([value]);
      texts.push(text);
      objects.push({
        apiVersion: object.apiVersion,
        kind: object.kind,
        namespace: object.namespace,
        name: object.name,
        mode,
        file: publishedPath(file.path),
        digest: digestOf(text),
        id: file.id,
        sls: file.sls,
        source: file.source,
        value,
      });
    }
    if (texts.length > 0) files.push({ path: publishedPath(file.path), text: texts.join("---\n") });
  }
  noteDefaultModes(draft);
  return {
    state: "complete",
    name: draft.name,
    mode: declaration?.mode ?? "Reconcile",
    dependsOn: declaration?.dependsOn ?? [],
    files,
    objects,
  };
}

function noteDefaultModes(draft: Draft): void {
  const unlabelled = draft.objects.filter((object) => draft.modes.get(object)?.from === "default");
  const first = unlabelled[0];
  if (first === undefined) return;
  draft.findings.push({
    code: "addon-mode-default",
    severity: "note",
    message: `addon ${draft.name}: ${unlabelled.length} of ${draft.objects.length} objects carry no mode label and pillar declares none; Reconcile is written out`,
    at: first.at([]),
  });
}

function failedAddon(draft: Draft, declaration: AddonDeclaration | undefined): Addon {
  return { state: "failed", name: draft.name, dependsOn: declaration?.dependsOn ?? [], why: failureReasons(draft.findings) };
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

function digestOf(text: string): string {
  return `sha256:${createHash("sha256").update(text, "utf8").digest("hex")}`;
}

function withSources(finding: Finding, sources: LineSources): Finding {
  const at = finding.at;
  if (at?.line === undefined || finding.sources !== undefined || finding.severity === "note") return finding;
  const found: readonly TrailStep[] = sources(at.file, at.line, at.column ?? 1);
  return found.length === 0 ? finding : { ...finding, sources: found };
}
