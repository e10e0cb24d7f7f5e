import { git, gitSync } from "./run.ts";
import { readBlobs } from "./tree.ts";

/** What a path of a commit's tree leads to. */
export interface CommitFileStatus {
  readonly kind: "file" | "folder" | "other";
  /** Permission bits as a checkout by this process would set them. */
  readonly mode: number;
}

/** The same questions asked of what lies outside the repository. */
export type FilesOutside = Pick<CommitFiles, "status" | "isLink" | "names" | "realPath" | "read">;

export interface CommitFilesRequest {
  /** A folder of the repository's work tree. */
  readonly folder: string;
  /** The commit's id. */
  readonly commit: string;
  /** Absolute paths of folders that nobody asks for: what is in them is not listed. */
  readonly except?: readonly string[];
  readonly outside: FilesOutside;
}

interface Entry {
  readonly mode: string;
  readonly id: string;
}

const LINK = "120000";
const SUBMODULE = "160000";
/** So many links are followed on the way to one file; the kernel's own bound (path_resolution(7)). */
const MOST_LINKS = 40;

/**
 * The files of a commit in the place of the work tree, without a checkout: paths are those that the work tree has. Contents are as
 * committed; filters of .gitattributes (LFS, git-crypt, line ends) are not run. Paths outside the repository are asked of the disk.
 */
export class CommitFiles {
  readonly #folder: string;
  readonly #outside: FilesOutside;
  readonly #place: Place;
  readonly #entries: ReadonlyMap<string, Entry>;
  readonly #folders = new Map<string, string[]>([["", []]]);
  readonly #blobs = new Map<string, Uint8Array>();
  readonly #links: boolean;
  readonly #umask = process.umask();

  private constructor({ folder, outside }: CommitFilesRequest, place: Place, entries: ReadonlyMap<string, Entry>) {
    this.#folder = folder;
    this.#outside = outside;
    this.#place = place;
    this.#entries = entries;
    this.#links = [...entries.values()].some(({ mode }) => mode === LINK);
    for (const path of entries.keys()) this.#enter(path);
  }

  /** @throws FindingError `git-*` where git can't read the commit */
  static async open(request: CommitFilesRequest): Promise<CommitFiles> {
    const place = await placeOf(request.folder);
    const except = (request.except ?? []).flatMap((path) => place.inTree(path) ?? []);
    return new CommitFiles(request, place, await listEntries(request.folder, request.commit, except));
  }

