import type { Finding, Position } from "../finding/index.ts";
import type { PyDict } from "../python/index.ts";
import { findReferences, placeProblems, referenceName, referencesIn, type AllowedPlace, type Reference } from "../sealed/index.ts";
import { emit } from "../yaml/index.ts";
import { isManifest, publishedPath, strayFile } from "./assign.ts";
import { decideMode, type DecidedMode } from "./mode.ts";
import { freeTexts, replaced, withFreeTexts, type FreeText, type FreeTexts } from "./free-texts.ts";
import { normaliseObject } from "./normalise.ts";
import { parseManifest, type ParsedObject } from "./parse.ts";
import { sha256 } from "./digest.ts";
import { factsOf } from "./facts.ts";
import type { ChangedLine } from "./siblings.ts";
import type {
  AddonObject,
  AddonPolicies,
  JsonPath,
  Mode,
  ObjectFacts,
  ObjectProblem,
  ObjectSchema,
  PolicyContext,
  PolicyVerdict,
  WrittenFile,
} from "./types.ts";

/** An object as far as other files, and the cluster, have a say in it. */
export interface ObjectOutline {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly namespace: string | null;
  /** Equal for what the API server takes for one object: its version does not count. */
  readonly identity: string;
  readonly at: Position;
  readonly metadataAt: Position;
  readonly namespaceAt: Position;
  /** Names of the sealed values that it refers to, see `referenceName`, and where. */
  readonly references: readonly { readonly name: string; readonly at: Position }[];
  /** Of a Namespace or a class, what others hang on. */
  readonly facts?: ObjectFacts;
  /** The whole object where it is a CustomResourceDefinition. */
  readonly definition: PyDict | undefined;
}

/** An object held against a cluster's API. */
export interface CheckedObject {
  readonly outline: ObjectOutline;
  readonly scope: "Namespaced" | "Cluster" | undefined;
  readonly mode: DecidedMode;
  readonly problems: readonly Finding[];
  /** What the schema says of its being deprecated: for the policies to judge. */
  readonly deprecations: readonly ObjectProblem[];
}

/** A file as it is published. */
export interface PublishedFile {
  readonly text: string;
  readonly objects: readonly AddonObject[];
}

/** What outlives the process of a part in which nothing is wrong, checked and written out, as plain data in the sense of JSON. */
export interface StoredPart {
  /** The API that it was checked against, see `AddonCache`. */
  readonly schema: string;
  readonly declared: Mode | null;
  /** What the policies have said, none of it an error, by what they were. */
  readonly judged: { readonly key: string; readonly findings: readonly Finding[] } | null;
  readonly objects: readonly {
    readonly outline: ObjectOutline;
    readonly scope: "Namespaced" | "Cluster" | null;
    readonly mode: Pick<DecidedMode, "mode" | "from">;
    readonly text: string;
    readonly digest: string;
  }[];
}

/** Where a part's results are kept for later runs. */
export interface PartStore {
  /** Where references to sealed values may stand beside the data of Secrets. */
  readonly allowed: readonly AllowedPlace[];
  /** Names an API: its version and custom resources. */
  schemaName(schema: ObjectSchema): string;
  keep(part: ManifestPart, stored: StoredPart): void;
}

/** A part of a file that is parsed by itself: one document, or the whole. Each step is done when it is first asked for, and once. */
export class ManifestPart {
  readonly #file: WrittenFile;
  readonly #target: string;
  /** The part's text with as many line ends before it as lines stand before it in the file. */
  readonly #text: string | undefined;
  #objects: readonly ObjectOutline[] | undefined;
  #findings: readonly Finding[] = [];
  /** The objects themselves, until they have been written out, unless others are made from them: they take a lot of room. */
  #parsed: readonly ParsedObject[] | undefined;
  #isBase = false;
  #freeTexts: FreeTexts | undefined;
  /** The part that this one was made from: it is valid where that is. */
  #base: ManifestPart | undefined;
  readonly #checked = new WeakMap<ObjectSchema, Map<Mode | undefined, readonly CheckedObject[]>>();
  readonly #published = new Map<Mode | undefined, PublishedPart>();
  readonly #stored: StoredPart | undefined;
  #lastCheck:
    | { readonly schema: ObjectSchema; readonly declared: Mode | undefined; readonly checked: readonly CheckedObject[] }
    | undefined;
  readonly #store: PartStore | undefined;
  readonly #judged = new WeakMap<ObjectSchema, Map<string, readonly Finding[]>>();
  #lastVerdict: { readonly schema: ObjectSchema; readonly key: string; readonly findings: readonly Finding[] } | undefined;

