import { isAbsolute, relative, resolve } from "node:path";
import { referenceName, SecretValue, sealedError, type OpenContext, type Reference, type SealedSource } from "../sealed/index.ts";
import type { Gpg } from "./gpg.ts";
import { SopsFile, type OpenSopsFile } from "./sops/file.ts";
import type { KeyRing } from "./sops/keys.ts";

/** Reads a file of a release's sealed sources, or of the tree's sealed root, by its path with `/`; undefined where there is none. */
export type ReadSealed = (path: string) => Promise<string | undefined>;

/** Reads from a folder, and nothing outside it: a path that leads out, by `..` or a link, is not there. */
export function readBelow(folder: string, read: (path: string) => Promise<string>, real: (path: string) => Promise<string>): ReadSealed {
  return async (path) => {
    try {
      const [top, file] = await Promise.all([real(folder), real(resolve(folder, path))]);
      const inside = relative(top, file);
      if (inside === "" || inside.startsWith("..") || isAbsolute(inside)) return undefined;
      return await read(file);
    } catch (error) {
      if (error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "ENOTDIR")) return undefined;
      throw error;
    }
  };
}

/** Values in SOPS files. Each file is read once and opened once, its message authentication code verified. `wipe` it when done. */
export class SopsSource implements SealedSource {
  readonly kind = "sops";
  readonly #read: ReadSealed;
  readonly #ring: KeyRing;
  readonly #files = new Map<string, Promise<SopsFile>>();
  readonly #open = new Map<string, Promise<OpenSopsFile>>();

  constructor(read: ReadSealed, ring: KeyRing) {
    this.#read = read;
    this.#ring = ring;
  }

  async sealedText(reference: Reference): Promise<string> {
    const { file, path } = sopsReference(reference);
    return (await this.#file(file)).sealedLeaf(path).text;
  }

  async open(reference: Reference): Promise<SecretValue> {
    const { file, path } = sopsReference(reference);
    let open = this.#open.get(file);
    if (open === undefined) {
      open = this.#file(file).then(async (each) => each.open(this.#ring));
      this.#open.set(file, open);
    }
    return (await open).value(path);
  }

  async wipe(): Promise<void> {
    for (const file of this.#open.values()) {
      try {
        (await file).wipe();
      } catch {
        // What could not be opened needs no wiping.
      }
    }
    this.#open.clear();
    this.#files.clear();
  }

  #file(name: string): Promise<SopsFile> {
    let file = this.#files.get(name);
    if (file === undefined) {
      file = this.#load(name);
      this.#files.set(name, file);
    }
    return file;
  }

  async #load(name: string): Promise<SopsFile> {
    const text = await this.#read(name);
    if (text === undefined)
      throw sealedError(
        "sealed-missing",
        `there is no sealed file ${name}`,
        "it is published with the release; in the tree it lies below sealed:root of halite.yaml",
        { file: name },
      );
    return SopsFile.read(text, name);
  }
}

function sopsReference(reference: Reference): Extract<Reference, { kind: "sops" }> {
  if (reference.kind === "sops") return reference;
  throw new TypeError(`a sops source does not open ${reference.kind}`);
}

/** PGP messages of pillar, found by the digest of their normal form. */
export class PgpSource implements SealedSource {
  readonly kind = "pgp";
  readonly #read: (digest: string) => Promise<string | undefined>;
  readonly #gpg: Gpg;

  /** `read` gives the message's normal form. */
  constructor(read: (digest: string) => Promise<string | undefined>, gpg: Gpg) {
    this.#read = read;
    this.#gpg = gpg;
  }

  async sealedText(reference: Reference): Promise<string> {
    if (reference.kind !== "pgp") throw new TypeError(`a pgp source does not open ${reference.kind}`);
    const text = await this.#read(reference.block);
    if (text !== undefined) return text.replace(/\n+$/, "");
    throw sealedError(
      "sealed-missing",
      `there is no PGP message ${reference.block.slice(0, 12)}…`,
      "it is published with the release as .sealed/pgp/DIGEST.asc",
    );
  }

  async open(reference: Reference, context: OpenContext): Promise<SecretValue> {
    return this.#gpg.decrypt(await this.sealedText(reference), context.signal);
  }
}

/** Reads a Secret of the destination: its `data`, decoded; undefined where there is no such Secret. */
export type ReadSecret = (
  namespace: string,
  name: string,
  signal: AbortSignal | undefined,
) => Promise<ReadonlyMap<string, SecretValue> | undefined>;

/** Secrets that are in the destination cluster already. Each is read once. */
export class ClusterSecretSource implements SealedSource {
  readonly kind = "secret";
  readonly #read: ReadSecret;
  readonly #secrets = new Map<string, Promise<ReadonlyMap<string, SecretValue> | undefined>>();

  constructor(read: ReadSecret) {
    this.#read = read;
  }

  sealedText(reference: Reference): Promise<string> {
    return Promise.resolve(referenceName(reference));
  }

  async open(reference: Reference, context: OpenContext): Promise<SecretValue> {
    if (reference.kind !== "secret") throw new TypeError(`a secret source does not open ${reference.kind}`);
    const { namespace, name, key } = reference;
    const id = `${namespace}/${name}`;
    let secret = this.#secrets.get(id);
    if (secret === undefined) {
      secret = this.#read(namespace, name, context.signal);
      this.#secrets.set(id, secret);
    }
    const data = await secret;
    if (data === undefined)
      throw sealedError(
        "sealed-missing",
        `there is no Secret ${id} in the cluster`,
        "whoever makes it comes first: another addon, an operator, or kubectl",
      );
    const value = data.get(key);
    if (value !== undefined) return SecretValue.of(value.reveal("apply"));
    const keys = [...data.keys()].sort();
    throw sealedError(
      "sealed-missing",
      `Secret ${id} has no key ${key}`,
      keys.length === 0 ? "it is empty" : `it has ${keys.slice(0, 8).join(", ")}`,
    );
  }

  async wipe(): Promise<void> {
    for (const secret of await Promise.allSettled(this.#secrets.values()))
      if (secret.status === "fulfilled") for (const value of secret.value?.values() ?? []) value.wipe();
    this.#secrets.clear();
  }
}
