import { joinPath, normalizePath, splitPath } from "../fileroots/index.ts";
import type { Origin } from "./origin.ts";

/** The directory whose contents are the tree's alone: what is not made by the tree is not there. */
export const ADDONS = "/etc/kubernetes/addons";

/** A regular file; hard links share one. */
export interface RegularFile {
  readonly kind: "file";
  bytes: Uint8Array;
  /** Four octal digits, or null where no state said any. */
  mode: string | null;
  origin: Origin;
}
interface Link {
  readonly kind: "link";
  readonly target: string;
  readonly origin: Origin;
}
interface Directory {
  readonly kind: "directory";
}
type Entry = RegularFile | Link | Directory;

/** Thrown where the answer hangs on a file, command or service of the node itself. */
export class NeedsNode extends Error {
  constructor(reason: string) {
    super(reason);
    this.name = "NeedsNode";
  }
}

/**
 * The files that the states of one run have made so far.
 *
 * Under `/etc/kubernetes/addons` there is nothing else. Elsewhere the node has files of its own: a directory there counts as present,
 * a file that no state made is unknown, and asking for its content throws `NeedsNode`.
 */
export class NodeFiles {
  readonly #entries: Map<string, Entry>;
  /** Paths outside of the addons that a state removed: known to be absent. */
  readonly #removed: Set<string>;

  /** How often a file was opened: while it is 0, nothing that was done hangs on what a file holds. */
  reads = 0;

  constructor(from?: NodeFiles) {
    this.#entries = new Map(
      [...(from?.entries() ?? [])].map(([path, entry]) => [path, entry.kind === "file" ? { ...entry } : entry] as const),
    );
    this.#removed = new Set(from?.removed());
  }

  entries(): IterableIterator<[string, Entry]> {
    return this.#entries.entries();
  }
  removed(): ReadonlySet<string> {
    return this.#removed;
  }

  /** Follows symbolic links in all but, unless `last`, the last part of a path. A loop ends as the path it began with. */
  real(path: string, last = true): string {
    let here = "";
    let parts = stepsOf(normalizePath(path));
    let at = 0;
    for (let hops = 0; at < parts.length && hops < 40;) {
      const next = `${here}/${parts[at] ?? ""}`;
      at++;
      const entry = at < parts.length || last ? this.#entries.get(next) : undefined;
      if (entry?.kind === "link") {
        hops++;
        const target = normalizePath(joinPath(here === "" ? "/" : here, entry.target));
        parts = [...stepsOf(target), ...parts.slice(at)];
        at = 0;
        here = "";
      } else {
        here = next;
      }
    }
    return here === "" ? "/" : here;
  }

  #at(path: string): Entry | undefined {
    return this.#entries.get(this.real(path));
  }

  /** Whether it is known what stands at a path. */
  knows(path: string): boolean {
    const real = this.real(path);
    return this.#entries.has(real) || underAddons(real) || this.#removed.has(real);
  }

  /** @throws NeedsNode where only the node knows */
  #mustKnow(path: string): void {
    if (!this.knows(path)) throw new NeedsNode(`${path} is the node's own: no state of the tree makes it`);
  }

  /** `os.path.isfile`, with files of the node taken as absent. */
  isFile(path: string): boolean {
    return this.#at(path)?.kind === "file";
  }
  isLink(path: string): boolean {
    return this.#entries.get(this.real(path, false))?.kind === "link";
  }
  linkTarget(path: string): string | undefined {
    const entry = this.#entries.get(this.real(path, false));
    return entry?.kind === "link" ? entry.target : undefined;
  }
  /** Whether a directory that the tree made, or the addons' own, is there. */
  isMadeDirectory(path: string): boolean {
    const real = this.real(path);
    return ADDONS === real || ADDONS.startsWith(`${real}/`) || real === "/" || this.#entries.get(real)?.kind === "directory";
  }
  /** `os.path.isdir` of a parent: outside of the addons the node is taken to have it unless a state put something else there. */
  isDirectory(path: string): boolean {
    const real = this.real(path);
    if (this.isMadeDirectory(real)) return true;
    return !underAddons(real) && !this.#entries.has(real) && !this.#removed.has(real);
  }
  /** Whether each directory that a path leaves again with `..` is there. */
  walks(path: string): boolean {
    const parts = path.split("/");
    return parts.every((part, index) => part !== ".." || this.isDirectory(parts.slice(0, index).join("/") || "/"));
  }
  /** `os.path.exists` @throws NeedsNode */
  exists(path: string): boolean {
    if (this.isFile(path) || this.isMadeDirectory(path)) return true;
    if (this.isLink(path) && !this.knows(path)) return true;
    this.#mustKnow(path);
    return false;
  }
  /** `os.path.lexists` of what the tree made. */
  has(path: string): boolean {
    return this.#entries.has(this.real(path, false)) || this.isMadeDirectory(path);
  }

  /** The file at a path. @throws NeedsNode where it may be a file of the node */
  read(path: string): RegularFile | undefined {
    this.reads++;
    const entry = this.#at(path);
    if (entry?.kind === "file") return entry;
    if (!this.isMadeDirectory(path)) this.#mustKnow(path);
    return undefined;
  }

  /** Puts a new file in the place of whatever is there, as a rename onto it does; links at the end of the path are followed. */
  replace(path: string, bytes: Uint8Array, mode: string | null, origin: Origin): RegularFile {
    return this.#put(this.real(path), { kind: "file", bytes, mode, origin });
  }
  /** As `replace`, but a link at the end of the path is replaced itself. */
  replaceLink(path: string, bytes: Uint8Array, mode: string | null, origin: Origin): RegularFile {
    return this.#put(this.real(path, false), { kind: "file", bytes, mode, origin });
  }
  #put(real: string, file: RegularFile): RegularFile {
    this.#entries.set(real, file);
    this.#removed.delete(real);
    return file;
  }
  link(path: string, target: string, origin: Origin): void {
    this.#entries.set(this.real(path, false), { kind: "link", target, origin });
  }
  hardLink(path: string, file: RegularFile): void {
    this.#put(this.real(path, false), file);
  }
  makeDirectory(path: string): void {
    this.#entries.set(this.real(path), { kind: "directory" });
    this.#removed.delete(this.real(path));
  }
  /** Makes the directory and those above it that are missing. */
  makeDirectories(path: string): void {
    const real = this.real(path);
    if (real === "/" || this.isDirectory(real)) return;
    this.makeDirectories(splitPath(real)[0]);
    if (!this.#entries.has(real)) this.makeDirectory(real);
  }
  /** Removes a file, a link, or a directory with all in it. */
  remove(path: string): void {
    const real = this.real(path, false);
    for (const name of this.#entries.keys()) if (name === real || name.startsWith(`${real}/`)) this.#entries.delete(name);
    if (!underAddons(real)) this.#removed.add(real);
  }
  /** All that stands below a directory: paths and whether they are directories, parents first. */
  below(path: string): readonly { readonly path: string; readonly directory: boolean }[] {
    const prefix = `${this.real(path)}/`;
    return [...this.#entries]
      .filter(([name]) => name.startsWith(prefix))
      .map(([name, entry]) => ({ path: name, directory: entry.kind === "directory" }))
      .sort((a, b) => (a.path < b.path ? -1 : 1));
  }
}

/** Whether a normalised path lies in the addons' directory. */
export function underAddons(path: string): boolean {
  return path.startsWith(`${ADDONS}/`);
}

function stepsOf(path: string): string[] {
  return path.split("/").filter((part) => part !== "");
}