  /** Without `text` the whole file. `stored`: what an earlier run has left of it. */
  constructor(file: WrittenFile, target: string, text?: string, store?: PartStore, stored?: StoredPart) {
    this.#file = file;
    this.#target = target;
    this.#text = text;
    this.#store = store;
    this.#stored = stored;
    if (stored !== undefined) this.#objects = stored.objects.map(({ outline }) => ({ ...outline, definition: undefined }));
  }

  /** The part of another text that differs from this one's in these lines; `undefined` where it is to be parsed for that. */
  withLines(text: string | undefined, changes: readonly ChangedLine[], file: WrittenFile): ManifestPart | undefined {
    if (this.findings.length > 0) return undefined;
    this.#isBase = true;
    const parsed = this.#parse();
    const objects = withFreeTexts(parsed, (this.#freeTexts ??= freeTexts(parsed)), changes);
    if (objects === undefined) return undefined;
    const part = new ManifestPart(file, this.#target, text, this.#store);
    part.#objects = this.objects;
    part.#parsed = objects;
    part.#base = this;
    return part;
  }

  /** The free text on a line of the file, counted from 0. */
  freeTextOn(line: number): FreeText | undefined {
    this.#isBase = true;
    return (this.#freeTexts ??= freeTexts(this.#parse())).get(line + 1);
  }

  /** The canonical text of one of its objects if it had other free texts, whatever they are. */
  textWith(index: number, texts: readonly (readonly [FreeText, string])[], declared: Mode | undefined): string {
    const object = this.#parse()[index];
    if (object === undefined) return "";
    const value = texts.reduce((own, [{ pointer }, text]) => replaced(own, pointer, text), object.value);
    return canonicalText({ ...object, value }, decideMode(object.value, declared).mode);
  }

  get objects(): readonly ObjectOutline[] {
    if (this.#objects === undefined) this.#parse();
    return this.#objects ?? [];
  }

  /** What is wrong with the part by itself. */
  get findings(): readonly Finding[] {
    if (this.#objects === undefined) this.#parse();
    return this.#findings;
  }

  check(schema: ObjectSchema, declared: Mode | undefined): readonly CheckedObject[] {
    let byMode = this.#checked.get(schema);
    if (byMode === undefined) this.#checked.set(schema, (byMode = new Map()));
    let checked = byMode.get(declared);
    if (checked === undefined && this.#fits(declared, schema)) {
      checked = (this.#stored?.objects ?? []).map(({ outline, scope, mode }) => ({
        outline: { ...outline, definition: undefined },
        scope: scope ?? undefined,
        mode: { ...mode, problems: [] },
        problems: [],
        deprecations: [],
      }));
      byMode.set(declared, checked);
    }
    const base = checked === undefined ? this.#base?.check(schema, declared) : undefined;
    if (base?.every((object) => isPlainlyGood(object)) === true) {
      checked = base;
      byMode.set(declared, checked);
      this.#lastCheck = { schema, declared, checked };
    }
    if (checked === undefined) {
      const outlines = this.objects;
      checked = this.#parse().map((object, index): CheckedObject => {
        const mode = decideMode(object.value, declared);
        const found = schema.validate(object.value);
        return {
          outline: outlines[index] ?? outlineOf(object),
          scope: schema.scope(object.apiVersion, object.kind),
          mode,
          problems: [...found.filter(({ code }) => code !== DEPRECATED), ...mode.problems, ...this.#sealedProblems(object)].map((problem) =>
            findingOf(problem, object),
          ),
          deprecations: found.filter(({ code }) => code === DEPRECATED),
        };
      });
      byMode.set(declared, checked);
      this.#lastCheck = { schema, declared, checked };
    }
    return checked;
  }

  #sealedProblems(object: ParsedObject): readonly ObjectProblem[] {
    return placeProblems(object.value, this.#store?.allowed ?? [], (pointer) => linesAt(object, pointer));
  }

  /**
   * What the policies say. Of a part made from another one they look at its own texts, as any of them may matter to a policy of the user's.
   */
  judge(policies: AddonPolicies, context: Omit<PolicyContext, "deprecations">, declared: Mode | undefined): readonly Finding[] {
    const { schema } = context;
    let byKey = this.#judged.get(schema);
    if (byKey === undefined) this.#judged.set(schema, (byKey = new Map()));
    const key = policies.readsNamespaces ? `${policies.key} ${this.#namespacesIn(context)}` : policies.key;
    let findings = byKey.get(key);
    if (findings === undefined && this.#stored?.judged?.key === key && this.#stored.schema === this.#store?.schemaName(schema)) {
      findings = this.#stored.judged.findings;
      byKey.set(key, findings);
    }
    if (findings === undefined) {
      const checked = this.check(schema, declared);
      findings = this.#parse().flatMap((object, index) =>
        policies
          .judge(object, { ...context, deprecations: checked[index]?.deprecations ?? [] })
          .map((verdict) => findingOf(verdict, object)),
      );
      byKey.set(key, findings);
      this.#lastVerdict = { schema, key, findings };
    }
    return findings;
  }

  #namespacesIn({ namespaces }: Pick<PolicyContext, "namespaces">): string {
    return JSON.stringify(
      this.objects.map(({ kind, name, namespace }) => namespaces.get(kind === "Namespace" ? name : (namespace ?? "")) ?? null),
    );
  }

