import type { PyDict } from "../python/index.ts";
import { Manifest, type ManifestPart } from "./manifest.ts";
import type { CompiledAddon } from "./compile.ts";
import type { ObjectSchema, WrittenFile } from "./types.ts";

/**
 * What the second stage keeps over several clusters: files are told by identity, so that whoever hands one over again says that nothing
 * about it has changed.
 */
export class AddonCache {
  readonly #manifests = new WeakMap<WrittenFile, Manifest>();
  /** By whose they are, and by text. */
  readonly #parts = new Map<string, Map<string, ManifestPart>>();
  readonly #addons = new Map<string, CompiledAddon>();
  readonly #schemas = new WeakMap<ObjectSchema, Map<string, ObjectSchema>>();
  readonly #numbers = new WeakMap<object, number>();
  #next = 0;

  manifest(file: WrittenFile): Manifest {
    let manifest = this.#manifests.get(file);
    if (manifest === undefined) this.#manifests.set(file, (manifest = new Manifest(file, (whose, text, make) => this.#part(whose, text, make))));
    return manifest;
  }

  #part(file: WrittenFile, text: string, make: () => ManifestPart): ManifestPart {
    const owner = JSON.stringify([file.path, file.id, file.sls, file.source]);
    let known = this.#parts.get(owner);
    if (known === undefined) this.#parts.set(owner, (known = new Map()));
    let part = known.get(text);
    if (part === undefined) {
      if (known.size >= MOST_PARTS) known.clear();
      known.set(text, (part = make()));
    }
    return part;
  }

  /** The schema with custom resources, one object for the same definitions. */
  withCustomResources(schema: ObjectSchema, definitions: readonly PyDict[]): ObjectSchema {
    let known = this.#schemas.get(schema);
    if (known === undefined) this.#schemas.set(schema, (known = new Map()));
    const key = definitions.map((definition) => this.number(definition)).join(" ");
    let made = known.get(key);
    if (made === undefined) known.set(key, (made = schema.withCustomResources(definitions)));
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

const MOST = 20_000;
const MOST_PARTS = 1000;