  /** Reads the content of all files below some paths at once, where each by itself would take a process. */
  async prefetch(paths: readonly string[]): Promise<void> {
    const wanted = new Set<string>();
    const prefixes = paths.flatMap((path) => this.#place.inTree(path) ?? []);
    for (const [path, { id, mode }] of this.#entries) {
      if (mode === SUBMODULE || this.#blobs.has(id)) continue;
      if (mode === LINK || prefixes.some((prefix) => prefix === "" || path === prefix || path.startsWith(`${prefix}/`))) wanted.add(id);
    }
    for (const [id, content] of await readBlobs(wanted, { cwd: this.#folder, timeout: 600_000 })) this.#blobs.set(id, content);
  }

  status(path: string): CommitFileStatus | undefined {
    const found = this.#resolve(path);
    if (found === undefined) return undefined;
    if ("outside" in found) return this.#outside.status(found.outside);
    const entry = this.#entries.get(found.path);
    if (entry === undefined) return this.#folders.has(found.path) ? { kind: "folder", mode: 0o777 & ~this.#umask } : undefined;
    // A submodule's folder is empty where nobody has checked it out.
    if (entry.mode === SUBMODULE) return { kind: "folder", mode: 0o777 & ~this.#umask };
    return { kind: "file", mode: (entry.mode === "100755" ? 0o777 : 0o666) & ~this.#umask };
  }

  isLink(path: string): boolean {
    const inTree = this.#place.inTree(path);
    if (inTree === undefined) return this.#outside.isLink(path);
    const cut = inTree.lastIndexOf("/");
    const folder = this.#resolve(this.#place.path(cut < 0 ? "" : inTree.slice(0, cut)));
    if (folder === undefined) return false;
    const name = inTree.slice(cut + 1);
    if ("outside" in folder) return this.#outside.isLink(`${folder.outside}/${name}`);
    return this.#entries.get(folder.path === "" ? name : `${folder.path}/${name}`)?.mode === LINK;
  }

  names(folder: string): readonly string[] {
    const found = this.#resolve(folder);
    if (found === undefined) return [];
    return "outside" in found ? this.#outside.names(found.outside) : (this.#folders.get(found.path) ?? []);
  }

  realPath(path: string): string {
    const found = this.#resolve(path);
    if (found === undefined) throw missing(path);
    return "outside" in found ? this.#outside.realPath(found.outside) : this.#place.path(found.path);
  }

  read(path: string): Uint8Array {
    const found = this.#resolve(path);
    if (found !== undefined && "outside" in found) return this.#outside.read(found.outside);
    const entry = found === undefined ? undefined : this.#entries.get(found.path);
    if (entry === undefined || entry.mode === SUBMODULE) throw missing(path);
    return this.#content(entry.id);
  }

  #content(id: string): Uint8Array {
    let content = this.#blobs.get(id);
    if (content === undefined) this.#blobs.set(id, (content = gitSync(["cat-file", "blob", id], { cwd: this.#folder })));
    return content;
  }

  #enter(path: string): void {
    const cut = path.lastIndexOf("/");
    const folder = cut < 0 ? "" : path.slice(0, cut);
    const names = this.#folders.get(folder);
    if (names !== undefined) names.push(path.slice(cut + 1));
    else {
      this.#folders.set(folder, [path.slice(cut + 1)]);
      this.#enter(folder);
    }
  }

  /** Where a path leads through links: a path of the tree that may hold nothing, or one outside of it. */
  #resolve(path: string): { readonly path: string } | { readonly outside: string } | undefined {
    const inTree = this.#place.inTree(path);
    if (inTree === undefined) return { outside: path };
    if (!this.#links || this.#folders.has(inTree)) return { path: inTree };
    const known = this.#entries.get(inTree);
    if (known !== undefined && known.mode !== LINK) return { path: inTree };
    return this.#follow(inTree);
  }

  #follow(inTree: string): { readonly path: string } | { readonly outside: string } | undefined {
    let links = 0;
    let open = inTree.split("/");
    let done: string[] = [];
    for (let name = open.shift(); name !== undefined; name = open.shift()) {
      if (name === "" || name === ".") continue;
      if (name === "..") {
        if (done.length === 0) return { outside: this.#place.path(["..", ...open].join("/")) };
        done.pop();
        continue;
      }
      const path = [...done, name].join("/");
      const entry = this.#entries.get(path);
      if (entry?.mode !== LINK) {
        done.push(name);
        continue;
      }
      if (++links > MOST_LINKS) return undefined;
      const target = new TextDecoder().decode(this.#content(entry.id));
      if (target.startsWith("/")) {
        const within = this.#place.inTree(target);
        if (within === undefined) return { outside: [target, ...open].join("/") };
        done = [];
        open = [...within.split("/"), ...open];
      } else open = [...target.split("/"), ...open];
    }
    return { path: done.join("/") };
  }
}

/** Where a repository's tree lies on this machine. */
interface Place {
  /** A path within the tree; `undefined` for one outside. */
  inTree(path: string): string | undefined;
  path(inTree: string): string;
}

async function placeOf(folder: string): Promise<Place> {
  // The folder's own name may lead through links, which git's does not.
  const [top = "", prefix = ""] = (await git(["rev-parse", "--show-toplevel", "--show-prefix"], { cwd: folder })).split("\n");
  const own = prefix.replace(/\/$/, "");
  const named = own === "" ? folder : folder.endsWith(`/${own}`) ? folder.slice(0, -own.length - 1) : top;
  const tops = [...new Set([named, top])];
  return {
    inTree: (path) => {
      for (const each of tops) {
        if (path === each) return "";
        if (path.startsWith(`${each}/`)) return path.slice(each.length + 1).replace(/\/+$/, "");
      }
      return path === folder
        ? own
        : path.startsWith(`${folder}/`)
          ? `${own === "" ? "" : `${own}/`}${path.slice(folder.length + 1)}`
          : undefined;
    },
    path: (inTree) => (inTree === "" ? named : `${named}/${inTree}`),
  };
}

/** All files of a commit, but for those below some paths: out/ of a large fleet would be most of it. */
async function listEntries(cwd: string, commit: string, except: readonly string[]): Promise<ReadonlyMap<string, Entry>> {
  const entries = new Map<string, Entry>();
  const whole: string[] = [];
  const level = async (folder: string): Promise<void> => {
    for (const [name, entry] of parseTree(await git(["ls-tree", "-z", "--full-tree", `${commit}:${folder}`], { cwd }))) {
      const path = folder === "" ? name : `${folder}/${name}`;
      if (except.includes(path)) continue;
      if (entry.mode !== TREE) entries.set(path, entry);
      else if (except.some((each) => each.startsWith(`${path}/`))) await level(path);
      else whole.push(path);
    }
  };
  await level("");
  if (whole.length > 0) {
    const args = ["--literal-pathspecs", "ls-tree", "-r", "-z", "--full-tree", commit, "--", ...whole];
    for (const [path, entry] of parseTree(await git(args, { cwd }))) entries.set(path, entry);
  }
  return entries;
}

const TREE = "040000";

function* parseTree(text: string): Generator<readonly [string, Entry]> {
  for (const line of text.split("\0")) {
    const tab = line.indexOf("\t");
    const [mode = "", , id = ""] = line.slice(0, tab).split(" ");
    if (tab > 0) yield [line.slice(tab + 1), { mode, id }];
  }
}

function missing(path: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`ENOENT: no such file in the commit, open '${path}'`), { code: "ENOENT" });
}