  #fits(declared: Mode | undefined, schema: ObjectSchema): boolean {
    const stored = this.#stored;
    return stored !== undefined && stored.declared === (declared ?? null) && stored.schema === this.#store?.schemaName(schema);
  }

  /** The part's canonical texts. Asked for last: what was parsed is given up. */
  publish(declared: Mode | undefined): PublishedPart {
    let published = this.#published.get(declared);
    if (published === undefined && this.#stored?.declared === (declared ?? null)) {
      const objects = this.#stored.objects;
      published = {
        texts: objects.map(({ text }) => text),
        objects: objects.map(({ outline, mode, digest }) => this.#object(outline, mode, digest)),
      };
      this.#published.set(declared, published);
    }
    if (published === undefined) {
      const texts: string[] = [];
      const objects = this.#parse().map((object): AddonObject => {
        const mode = decideMode(object.value, declared);
        const text = canonicalText(object, mode.mode);
        texts.push(text);
        return this.#object(object, mode, digestOf(text));
      });
      published = { texts, objects };
      this.#published.set(declared, published);
      if (!this.#isBase) this.#parsed = undefined;
      this.#keep(declared, published);
    }
    return published;
  }

  #object(
    { apiVersion, kind, namespace, name }: Pick<ObjectOutline, "apiVersion" | "kind" | "namespace" | "name">,
    { mode, from }: Pick<DecidedMode, "mode" | "from">,
    digest: string,
  ): AddonObject {
    const { id, sls, source } = this.#file;
    const modeIsDeclared = from === "pillar" || from === "default";
    return { apiVersion, kind, namespace, name, mode, modeIsDeclared, file: this.#target, digest, id, sls, source };
  }

  /** Leaves the part for later runs, if there is nothing to say of it. */
  #keep(declared: Mode | undefined, { texts, objects }: PublishedPart): void {
    const last = this.#lastCheck;
    if (this.#store === undefined || last === undefined || last.declared !== declared || this.#findings.length > 0) return;
    if (last.checked.some((object) => object.outline.definition !== undefined || !isPlainlyGood(object))) return;
    const verdict = this.#lastVerdict;
    this.#store.keep(this, {
      schema: this.#store.schemaName(last.schema),
      declared: declared ?? null,
      judged: verdict?.schema === last.schema ? { key: verdict.key, findings: verdict.findings } : null,
      objects: last.checked.map(({ outline, scope, mode }, index) => ({
        outline,
        scope: scope ?? null,
        mode: { mode: mode.mode, from: mode.from },
        text: texts[index] ?? "",
        digest: objects[index]?.digest ?? "",
      })),
    });
  }

  #parse(): readonly ParsedObject[] {
    if (this.#parsed !== undefined) return this.#parsed;
    const parsed = parseManifest(this.#text === undefined ? this.#file : { ...this.#file, content: new TextEncoder().encode(this.#text) });
    this.#findings = parsed.findings;
    this.#objects ??= parsed.objects.map(outlineOf);
    this.#parsed = parsed.objects;
    return parsed.objects;
  }
}

