import type { Finding } from "../finding/index.ts";
import type { TimedCompile } from "../fleet/index.ts";
import { findReferences, referenceName, type KubernetesObject, type Reference } from "../sealed/index.ts";
import { readSealedSecret, type FoundSealedSecret } from "../unseal/index.ts";
import { FindingError } from "../finding/index.ts";
import { PyDict, type Value } from "../python/index.ts";
import { loadKubernetes } from "../yaml/index.ts";
import type { CommandContext } from "./command.ts";
import type { SecretFleet } from "./secret-fleet.ts";
import { compileFleet } from "./session.ts";

/** A sealed value that compiled output refers to, and the clusters whose output does. */
export interface UsedReference {
  readonly reference: Reference;
  readonly clusters: readonly string[];
}

/** What compiled output uses of sealed values. */
export interface SealedUsage {
  readonly clusters: number;
  readonly references: readonly UsedReference[];
  /** PGP messages by their digest. */
  readonly messages: ReadonlyMap<string, string>;
  readonly sealedSecrets: readonly { readonly cluster: string; readonly file: string; readonly found: FoundSealedSecret }[];
  /** What the compile says of sealed values. */
  readonly findings: readonly Finding[];
  /** What does not compile, so that what it refers to is not known: a cluster, or CLUSTER/ADDON. */
  readonly failed: readonly string[];
}

/** Compiles the clusters that `--clusters` picks, in memory, and reads what their output refers to. */
export async function sealedUsage(context: CommandContext, secrets: SecretFleet): Promise<SealedUsage> {
  const fleet = secrets.whole();
  const compiles = await compileFleet(context, fleet);
  const references = new Map<string, { reference: Reference; clusters: Set<string> }>();
  const messages = new Map<string, string>();
  const sealedSecrets: { cluster: string; file: string; found: FoundSealedSecret }[] = [];
  const findings: Finding[] = [];
  for (const compile of compiles) {
    findings.push(...compile.findings.filter((finding) => finding.code.startsWith("sealed-")));
    for (const [file, text] of compile.files) {
      const message = /^\.sealed\/pgp\/([0-9a-f]{64})\.asc$/.exec(file)?.[1];
      if (message !== undefined) messages.set(message, text.trimEnd());
      if (file.startsWith(".sealed/") || file === "release.yaml") continue;
      for (const each of findReferences(text)) {
        if (each.state !== "whole") continue;
        const name = referenceName(each.reference);
        const entry = references.get(name) ?? { reference: { ...each.reference, functions: [], digest: null }, clusters: new Set() };
        entry.clusters.add(compile.cluster.id);
        references.set(name, entry);
      }
      if (text.includes("kind: SealedSecret")) sealedSecrets.push(...sealedSecretsIn(compile, file, text, findings));
    }
  }
  return {
    clusters: compiles.length,
    references: [...references]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([, { reference, clusters }]) => ({ reference, clusters: [...clusters].sort() })),
    messages,
    sealedSecrets,
    findings,
    failed: compiles.flatMap(({ cluster, release }) =>
      release.state === "failed"
        ? [cluster.id]
        : release.addons.filter(({ state }) => state === "failed").map(({ name }) => `${cluster.id}/${name}`),
    ),
  };
}

function sealedSecretsIn(
  { cluster }: TimedCompile,
  file: string,
  text: string,
  findings: Finding[],
): { cluster: string; file: string; found: FoundSealedSecret }[] {
  const name = `${cluster.az}/${cluster.id}/${file}`;
  return loadKubernetes(text, { file: name }).flatMap(({ value }) => {
    const object = toObject(value);
    if (object["kind"] !== "SealedSecret") return [];
    try {
      return [{ cluster: cluster.id, file: name, found: readSealedSecret(object, name) }];
    } catch (error) {
      if (!(error instanceof FindingError)) throw error;
      findings.push(...error.findings);
      return [];
    }
  });
}

function toObject(value: Value): KubernetesObject {
  const convert = (each: Value): KubernetesObject[string] => {
    if (each instanceof PyDict) return toObject(each);
    if (Array.isArray(each)) return each.map(convert);
    return typeof each === "string" || typeof each === "number" || typeof each === "boolean" || typeof each === "bigint" ? each : null;
  };
  return value instanceof PyDict
    ? Object.fromEntries([...value.entries()].map(([key, item]) => [typeof key === "string" ? key : "", convert(item)]))
    : {};
}
