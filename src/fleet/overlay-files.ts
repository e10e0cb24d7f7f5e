import type { FileSystem } from "../salt/index.ts";

/** A tree in which some files have another content, or are not there, or are there in addition; by their absolute paths. */
export class OverlayFiles implements FileSystem {
  readonly #below: FileSystem;
  readonly #others: ReadonlyMap<string, Uint8Array | undefined>;
  readonly #folders = new Map<string, Set<string>>();

  constructor(below: FileSystem, others: ReadonlyMap<string, Uint8Array | undefined>) {
    this.#below = below;
    this.#others = others;
    for (const [path, content] of others) if (content !== undefined) this.#enter(path);
  }

  #enter(path: string): void {
    const cut = path.lastIndexOf("/");
    const folder = path.slice(0, cut);
    const names = this.#folders.get(folder) ?? new Set<string>();
    const isNew = names.size === 0;
    this.#folders.set(folder, names.add(path.slice(cut + 1)));
    if (isNew && folder !== "") this.#enter(folder);
  }

  status(path: string): ReturnType<FileSystem["status"]> {
    if (!this.#others.has(path)) return this.#below.status(path) ?? (this.#folders.has(path) ? { kind: "folder", mode: 0o755 } : undefined);
    if (this.#others.get(path) === undefined) return undefined;
    return { kind: "file", mode: this.#below.status(path)?.mode ?? 0o644 };
  }
  isLink(path: string): boolean {
    return !this.#others.has(path) && this.#below.isLink(path);
  }
  names(folder: string): readonly string[] {
    const own = this.#below
      .names(folder)
      .filter((name) => this.status(`${folder}/${name}`) !== undefined || !this.#others.has(`${folder}/${name}`));
    return [...new Set([...own, ...(this.#folders.get(folder) ?? [])])];
  }
  realPath(path: string): string {
    return this.#others.has(path) || this.#folders.has(path) ? path : this.#below.realPath(path);
  }
  read(path: string): Uint8Array {
    const content = this.#others.get(path);
    return content ?? this.#below.read(path);
  }
}