function canonicalText(object: ParsedObject, mode: Mode): string {
  return emit([normaliseObject(object.value, mode)]);
}

/** The texts of a part's objects as they are published. */
export interface PublishedPart {
  readonly texts: readonly string[];
  readonly objects: readonly AddonObject[];
}

/** Gives the part of a file with this text again where another cluster has the same; `part`: the text, unless it is the whole file. */
export type SamePart = (file: WrittenFile, text: string, target: string, part: string | undefined) => ManifestPart;

/** One file of an addon, on its way from text to objects. */
export class Manifest {
  readonly file: WrittenFile;
  /** The path within the addon under which the file is published: `.yml` and `.json` become `.yaml`. */
  readonly target: string;
  readonly isManifest: boolean;
  readonly parts: readonly ManifestPart[];
  readonly objects: readonly ObjectOutline[];
  /** What is wrong with the file by itself. */
  readonly findings: readonly Finding[];
  /** The namespaces that its objects name. */
  readonly namespaces: ReadonlySet<string>;
  /** Names of the sealed values that its objects refer to. */
  readonly references: ReadonlySet<string>;

  constructor(file: WrittenFile, samePart: SamePart) {
    this.file = file;
    this.target = publishedPath(file.path);
    this.isManifest = isManifest(file.path);
    this.parts = this.isManifest ? partsOf(file, this.target, samePart) : [];
    this.objects = this.parts.flatMap((part) => part.objects);
    this.findings = this.isManifest ? this.parts.flatMap((part) => part.findings) : [strayFile(file)];
    this.references = new Set(this.objects.flatMap(({ references }) => references.map(({ name }) => name)));
    this.namespaces = new Set(this.objects.flatMap(({ namespace }) => namespace ?? []));
  }

  check(schema: ObjectSchema, declared: Mode | undefined): readonly CheckedObject[] {
    return this.parts.flatMap((part) => part.check(schema, declared));
  }

  judge(policies: AddonPolicies, context: Omit<PolicyContext, "deprecations">, declared: Mode | undefined): readonly Finding[] {
    return this.parts.flatMap((part) => part.judge(policies, context, declared));
  }

  /** `sealed`: what a reference to a sealed value is written as. Default: as it is. */
  publish(declared: Mode | undefined, sealed?: (reference: Reference) => string): PublishedFile {
    const parts = this.parts.map((part) => (sealed === undefined ? part.publish(declared) : withDigests(part.publish(declared), sealed)));
    return { text: parts.flatMap((part) => part.texts).join("---\n"), objects: parts.flatMap((part) => part.objects) };
  }
}

/**
 * The documents of a file, each parsed by itself: of a file in which one cluster's name stands in one object, the others are the same in
 * all clusters. A line `---` always ends a document. Where something is wrong, or could mean something else without what stands before it,
 * the file is parsed as a whole.
 */
