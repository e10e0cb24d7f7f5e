import {
  constants,
  createCipheriv,
  createDecipheriv,
  createPrivateKey,
  privateDecrypt,
  publicEncrypt,
  randomBytes,
  X509Certificate,
  type KeyObject,
} from "node:crypto";
import { FindingError } from "../finding/index.ts";
import { SecretValue, sealedError, type KubernetesObject } from "../sealed/index.ts";

/** How a sealed value is tied: to its Secret's namespace and name, to the namespace, or to nothing. */
export type SealingScope = "strict" | "namespace-wide" | "cluster-wide";

export const SEALING_SCOPES = ["strict", "namespace-wide", "cluster-wide"] as const satisfies readonly SealingScope[];

const ANNOTATIONS = {
  "namespace-wide": "sealedsecrets.bitnami.com/namespace-wide",
  "cluster-wide": "sealedsecrets.bitnami.com/cluster-wide",
} as const;

/** What a sealed value is tied to, as RSA-OAEP's label (sealed-secrets v0.40.0, EncryptionLabel). */
function label(scope: SealingScope, namespace: string, name: string): Buffer {
  return Buffer.from(scope === "strict" ? `${namespace}/${name}` : scope === "namespace-wide" ? namespace : "", "utf8");
}

/** A cluster's sealing certificate. */
export interface SealingCertificate {
  readonly key: KeyObject;
  /** Bits of its modulus. */
  readonly bits: number;
  /** Milliseconds since 1970. */
  readonly notAfter: number;
}

/**
 * Reads the certificate that `kubeseal --fetch-cert` prints. `now`, in milliseconds: one that has run out is refused, as kubeseal does.
 *
 * @throws FindingError `sealed-certificate`
 */
export function readCertificate(pem: string, file: string, now: number): SealingCertificate {
  const refuse = (message: string, advice: string): FindingError =>
    sealedError("sealed-certificate", `${file}: ${message}`, advice, { file });
  let certificate: X509Certificate;
  try {
    certificate = new X509Certificate(pem);
  } catch {
    throw refuse("this is no certificate", "kubeseal --fetch-cert prints the cluster's, in PEM");
  }
  const key = certificate.publicKey;
  const notAfter = Date.parse(certificate.validTo);
  if (key.asymmetricKeyType !== "rsa") throw refuse("its key is not RSA", "the controller's certificate is; this is another one");
  if (notAfter <= now)
    throw refuse(
      `it ran out on ${new Date(notAfter).toISOString().slice(0, 10)}`,
      "fetch the cluster's present one: kubeseal --fetch-cert",
    );
  return { key, bits: key.asymmetricKeyDetails?.modulusLength ?? 0, notAfter };
}

/**
 * Seals bytes as kubeseal does: `uint16 n ‖ RSA-OAEP-SHA256(session key) ‖ AES-256-GCM(bytes)`, the nonce being zero as each session key is used
 * once (sealed-secrets v0.40.0, pkg/crypto/crypto.go). Base64.
 */
