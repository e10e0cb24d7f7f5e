import { createHash } from "node:crypto";
import type { AllowedPlace } from "../sealed/index.ts";
import type { PyDict } from "../python/index.ts";
import type { AlikeAddons } from "./alike.ts";
import { sha256 } from "./digest.ts";
import { Manifest, ManifestPart, type PartStore, type StoredPart } from "./manifest.ts";
import { PrintedManifest } from "./printed.ts";
import { Siblings } from "./siblings.ts";
import type { CompiledAddon } from "./compile.ts";
import type { ObjectSchema, PrintedVariant, WrittenFile } from "./types.ts";

/**
 * What the second stage keeps over several clusters: files are told by identity, so that whoever hands one over again says that nothing
 * about it has changed.
 */
export class AddonCache implements PartStore {
  /** Parts that this run has made, by the digest of their text and of whose they are. */
  readonly fresh: (readonly [string, StoredPart])[] = [];
  #earlier: ReadonlyMap<string, StoredPart> | undefined;
  readonly #partKeys = new WeakMap<ManifestPart, string>();
  readonly #schemaNames = new WeakMap<ObjectSchema, string>();
  readonly #manifests = new WeakMap<WrittenFile, Manifest>();
  /** By whose they are, and by text. */
  readonly #parts = new Map<string, Map<string, ManifestPart>>();
  readonly #siblings = new Map<string, Siblings>();
  readonly #addons = new Map<string, CompiledAddon>();
  readonly #schemas = new WeakMap<ObjectSchema, Map<string, ObjectSchema>>();
  readonly #numbers = new WeakMap<object, number>();
  #next = 0;
  readonly allowed: readonly AllowedPlace[];
  readonly #rules: string;

  /** `allowed`: where references to sealed values may stand beside the data of Secrets. */
  constructor(allowed: readonly AllowedPlace[] = []) {
    this.allowed = allowed;
    this.#rules = allowed.length === 0 ? "" : JSON.stringify(allowed);
  }

  manifest(file: WrittenFile): Manifest {
    let manifest = this.#manifests.get(file);
    if (manifest === undefined) this.#manifests.set(file, (manifest = new Manifest(file, (...part) => this.#part(...part))));
    return manifest;
  }

  /** The manifest of a file's base, if what the file comes to follows from that one's. */
  printedManifest(printed: Omit<PrintedVariant, "texts">): PrintedManifest | undefined {
    const { base } = printed;
    if (!this.#printed.has(base)) this.#printed.set(base, PrintedManifest.of(this.manifest(base), printed));
    return this.#printed.get(base);
  }
  readonly #printed = new WeakMap<WrittenFile, PrintedManifest | undefined>();

  /** What was kept of clusters that have something in common; `key`: what their addons hang on beside that. */
  alike(common: object, key: string): AlikeAddons | undefined {
    return this.#alike.get(common)?.get(key);
  }
  /** Keeps the addons of the first of such clusters; `undefined` where some are kept already. */
  keepAlike(common: object, key: string, make: () => AlikeAddons): AlikeAddons | undefined {
    let known = this.#alike.get(common);
    if (known === undefined) this.#alike.set(common, (known = new Map()));
    if (known.has(key)) return undefined;
    const made = make();
    known.set(key, made);
    return made;
  }
  readonly #alike = new WeakMap<object, Map<string, AlikeAddons>>();

  /** Takes parts from earlier runs from now on, and notes what is to be kept of this one. */
  continue(earlier: ReadonlyMap<string, StoredPart>): void {
    this.#earlier = earlier;
  }

  /** Names an API for later runs. */
  schemaName(schema: ObjectSchema): string {
    return this.#schemaNames.get(schema) ?? schema.version;
  }

  keep(part: ManifestPart, stored: StoredPart): void {
    const key = this.#partKeys.get(part);
    if (key !== undefined && this.fresh.length < MOST_FRESH) this.fresh.push([key, stored]);
  }

  #part(file: WrittenFile, text: string, target: string, part: string | undefined): ManifestPart {
    const owner = JSON.stringify([file.path, file.id, file.sls, file.source]);
    let known = this.#parts.get(owner);
    if (known === undefined) this.#parts.set(owner, (known = new Map()));
    let made = known.get(text);
    if (made === undefined) {
      if (known.size >= MOST_PARTS) known.clear();
      const key = this.#earlier === undefined ? undefined : sha256(`${this.#rules}${owner}${text}`, "base64");
      made = this.#make(owner, file, text, target, part, key === undefined ? undefined : this.#earlier?.get(key));
      if (key !== undefined) this.#partKeys.set(made, key);
      known.set(text, made);
    }
    return made;
  }

  #make(
    owner: string,
    file: WrittenFile,
    text: string,
    target: string,
    part: string | undefined,
    stored: StoredPart | undefined,
  ): ManifestPart {
    // Each document of a file has lines of its own in which it varies.
    const place = `${owner}${part === undefined ? "" : part.search(/[^\n]/)}`;
    let siblings = this.#siblings.get(place);
    if (siblings === undefined) this.#siblings.set(place, (siblings = new Siblings()));
    if (stored === undefined) {
      const sibling = siblings.find(text);
      const made = sibling?.part.withLines(part, sibling.changes, file);
      if (made !== undefined) return made;
      if (sibling !== undefined) siblings.useless();
    }
    const made = new ManifestPart(file, target, part, this, stored);
    siblings.add(text, made);
    return made;
  }

  /** The schema with custom resources, one object for the same definitions. */
  withCustomResources(schema: ObjectSchema, definitions: readonly PyDict[]): ObjectSchema {
    let known = this.#schemas.get(schema);
    if (known === undefined) this.#schemas.set(schema, (known = new Map()));
    const key = definitions.map((definition) => this.number(definition)).join(" ");
    let made = known.get(key);
    if (made === undefined) {
      known.set(key, (made = schema.withCustomResources(definitions)));
      const hash = createHash("sha256");
      for (const definition of definitions) hash.update(definition.repr()).update("\0");
      this.#schemaNames.set(made, `${schema.version} ${hash.digest("base64")}`);
    }
    return made;
  }

  /** The addon by all that it is made of. One with findings is compiled anew: equal lines can come from other lines of a template. */
  addon(key: string, compile: () => CompiledAddon): CompiledAddon {
    const known = this.#addons.get(key);
    if (known !== undefined) return known;
    const addon = compile();
    if (addon.findings.every((finding) => finding.severity === "note")) {
      // Files that only one cluster has leave an addon behind that nobody asks for again.
      if (this.#addons.size >= MOST) this.#addons.clear();
      this.#addons.set(key, addon);
    }
    return addon;
  }

  /** A number for an object, the same whenever it is asked. */
  number(object: object): number {
    let number = this.#numbers.get(object);
    if (number === undefined) this.#numbers.set(object, (number = this.#next++));
    return number;
  }
}

const MOST = 4000;
const MOST_PARTS = 512;
/** So many parts at most are kept for the next run. */
const MOST_FRESH = 20_000;