function partsOf(file: WrittenFile, target: string, samePart: SamePart): readonly ManifestPart[] {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(file.content);
  } catch {
    return [new ManifestPart(file, target)];
  }
  const whole = (): readonly ManifestPart[] => [samePart(file, text, target, undefined)];
  if (!text.includes("\n---\n") || /^(?:%|\.\.\.|---.)|\r|\ufeff|\u0085|\u2028|\u2029/mu.test(text)) return whole();
  const parts: ManifestPart[] = [];
  let lines = 0;
  for (const piece of text.split(/^---\n/m)) {
    const own = "\n".repeat(lines) + piece;
    parts.push(samePart(file, own, target, own));
    lines += piece.split("\n").length;
  }
  return parts.some((part) => part.findings.length > 0) ? whole() : parts;
}

/** The text of the line that a field begins on, and the line above it where that is a comment. */
function linesAt(object: ParsedObject, pointer: JsonPath): readonly string[] {
  const { line } = object.at(pointer);
  if (line === undefined) return [];
  const lines = new TextDecoder().decode(object.file.content).split("\n");
  const above = lines[line - 2] ?? "";
  return [lines[line - 1] ?? "", ...(/^\s*#/.test(above) ? [above] : [])];
}

/**
 * The objects with their references written anew. References are of characters that YAML writes as they are, and no line is ever folded, so
 * that they can be replaced in the text.
 */
function withDigests(published: PublishedPart, sealed: (reference: Reference) => string): PublishedPart {
  if (!published.texts.some((text) => text.includes("?{"))) return published;
  const texts = published.texts.map((text) => {
    let written = "";
    let end = 0;
    for (const found of findReferences(text)) {
      if (found.state === "malformed") continue;
      written += text.slice(end, found.start) + sealed(found.reference);
      end = found.end;
    }
    return written + text.slice(end);
  });
  return { texts, objects: published.objects.map((object, index) => ({ ...object, digest: digestOf(texts[index] ?? "") })) };
}

/** An object's digest, as release.yaml has it. */
export function digestOf(text: string): string {
  return `sha256:${sha256(text, "hex")}`;
}

/** The code of the schema's finding on a deprecated kind. */
const DEPRECATED = "schema-kind-deprecated";

function isPlainlyGood({ problems, mode, deprecations }: CheckedObject): boolean {
  return problems.length + mode.problems.length + deprecations.length === 0;
}

export function outlineOf(object: ParsedObject): ObjectOutline {
  const { apiVersion, kind, name, namespace } = object;
  const facts = factsOf(object);
  const slash = apiVersion.indexOf("/");
  return {
    apiVersion,
    kind,
    name,
    namespace,
    identity: `${slash < 0 ? "" : apiVersion.slice(0, slash)}/${kind} ${namespace ?? ""}/${name}`,
    at: object.at([]),
    metadataAt: object.at(["metadata"]),
    namespaceAt: object.at(["metadata", "namespace"]),
    references: referencesIn(object.value).map(({ reference, pointer }) => ({ name: referenceName(reference), at: object.at(pointer) })),
    ...(facts !== undefined && { facts }),
    definition: kind === "CustomResourceDefinition" ? object.value : undefined,
  };
}

export function findingOf(
  problem: ObjectProblem | PolicyVerdict,
  object: Pick<ParsedObject, "at" | "kind" | "name" | "namespace">,
): Finding {
  return {
    code: problem.code,
    severity: problem.severity,
    message: problem.message,
    at: object.at(problem.pointer),
    ...(problem.advice === undefined ? {} : { advice: problem.advice }),
    ...("reason" in problem && problem.reason !== undefined && { reason: problem.reason }),
    ...("accepted" in problem && problem.accepted !== undefined && { accepted: problem.accepted }),
    ...("source" in problem && problem.source !== undefined && { trail: [problem.source] }),
    object: `${object.kind} ${object.namespace === null ? "" : `${object.namespace}/`}${object.name}`,
    field: problem.pointer,
  };
}
