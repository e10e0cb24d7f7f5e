import { FindingError } from "../finding/index.ts";
import { referenceName, type Reference } from "./reference.ts";
import { sealedDigest } from "./reveal.ts";
import { nearest, readSopsDocument, sealedLeaf, type SopsDocument, type Unresolved } from "./sops-leaf.ts";

/** The files below the sealed root. */
export interface SealedFiles {
  /** @throws FindingError for what is no UTF-8 */
  find(path: string): { readonly text: string; readonly display: string } | undefined;
  /** Paths of all files, for advice. */
  list(): readonly string[];
  /** What messages call the root: `secrets`. */
  readonly display: string;
}

/** What stands behind a reference, without anything being opened. */
export interface SealedText {
  /** SHA-256 of the sealed text, 64 hexadecimal digits. For what is kept elsewhere: of the reference. */
  readonly digest: string;
  /** What the destination needs to open it; null for what is kept elsewhere. */
  readonly source: PublishedSource | null;
}

/** A file that is published with a release. */
export interface PublishedSource {
  /** Path within the cluster's folder. */
  readonly path: string;
  readonly text: string;
}

/** The folder of a release that holds its sealed sources. */
export const SEALED_FOLDER = ".sealed";

/** Finds what stands behind references; each file is read and parsed once. */
export class SealedTexts {
  readonly #files: SealedFiles;
  readonly #documents = new Map<string, (SopsDocument & { readonly text: string; readonly display: string }) | Unresolved>();
  readonly #found = new Map<string, SealedText | Unresolved>();

  constructor(files: SealedFiles) {
    this.#files = files;
  }

  /**
   * Functions and digest of the reference do not matter.
   *
   * @param blocks the PGP messages that stand in the cluster's pillar, by their digests, in their normal form
   */
  of(reference: Reference, blocks: ReadonlyMap<string, string>): SealedText | Unresolved {
    if (reference.kind === "pgp") return pgpText(reference.block, blocks);
    const name = referenceName(reference);
    let found = this.#found.get(name);
    if (found === undefined) this.#found.set(name, (found = this.#find(reference, name)));
    return found;
  }

  #find(reference: Exclude<Reference, { kind: "pgp" }>, name: string): SealedText | Unresolved {
    switch (reference.kind) {
      case "sops": {
        const document = this.#document(reference.file);
        if ("message" in document) return document;
        const leaf = sealedLeaf(document, reference.path, document.display);
        if (typeof leaf !== "string") return leaf;
        return { digest: sealedDigest(leaf), source: { path: `${SEALED_FOLDER}/sops/${reference.file}`, text: document.text } };
      }
      default:
        return { digest: sealedDigest(name), source: null };
    }
  }

  #document(file: string): (SopsDocument & { readonly text: string; readonly display: string }) | Unresolved {
    let document = this.#documents.get(file);
    if (document === undefined) this.#documents.set(file, (document = this.#read(file)));
    return document;
  }

  #read(file: string): (SopsDocument & { readonly text: string; readonly display: string }) | Unresolved {
    const found = this.#files.find(file);
    const display = `${this.#files.display}/${file}`;
    if (found === undefined) {
      const near = nearest(file, this.#files.list());
      return {
        message: `${display} does not exist`,
        advice: near === undefined ? "sealed:root of halite.yaml names the folder of sealed files, secrets by default" : `meant ${near}?`,
      };
    }
    let text: string;
    try {
      text = found.text;
    } catch (error) {
      if (!(error instanceof FindingError)) throw error;
      return {
        message: `${display} is no UTF-8 text`,
        advice: "SOPS files are text; seal binary files with sops, which makes JSON of them",
      };
    }
    const document = readSopsDocument(text, display);
    return "message" in document ? document : { ...document, text, display };
  }
}

function pgpText(digest: string, blocks: ReadonlyMap<string, string>): SealedText | Unresolved {
  const text = blocks.get(digest);
  if (text !== undefined) return { digest, source: { path: `${SEALED_FOLDER}/pgp/${digest}.asc`, text: `${text}\n` } };
  return {
    message: "no PGP message of this digest stands in the cluster's pillar",
    advice: "let the message itself stand in a pillar file that begins with #!jinja|yaml|gpg; the compiler makes the reference",
  };
}
