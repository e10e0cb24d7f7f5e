import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** A string type of a Go package with the values its constants declare. */
export interface GoStringType {
  /** Whether the source marks it `+enum`. */
  readonly marked: boolean;
  readonly values: readonly string[];
}

/** What the generator needs of one k8s.io/api package, such as `core/v1`. */
export interface GoPackage {
  /** `storage.k8s.io`; "" for the core group. */
  readonly group: string;
  readonly strings: ReadonlyMap<string, GoStringType>;
  /** `PodSpec.dnsPolicy` to the field's Go type. Embedded structs' fields stand with the struct that embeds them too. */
  readonly fields: ReadonlyMap<string, GoField>;
  readonly lifecycles: ReadonlyMap<string, Lifecycle>;
}

/** A struct's field: the type's name, with `core/v1.` before one of another package, and how it is held. */
export interface GoField {
  readonly type: string;
  /** A plain field's zero value reads as "not set"; a pointer's does not. */
  readonly held: "plain" | "pointer" | "list";
}

/** What `zz_generated.prerelease-lifecycle.go` says of a kind. */
export interface Lifecycle {
  introduced?: string;
  deprecated?: string;
  removed?: string;
  /** `group/version/kind`. */
  replacement?: string;
}

const STRING_TYPE = /^type (\w+) string\b/;
const CONSTANT = /^\s*(?:const\s+)?\w+\s+(\w+)\s*=\s*"([^"]*)"/;
const CONVERTED_CONSTANT = /^\s*(?:const\s+)?\w+\s*=\s*(\w+)\("([^"]*)"\)/;
const STRUCT = /^type (\w+) struct \{/;
const FIELD = /^\t\w+\s+([^`\s]+)\s+`(?:[^`]*\s)?json:"([^",]+)[^`]*`/;
const EMBEDDED = /^\t(\w+)\s+`[^`]*json:",inline"/;
const GROUP = /GroupName\s*=\s*"([^"]*)"/;
const IMPORT = /^\s*(?:import\s+)?(\w+)?\s*"k8s\.io\/(?:api|apimachinery\/pkg\/apis)\/([a-z0-9]+\/v[a-z0-9]+)"/;

/**
 * The packages below a k8s.io/api source folder (or below apimachinery's pkg/apis).
 * Read line by line: the files are gofmt-ed, so a declaration's shape is fixed.
 */
export function readGoPackages(root: string): Map<string, GoPackage> {
  const packages = new Map<string, GoPackage>();
  for (const group of readdirSync(root, { withFileTypes: true })) {
    if (!group.isDirectory()) continue;
    for (const version of readdirSync(join(root, group.name), { withFileTypes: true })) {
      if (version.isDirectory() && /^v\d/.test(version.name))
        packages.set(`${group.name}/${version.name}`, readGoPackage(join(root, group.name, version.name)));
    }
  }
  return packages;
}

function readGoPackage(folder: string): GoPackage {
  const values = new Map<string, string[]>();
  const marked = new Set<string>();
  const fields = new Map<string, GoField>();
  const embedded: (readonly [struct: string, inner: string])[] = [];
  let group = "";
  const lifecycles = new Map<string, Lifecycle>();
  for (const file of readdirSync(folder).sort()) {
    if (!file.endsWith(".go") || file.endsWith("_test.go")) continue;
    if (file === "zz_generated.prerelease-lifecycle.go") readLifecycles(readFileSync(join(folder, file), "utf8"), lifecycles);
    if (file.startsWith("zz_") || file.startsWith("generated") || file === "types_swagger_doc_generated.go") continue;
    const text = readFileSync(join(folder, file), "utf8");
    group = GROUP.exec(text)?.[1] ?? group;
    readTypes(text, values, marked, fields, embedded);
  }
  // Twice, for a struct that is embedded in one that is embedded itself.
  for (const [struct, inner] of embedded.concat(embedded)) {
    const inherited = [...fields].filter(([name]) => name.startsWith(`${inner}.`));
    for (const [name, field] of inherited) fields.set(struct + name.slice(inner.length), field);
  }
  const strings = new Map(
    [...values].map(([name, list]): [string, GoStringType] => [name, { marked: marked.has(name), values: [...new Set(list)] }]),
  );
  return { group, strings, fields, lifecycles };
}

function readTypes(
  text: string,
  values: Map<string, string[]>,
  marked: Set<string>,
  fields: Map<string, GoField>,
  embedded: (readonly [string, string])[],
): void {
  const imports = new Map<string, string>();
  let struct: string | undefined;
  let comment = "";
  for (const line of text.split("\n")) {
    const imported = IMPORT.exec(line);
    if (imported?.[2] !== undefined) imports.set(imported[1] ?? imported[2].split("/")[1] ?? "", imported[2]);
    const stringType = STRING_TYPE.exec(line)?.[1];
    if (stringType !== undefined) {
      if (/\+enum\b/.test(comment)) marked.add(stringType);
      if (!values.has(stringType)) values.set(stringType, []);
    }
    struct = STRUCT.exec(line)?.[1] ?? (line === "}" ? undefined : struct);
    const field = struct === undefined ? null : FIELD.exec(line);
    if (field?.[1] !== undefined && field[2] !== undefined) fields.set(`${struct}.${field[2]}`, resolve(field[1], imports));
    const inner = struct === undefined ? undefined : EMBEDDED.exec(line)?.[1];
    if (struct !== undefined && inner !== undefined) embedded.push([struct, inner]);
    const constant = CONSTANT.exec(line) ?? CONVERTED_CONSTANT.exec(line);
    if (constant?.[1] !== undefined && constant[2] !== undefined && constant[1] !== "string") {
      const list = values.get(constant[1]);
      if (list === undefined) values.set(constant[1], [constant[2]]);
      else list.push(constant[2]);
    }
    comment = line.startsWith("//") ? comment + line : "";
  }
}

/** `*[]v1.Taint` to `core/v1.Taint`. */
function resolve(type: string, imports: ReadonlyMap<string, string>): GoField {
  const bare = type.replace(/^(?:\*|\[\])+/, "");
  const [alias, name] = bare.split(".");
  const held = type.includes("[]") ? "list" : type.startsWith("*") ? "pointer" : "plain";
  return { type: name === undefined || alias === undefined ? bare : `${imports.get(alias) ?? alias}.${name}`, held };
}

const LIFECYCLE = /func \(in \*(\w+)\) APILifecycle(\w+)\(\)[^{]*\{\s*return ([^\n]+)/g;

function readLifecycles(text: string, into: Map<string, Lifecycle>): void {
  for (const [, kind = "", what = "", returned = ""] of text.matchAll(LIFECYCLE)) {
    if (kind.endsWith("List")) continue;
    const lifecycle = into.get(kind) ?? {};
    into.set(kind, lifecycle);
    const release = returned.replace(", ", ".");
    if (what === "Introduced") lifecycle.introduced = release;
    else if (what === "Deprecated") lifecycle.deprecated = release;
    else if (what === "Removed") lifecycle.removed = release;
    else if (what === "Replacement") {
      const gvk = /Group: "([^"]*)", Version: "([^"]*)", Kind: "([^"]*)"/.exec(returned);
      if (gvk !== null) lifecycle.replacement = `${gvk[1]}/${gvk[2]}/${gvk[3]}`;
    }
  }
}
