import type { KeyObject } from "node:crypto";
import { readFileSync } from "node:fs";
import { FindingError } from "../finding/index.ts";
import type { ClusterKeys } from "../fleet/index.ts";
import { blobBits, openBlob, readCertificate, sealBlob, type FoundSealedSecret, type SealingCertificate } from "../unseal/index.ts";
import type { SecretFleet } from "./secret-fleet.ts";
import type { SealedUsage } from "./secret-usage.ts";
import { lineOf, treeTexts, type TreeText } from "./tree-texts.ts";
import { writeWhole } from "./write-whole.ts";

/** What is to become of one value of a SealedSecret. */
export interface SealedRotation {
  /** `NAMESPACE/NAME#KEY`. */
  readonly name: string;
  /** `FILE:LINE` of the sealed value, relative to the fleet's folder; null where the tree does not hold it. */
  readonly at: string | null;
  /** The certificate's file, as the config has it. */
  readonly from: string;
  readonly clusters: readonly string[];
  /** Whether it is, or with `--check` would be, another; null where only a sealing key could tell. */
  readonly changed: boolean | null;
}

export interface SealedSecretRotation {
  readonly fleet: SecretFleet;
  readonly usage: SealedUsage;
  readonly keys: ReadonlyMap<string, readonly ClusterKeys[]>;
  /** Private keys of controllers. */
  readonly sealingKeys: readonly KeyObject[];
  readonly check: boolean;
  readonly only: ReadonlySet<string> | undefined;
  /** Milliseconds since 1970: a certificate that has run out is refused. */
  readonly now: number;
}

/** A sealed value with what uses it. */
interface UsedBlob {
  readonly blob: string;
  readonly key: string;
  readonly found: FoundSealedSecret;
  readonly clusters: string[];
}

interface NamedCertificate extends SealingCertificate {
  readonly file: string;
}

/**
 * Seals the values of SealedSecrets to the present certificate of the cluster that they are for, where one of the sealing keys opens them. A
 * value that is sealed to it already stays as it is; of another only the value itself is replaced where it stands in the tree, in a
 * manifest, a template or pillar.
 */
export function rotateSealedSecrets(rotation: SealedSecretRotation, failures: FindingError[]): SealedRotation[] {
  const { fleet, usage, only } = rotation;
  const certificates = new Certificates(rotation);
  const texts = new Map(treeTexts(fleet.fleet, "all").map((file) => [file.path, file]));
  const done: SealedRotation[] = [];
  for (const used of usedBlobs(usage)) {
    const places = [...texts.values()].filter((file) => file.text.includes(used.blob));
    if (only !== undefined && !places.some((file) => only.has(file.path))) continue;
    try {
      const certificate = certificates.of(used);
      const { changed, blob } = resealed(used, certificate, rotation);
      const [first] = places;
      if (changed === true && first === undefined)
        throw refused(
          used,
          "sealed-not-in-tree",
          "stands as it is in no file of the roots, so that it can't be replaced",
          "seal it anew where it is made",
        );
      done.push({
        name: nameOf(used),
        at: first === undefined ? null : `${first.name}:${lineOf(first.text, first.text.indexOf(used.blob))}`,
        from: certificate.file,
        clusters: used.clusters,
        changed,
      });
      if (blob === undefined) continue;
      for (const file of places) texts.set(file.path, replaced(file, used.blob, blob));
    } catch (error) {
      if (!(error instanceof FindingError)) throw error;
      failures.push(error);
    }
  }
  return done;
}

