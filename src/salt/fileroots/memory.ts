import type { FileRoots, SourceFile } from "../types.ts";
import { FileContent } from "./content.ts";
import { compareCodePoints, normalizePath } from "./path.ts";
import { servable } from "./url.ts";

/** A file given in memory: its text or bytes, or those with permission bits (default 0644). */
export type MemoryFile = string | Uint8Array | { readonly content: string | Uint8Array; readonly mode: number };

/** File roots that stand in memory: for tests, and for trees read from git. */
export class MemoryFileRoots implements FileRoots {
  readonly #environments: ReadonlyMap<string, ReadonlyMap<string, FileContent>>;
  readonly #lists = new Map<string, readonly string[]>();

  /**
   * `environments`: name to path to content. `display` is put before a path in messages: `states` makes
   * `states/ceph/init.sls` of base, and `states@dev/…` of any other environment.
   */
  constructor(environments: Readonly<Record<string, Readonly<Record<string, MemoryFile>>>>, display = "states") {
    this.#environments = new Map(
      Object.entries(environments).map(([name, files]) => [
        name,
        new Map(
          Object.entries(files).map(([path, file]) => [
            path,
            contentOf(path, `${name === "base" ? display : `${display}@${name}`}/${path}`, file),
          ]),
        ),
      ]),
    );
  }

  environments(): readonly string[] {
    return [...this.#environments.keys()];
  }

  find(saltenv: string, path: string): SourceFile | undefined {
    return servable(path) ? this.#environments.get(saltenv)?.get(normalizePath(path)) : undefined;
  }

  list(saltenv: string): readonly string[] {
    const known = this.#lists.get(saltenv);
    if (known !== undefined) return known;
    const list = [...(this.#environments.get(saltenv)?.keys() ?? [])].sort(compareCodePoints);
    this.#lists.set(saltenv, list);
    return list;
  }

  listDirectories(saltenv: string): readonly string[] {
    const directories = new Set<string>();
    for (const path of this.list(saltenv))
      for (let cut = path.lastIndexOf("/"); cut > 0; cut = path.lastIndexOf("/", cut - 1)) directories.add(path.slice(0, cut));
    return [...directories].sort(compareCodePoints);
  }
}

function contentOf(path: string, display: string, file: MemoryFile): FileContent {
  const given = typeof file === "string" || file instanceof Uint8Array ? { content: file, mode: 0o644 } : file;
  return new FileContent(
    path,
    display,
    typeof given.content === "string" ? new TextEncoder().encode(given.content) : given.content,
    given.mode,
  );
}
