import type { Finding } from "../finding/index.ts";
import type { Tree, TreeChanges } from "../git/index.ts";
import { acceptsPlainValue, isPublicSecret } from "../policy/index.ts";
import { PyDict, repr, type Value } from "../python/index.ts";
import { toPlain, type Json, type JsonObject } from "../schema/index.ts";
import { holdsReference, holdsSopsValue, privateKeyAt } from "../sealed/index.ts";
import { loadKubernetes } from "../yaml/index.ts";

/** Base64 of `-----BEGI`, whatever stands around it in the text. */
const ARMOUR_IN_BASE64 = /LS0tLS1CRUdJ[0-9A-Za-z+/]{12,}={0,2}/g;
/**
 * A last search of what a commit adds for secrets in plain: values of Secrets that are no references, private keys, and SOPS files that
 * are not sealed. What equals a file that is published already was searched when it came. Values are never in a finding.
 *
 * @param allowed paths that the user has looked at
 * @param publicSecrets patterns of values of Secrets that are none, which hold for a path
 */
export function findPlainSecrets(
  tree: Tree,
  changes: TreeChanges,
  allowed: readonly string[],
  publicSecrets: (path: string) => readonly string[] = () => [],
): Finding[] {
  const findings: Finding[] = [];
  // Clusters share most of their files' texts.
  const known = new Map<string, readonly Found[]>();
  const folded = new Map<string, { found: Found; paths: string[] }>();
  for (const path of [...changes.added, ...changes.changed]) {
    const entry = tree.get(path) ?? "";
    if (typeof entry === "object" && "blob" in entry) continue;
    const text = typeof entry === "string" ? entry : Buffer.from(entry.buffer, entry.byteOffset, entry.byteLength).toString("utf8");
    const sealed = /^[^/]+\/[^/]+\/\.sealed\/sops\//.test(path);
    const key = `${sealed}${text}`;
    let founds = known.get(key);
    if (founds === undefined) known.set(key, (founds = search(text, sealed)));
    if (founds.length === 0 || allowed.includes(path)) continue;
    for (const each of founds) {
      const found = told(each, publicSecrets(path));
      if (found === undefined) continue;
      const same = `${path.split("/").slice(2).join("/")}\0${found.what}`;
      const group = folded.get(same) ?? { found, paths: [] };
      group.paths.push(path);
      folded.set(same, group);
    }
  }
  for (const { found, paths } of folded.values()) {
    const more = paths.length > 1 ? ` (and in ${paths.length - 1} more cluster${paths.length === 2 ? "" : "s"})` : "";
    findings.push({
      code: "publish-plain-secret",
      severity: "error",
      message: `${found.what}${more}`,
      at: { file: paths[0] ?? "", ...(found.line === undefined ? {} : { line: found.line }) },
      advice: found.advice,
    });
  }
  return findings;
}

interface Found {
  readonly what: string;
  readonly line: number | undefined;
  readonly advice: string;
  /** Values of a Secret, each as `NAMESPACE/NAME/KEY` and by its key. */
  readonly values?: readonly (readonly [name: string, key: string])[];
}

/** What is left to be said where some values of Secrets are none. */
function told(found: Found, publicSecrets: readonly string[]): Found | undefined {
  if (found.values === undefined) return found;
  const left = found.values.filter(([name]) => !isPublicSecret(publicSecrets, name)).map(([, key]) => key);
  return left.length === 0 ? undefined : { ...found, what: `${found.what}: ${left.join(", ")}` };
}

const SEAL =
  "Keep the value in a sealed source and let pillar refer to it. If it is none that must be kept, --allow-plain PATH says that you have looked, PATH being the file named here.";

function search(text: string, sealed: boolean): readonly Found[] {
  const found: Found[] = [];
  const key = privateKeyAt(text);
  if (key !== undefined) found.push({ what: "a private key in plain", line: lineAt(text, key), advice: SEAL });
  for (const match of text.matchAll(ARMOUR_IN_BASE64)) {
    if (privateKeyAt(Buffer.from(match[0], "base64").toString("latin1")) === undefined) continue;
    found.push({ what: "a private key in plain, in base64", line: lineAt(text, match.index), advice: SEAL });
    break;
  }
  if ((sealed || /^\s*"?sops"?:(?:\s|$)/m.test(text)) && !holdsSopsValue(text) && (sealed || /\bmac\b/.test(text))) {
    found.push({
      what: "a SOPS file whose values are not sealed",
      line: undefined,
      advice:
        "Encrypt the file in the source: `sops encrypt --in-place FILE`. Its values have been in git in plain: change them where they count.",
    });
  }
  if (/^kind: "?Secret"?$/m.test(text)) found.push(...plainValues(text));
  return found;
}

/** Values of Secret objects that hold no reference. */
function plainValues(text: string): Found[] {
  const found: Found[] = [];
  for (const { value: document } of loadKubernetes(text, { file: "" })) {
    if (!(document instanceof PyDict) || document.get("kind") !== "Secret" || document.get("apiVersion") !== "v1") continue;
    const { json } = toPlain(document);
    for (const field of ["data", "stringData"]) {
      const values = document.get(field);
      if (!(values instanceof PyDict)) continue;
      const plain = [...values.entries()]
        .filter(([, value]) => isPlain(value))
        .map(([name]) => (typeof name === "string" ? name : repr(name)))
        // What the policy on plain secrets was told to accept has been looked at.
        .filter((name) => !(isMapping(json) && acceptsPlainValue(json, name)));
      if (plain.length === 0) continue;
      const named = nameOf(document);
      found.push({
        what: `Secret ${named} has values in plain`,
        line: undefined,
        advice: SEAL,
        values: plain.map((key) => [`${named.includes("/") ? "" : "/"}${named}/${key}`, key]),
      });
    }
  }
  return found;
}

function isMapping(json: Json): json is JsonObject {
  return typeof json === "object" && json !== null && !Array.isArray(json);
}

function isPlain(value: Value): boolean {
  return typeof value === "string" && value !== "" && !holdsReference(value);
}

function nameOf(object: PyDict): string {
  const metadata = object.get("metadata");
  if (!(metadata instanceof PyDict)) return "";
  const [namespace, name] = [metadata.get("namespace"), metadata.get("name")];
  return `${typeof namespace === "string" ? `${namespace}/` : ""}${typeof name === "string" ? name : ""}`;
}

function lineAt(text: string, index: number): number {
  let line = 1;
  for (let at = text.indexOf("\n"); at >= 0 && at < index; at = text.indexOf("\n", at + 1)) line += 1;
  return line;
}