/** Whether a value is to be sealed anew, and, but with `--check`, what it is then. */
function resealed(
  used: UsedBlob,
  certificate: NamedCertificate,
  { sealingKeys, check }: SealedSecretRotation,
): { readonly changed: boolean | null; readonly blob?: string } {
  const { scope, namespace, name } = used.found;
  for (const key of sealingKeys) {
    const value = openBlob([key], used.blob, scope, namespace ?? "", name);
    if (value === undefined) continue;
    try {
      if (isPair(key, certificate.key)) return { changed: false };
      if (check) return { changed: true };
      const bytes = value.reveal("seal");
      try {
        return { changed: true, blob: sealBlob(certificate.key, bytes, scope, namespace ?? "", name) };
      } finally {
        bytes.fill(0);
      }
    } finally {
      value.wipe();
    }
  }
  if (sealingKeys.length > 0)
    throw refused(
      used,
      "sealed-cannot-open",
      "is opened by none of the sealing keys given, and so can't be sealed anew",
      "give the key that it was sealed to (old keys stay in the cluster's controller), or seal the value itself: halite secret seal --cluster",
    );
  return { changed: blobBits(used.blob) === certificate.bits ? null : true };
}

/** Whether a private key is that of a public one. */
function isPair(key: KeyObject, to: KeyObject): boolean {
  const { n, e } = key.export({ format: "jwk" });
  const other = to.export({ format: "jwk" });
  return n === other.n && e === other.e;
}

function replaced(file: TreeText, from: string, to: string): TreeText {
  const text = file.text.replaceAll(from, to);
  writeWhole(file.path, text);
  return { ...file, text };
}

/** The sealing certificates of clusters, each file read once. */
class Certificates {
  readonly #rotation: SealedSecretRotation;
  readonly #read = new Map<string, NamedCertificate>();

  constructor(rotation: SealedSecretRotation) {
    this.#rotation = rotation;
  }

  /** The one certificate of the clusters that a value is for. @throws FindingError */
  of(used: UsedBlob): NamedCertificate {
    const files = used.clusters.map((cluster) => {
      const file = (this.#rotation.keys.get(cluster) ?? []).map(({ certificate }) => certificate).find((each) => each !== null);
      if (file !== undefined && file !== null) return file;
      throw refused(
        used,
        "sealed-no-certificate",
        `is for ${cluster}, and halite.yaml names no certificate of it`,
        "fetch it with kubeseal --fetch-cert, and name its file in sealed:clusters",
      );
    });
    const all = [...new Set(files)].map((file) => this.#certificate(file));
    const [first, ...others] = all;
    if (first === undefined) throw new TypeError("a sealed value of no cluster");
    const other = others.find(({ key }) => !key.equals(first.key));
    if (other === undefined) return first;
    throw refused(
      used,
      "sealed-several-certificates",
      `is for ${used.clusters.join(", ")}, whose certificates differ: ${first.file}, ${other.file}`,
      "only clusters that share a sealing key can share a sealed value: seal one for each",
    );
  }

  #certificate(file: string): NamedCertificate {
    let certificate = this.#read.get(file);
    if (certificate === undefined) {
      const { fleet, now } = this.#rotation;
      certificate = { ...readCertificate(certificateText(fleet, file), file, now), file };
      this.#read.set(file, certificate);
    }
    return certificate;
  }
}

function certificateText(fleet: SecretFleet, file: string): string {
  try {
    return readFileSync(fleet.path(file), "utf8");
  } catch (error) {
    throw new FindingError({
      code: "sealed-certificate",
      severity: "error",
      message: `${file} can't be read: ${error instanceof Error ? error.message : String(error)}`,
      advice: "sealed:clusters of halite.yaml names it; kubeseal --fetch-cert prints it",
    });
  }
}

/** The sealed values of compiled output, each once, with all clusters that have it. */
function usedBlobs({ sealedSecrets }: SealedUsage): UsedBlob[] {
  const used = new Map<string, UsedBlob>();
  for (const { cluster, found } of sealedSecrets)
    for (const [key, blob] of found.encrypted) {
      const one = used.get(blob) ?? { blob, key, found, clusters: [] };
      if (!one.clusters.includes(cluster)) one.clusters.push(cluster);
      used.set(blob, one);
    }
  return [...used.values()].sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
}

function nameOf({ found, key }: UsedBlob): string {
  return `${found.namespace === null ? "" : `${found.namespace}/`}${found.name}#${key}`;
}

function refused(used: UsedBlob, code: string, message: string, advice: string): FindingError {
  return new FindingError({ code, severity: "error", message: `SealedSecret ${nameOf(used)} ${message}`, advice });
}