export function sealBlob(key: KeyObject, plain: Uint8Array, scope: SealingScope, namespace: string, name: string): string {
  const session = randomBytes(32);
  const wrapped = publicEncrypt(
    { key, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: "sha256", oaepLabel: label(scope, namespace, name) },
    session,
  );
  const cipher = createCipheriv("aes-256-gcm", session, new Uint8Array(12));
  const length = Buffer.alloc(2);
  length.writeUInt16BE(wrapped.length);
  const sealed = Buffer.concat([length, wrapped, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
  session.fill(0);
  return sealed.toString("base64");
}

/** Opens what was sealed, with any of the keys; undefined where none fits or it was tied to something else. */
export function openBlob(
  keys: readonly KeyObject[],
  blob: string,
  scope: SealingScope,
  namespace: string,
  name: string,
): SecretValue | undefined {
  const bytes = blobParts(blob);
  if (bytes === undefined) return undefined;
  for (const key of keys) {
    try {
      const session = privateDecrypt(
        { key, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: "sha256", oaepLabel: label(scope, namespace, name) },
        bytes.wrapped,
      );
      const decipher = createDecipheriv("aes-256-gcm", session, new Uint8Array(12), { authTagLength: 16 });
      session.fill(0);
      decipher.setAuthTag(bytes.tag);
      const plain = decipher.update(bytes.data);
      decipher.final();
      return SecretValue.of(plain);
    } catch {
      // The next key.
    }
  }
  return undefined;
}

function blobParts(blob: string): { readonly wrapped: Buffer; readonly data: Buffer; readonly tag: Buffer } | undefined {
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(blob)) return undefined;
  const bytes = Buffer.from(blob, "base64");
  if (bytes.length < 2) return undefined;
  const data = 2 + bytes.readUInt16BE(0);
  if (bytes.length < data + 16) return undefined;
  return { wrapped: bytes.subarray(2, data), data: bytes.subarray(data, bytes.length - 16), tag: bytes.subarray(bytes.length - 16) };
}

/** Bits of the key that a value is sealed to; undefined for what is no sealed value. */
export function blobBits(blob: string): number | undefined {
  const wrapped = blobParts(blob)?.wrapped.length;
  return wrapped === undefined || wrapped < 128 ? undefined : wrapped * 8;
}

/** The Secret that is to come out. */
export interface SealedSecretTarget {
  readonly name: string;
  /** Null for cluster-wide values alone. */
  readonly namespace: string | null;
  readonly scope: SealingScope;
  /** Kubernetes' type of the Secret; null: Opaque. */
  readonly type: string | null;
}

/** A SealedSecret as `kubeseal` makes it. */
export function newSealedSecret(target: SealedSecretTarget, encrypted: ReadonlyMap<string, string>): KubernetesObject {
  const annotations = target.scope === "strict" ? {} : { annotations: { [ANNOTATIONS[target.scope]]: "true" } };
  const metadata = { name: target.name, ...(target.namespace === null ? {} : { namespace: target.namespace }), ...annotations };
  return {
    apiVersion: "bitnami.com/v1alpha1",
    kind: "SealedSecret",
    metadata,
    spec: { encryptedData: Object.fromEntries(encrypted), template: { metadata, ...(target.type === null ? {} : { type: target.type }) } },
  };
}

/** A SealedSecret found in a tree. */
export interface FoundSealedSecret extends SealedSecretTarget {
  readonly encrypted: ReadonlyMap<string, string>;
}

/**
 * Takes a SealedSecret apart.
 *
 * @throws FindingError `sealed-secret-object` for what the controller would refuse: no name, scopes that contradict one another, the one-blob form
 * of old
 */
export function readSealedSecret(object: KubernetesObject, file: string): FoundSealedSecret {
  const refuse = (message: string, advice: string): FindingError => sealedError("sealed-secret-object", message, advice, { file });
  const metadata = mapping(object["metadata"]);
  const spec = mapping(object["spec"]);
  const name = metadata["name"];
  if (typeof name !== "string" || name === "")
    throw refuse("a SealedSecret has no name", "name it as the Secret that is to come out of it");
  const namespace = typeof metadata["namespace"] === "string" ? metadata["namespace"] : null;
  if (spec["data"] !== undefined)
    throw refuse(`SealedSecret ${name} holds one blob in spec.data, the form of old`, "seal it anew: controllers no longer take it");
  const encrypted = new Map<string, string>();
  for (const [key, value] of Object.entries(mapping(spec["encryptedData"]))) {
    if (typeof value !== "string" || blobBits(value) === undefined)
      throw refuse(
        `SealedSecret ${name}, encryptedData.${key} is no sealed value`,
        "it is cut off or was put there unsealed: seal it anew",
      );
    encrypted.set(key, value);
  }
  const annotations = mapping(metadata["annotations"]);
  const scope: SealingScope =
    annotations[ANNOTATIONS["cluster-wide"]] === "true"
      ? "cluster-wide"
      : annotations[ANNOTATIONS["namespace-wide"]] === "true"
        ? "namespace-wide"
        : "strict";
  if (scope !== "cluster-wide" && namespace === null)
    throw refuse(`SealedSecret ${name} has no namespace`, "values that are not cluster-wide are tied to one");
  const type = mapping(spec["template"])["type"];
  return { name, namespace, scope, type: typeof type === "string" ? type : null, encrypted };
}

function mapping(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? Object.fromEntries(Object.entries(value)) : {};
}

/** The private keys in a text: PEM, one or several, or what `kubectl get secret -o yaml` prints of the controller's keys. */
export function readSealingKeys(text: string, file: string): KeyObject[] {
  const encoded = [
    ...text.matchAll(/tls\.key:\s*["']?([A-Za-z0-9+/=]{100,})["']?/g),
    ...text.matchAll(/"tls\.key":\s*"([A-Za-z0-9+/=]{100,})"/g),
  ].map((match) => Buffer.from(match[1] ?? "", "base64").toString("latin1"));
  const pems = [text, ...encoded].flatMap(
    (each) => each.match(/-----BEGIN (?:RSA )?PRIVATE KEY-----[\s\S]*?-----END (?:RSA )?PRIVATE KEY-----/g) ?? [],
  );
  try {
    if (pems.length > 0) return pems.map((pem) => createPrivateKey(pem));
  } catch {
    // Node's message may quote what it read.
  }
  throw sealedError(
    "sealed-key-file",
    `${file} holds no private key of a sealed-secrets controller`,
    "kubectl get secret -n kube-system -l sealedsecrets.bitnami.com/sealed-secrets-key -o yaml prints them",
    { file },
  );
}
