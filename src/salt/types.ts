import type { Finding } from "../finding/index.ts";
import type { PyDict, Value } from "../python/index.ts";

/** One file of a file root or pillar root. */
export interface SourceFile {
  /** Path within the environment, with `/`: `ceph/init.sls`. */
  readonly path: string;
  /** What messages call it: the path relative to the tree's top, `states/ceph/init.sls`; never absolute. */
  readonly display: string;
  readonly bytes: Uint8Array;
  /** The UTF-8 text. @throws FindingError `not-utf8` */
  readonly text: string;
  /** Digest of the bytes, hex SHA-256: the key under which what was compiled from it is kept. */
  readonly digest: string;
  /** Permission bits, for `file.recurse` with `file_mode: keep`. */
  readonly mode: number;
  /** What the disk said of the file just before it was read. Absent for a file that is on none. */
  readonly stamp?: FileStamp | undefined;
}

/** What tells, without reading a file, that it is still the same. */
export interface FileStamp {
  /** Where it is, and its size, mode, inode and times of change. */
  readonly text: string;
  /** The later time of change, in milliseconds. */
  readonly modified: number;
}

/**
 * The files of several environments (Salt's `file_roots` or `pillar_roots`). In each environment the first root that has
 * a path wins. Every read goes through here, so that a wrapper can record it.
 */
export interface FileRoots {
  /** In the order of the config. */
  environments(): readonly string[];
  find(saltenv: string, path: string): SourceFile | undefined;
  /** All file paths of an environment, sorted by code point, as `cp.list_master`. */
  list(saltenv: string): readonly string[];
  /** All directories, sorted, also empty ones, as `cp.list_master_dirs`; "." is not among them. */
  listDirectories(saltenv: string): readonly string[];
  /** What `find` would stamp the file with; `undefined` where it would find none. Absent where files are on no disk. */
  stamp?(saltenv: string, path: string): FileStamp | undefined;
}

/**
 * Everything Salt knows of a minion before pillar: what `salt.config.minion_config` gives.
 * To Halite a cluster is a minion.
 */
export interface Minion {
  readonly id: string;
  /**
   * Whether the id passes a matcher's test (`glob`, `pcre`, `list`). A minion whose reads are followed has it, so that only the test's
   * outcome counts as read.
   */
  readonly testId?: (kind: IdTestKind, pattern: string) => boolean;
  /** Runs something whose reads are to be told from others under a label. A minion whose reads are not followed has it not. */
  readonly noted?: <T>(label: string, run: () => T) => T;
  readonly grains: PyDict;
  /** Salt's minion options with Salt's defaults, as `opts` in a template shows them. Typed access goes through `options.ts`. */
  readonly opts: PyDict;
  readonly fileRoots: FileRoots;
  readonly pillarRoots: FileRoots;
}

/** The matchers that look at nothing but the id, given as text. */
export type IdTestKind = "glob" | "pcre" | "list";

/** Data with the lines it came from, for provenance. */
export interface RenderedSls {
  readonly data: Value;
  readonly warnings: readonly Finding[];
  /** Position of the mapping entry or list item, where the loader knows it: `positions.at(container, keyOrIndex)`. */
  readonly positions: DataPositions;
  /** The PGP messages that became references, by their digests. */
  readonly sealed?: ReadonlyMap<string, string>;
}

export interface DataPositions {
  at(container: PyDict | readonly Value[], key: Value): { readonly line: number; readonly column: number } | undefined;
}

/** A low chunk: `state`, `fun`, `name`, `__id__`, `__sls__`, `__env__`, `order` and the state's own options, in Salt's key order. */
export type LowChunk = PyDict;

/** What `state.apply` would leave at one path. */
export type FileResult =
  | {
      readonly kind: "file";
      readonly path: string;
      readonly content: Uint8Array;
      /** Octal text such as `0644`, or null where the state says none. */
      readonly mode: string | null;
      readonly id: string;
      readonly sls: string;
      /** `salt://…` or null where the content stands in the state. */
      readonly source: string | null;
      /** Of a file that is another minion's but for texts that its template only prints: that file, where they stand in it, its own. */
      readonly printed?:
        | {
            readonly base: Extract<FileResult, { kind: "file" }>;
            readonly places: readonly { readonly at: number; readonly length: number }[];
            readonly texts: readonly string[];
          }
        | undefined;
    }
  | { readonly kind: "error"; readonly path: string; readonly id: string; readonly sls: string; readonly findings: readonly Finding[] };

/** A state that acts on the node itself and is not executed. */
export interface LeftToNode {
  readonly state: string;
  readonly fun: string;
  readonly name: string;
  readonly id: string;
  readonly sls: string;
  /** Why it is not run here. */
  readonly reason?: string;
}
