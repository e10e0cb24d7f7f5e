import type { Finding } from "../finding/index.ts";
import { formatReference, parseReference, referenceName, SealedTexts, type Reference } from "../sealed/index.ts";
import { compareText } from "./assign.ts";
import type { SealedInput } from "./compile.ts";
import type { Manifest } from "./manifest.ts";
import type { SealedReference } from "./types.ts";

/** That an addon's file was made with a file below the sealed root. */
export interface SealedRead {
  readonly addon: string;
  /** As it is published. */
  readonly file: string;
  /** Below the sealed root. */
  readonly path: string;
  /** Whether it was not there, so that others were looked through for one that was meant. */
  readonly absent: boolean;
}

/** What stands behind the references of one cluster's manifests. */
export class SealedResolver {
  readonly #input: SealedInput;

  constructor(input: SealedInput | undefined) {
    this.#input = input ?? { texts: new SealedTexts({ display: "", find: () => undefined, list: () => [] }), blocks: new Map() };
  }

  /** What is said of references that lead nowhere: once of each. */
  findings(manifest: Manifest): readonly Finding[] {
    if (manifest.references.size === 0) return NONE;
    const said = new Set<string>();
    return manifest.objects.flatMap(({ references }) =>
      references.flatMap(({ name, at }): Finding[] => {
        const found = this.#find(name);
        if (!("message" in found) || said.has(name)) return [];
        said.add(name);
        const message = `${name} leads to nothing: ${found.message}`;
        const named = this.#input.namedAt?.(name);
        const trail = named === undefined ? {} : { trail: [{ how: "named by", ...named }] };
        return [{ code: "sealed-reference-unresolved", severity: "error", message, at, ...trail, advice: found.advice }];
      }),
    );
  }

  /** Equal where the references of the manifests stand for the same sealed texts. */
  key(manifests: readonly Manifest[]): string {
    return [...namesIn(manifests)].map((name) => `${name}=${this.#digest(name) ?? ""}`).join(" ");
  }

  /** The reference as it is published: with the digest of what stands behind it. */
  written(reference: Reference): string {
    return formatReference({ ...reference, digest: this.#digest(referenceName(reference)) ?? null });
  }

  /** All that the manifests refer to, sorted. */
  references(manifests: readonly Manifest[]): readonly SealedReference[] {
    return [...namesIn(manifests)].sort(compareText).flatMap((name) => {
      const found = this.#find(name);
      return "message" in found ? [] : [{ name, ...found }];
    });
  }

  reads(addon: string, manifests: readonly Manifest[]): readonly SealedRead[] {
    return manifests.flatMap((manifest) => {
      if (manifest.references.size === 0) return [];
      const paths = new Map<string, boolean>();
      for (const name of manifest.references) {
        const reference = parseReference(name);
        if (reference.kind === "sops") paths.set(reference.file, "message" in this.#find(name) || paths.get(reference.file) === true);
      }
      return [...paths].map(([path, absent]) => ({ addon, file: manifest.target, path, absent }));
    });
  }

  #find(name: string): ReturnType<SealedTexts["of"]> {
    return this.#input.texts.of(parseReference(name), this.#input.blocks);
  }

  #digest(name: string): string | undefined {
    const found = this.#find(name);
    return "message" in found ? undefined : found.digest;
  }
}

const NONE: readonly Finding[] = [];

function namesIn(manifests: readonly Manifest[]): ReadonlySet<string> {
  const names = new Set<string>();
  for (const { references } of manifests) for (const name of references) names.add(name);
  return names;
}
