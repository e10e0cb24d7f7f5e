import { dirname, join, resolve } from "node:path";
import type { SideName } from "../diff/index.ts";
import { FindingError } from "../finding/index.ts";
import { kubernetesSchemas, loadConfig, loadFleet, type Fleet } from "../fleet/index.ts";
import { CommitFiles, isInWorkTree, mainBranch, mergeBase, resolveCommit, type NamedCommit } from "../git/index.ts";
import { Disk } from "../salt/index.ts";
import { EnvironmentError, type CommandContext } from "./command.ts";
import { configPath } from "./open-roster.ts";

/** One state of a fleet, and what it is called. */
export interface FleetSide {
  readonly name: SideName;
  /** Absent: there is no fleet there yet. */
  readonly fleet: Fleet | undefined;
}

export const WORKTREE: SideName = { kind: "worktree", name: "worktree", commit: null, subject: null };

/** Opens states of the fleet that a command works on. */
export class FleetSides {
  readonly #context: CommandContext;
  readonly #config: string;
  readonly #schemas;

  constructor(context: CommandContext) {
    this.#context = context;
    this.#config = configPath(context);
    this.#schemas = kubernetesSchemas(context.home);
  }

  get folder(): string {
    return dirname(resolve(this.#config));
  }

  /** The files as they lie in the work tree. */
  worktree(): FleetSide {
    return { name: WORKTREE, fleet: this.#load() };
  }

  /** A commit's files. @throws FindingError `git-*`, and what is wrong with the fleet there */
  async commit(name: string, commit: NamedCommit): Promise<FleetSide> {
    const side: SideName = { kind: "commit", name, ...commit };
    const { folder } = this;
    const files = await CommitFiles.open({
      folder,
      commit: commit.commit,
      except: [join(folder, outOf(this.#config, this.#context.home)), join(folder, ".halite")],
      outside: new Disk(),
    });
    if (files.status(resolve(this.#config)) === undefined) return { name: side, fleet: undefined };
    try {
      const { config } = loadConfig(this.#config, this.#context.home, files);
      const roots = [...config.fileRoots.values(), ...config.pillarRoots.values()].flat();
      await files.prefetch([config.roster, ...roots, "schemas", "policies", "secrets"].map((path) => resolve(folder, path)));
      return { name: side, fleet: this.#load(files) };
    } catch (error) {
      if (!(error instanceof FindingError)) throw error;
      const [first, ...rest] = error.findings;
      throw new FindingError({ ...first, message: `at ${printSide(side)}: ${first.message}` }, ...rest);
    }
  }

  #load(files?: CommitFiles): Fleet {
    const fleet = loadFleet(this.#config, this.#schemas, this.#context.home, undefined, files);
    const [first, ...rest] = fleet.findings.filter(({ severity }) => severity === "error");
    if (first !== undefined) throw new FindingError(first, ...rest);
    return fleet;
  }

  /** @throws EnvironmentError where the fleet is in no repository */
  async repository(): Promise<string> {
    const { folder } = this;
    if (await isInWorkTree(folder)) return folder;
    throw new EnvironmentError(
      "the fleet is in no git repository, so there is nothing to compare it with",
      "`git init`, and commit what is there; `halite diff --base published` compares with what is published",
    );
  }

  /**
   * The commit that a comparison begins at. Without a revision it is where this branch parts from the one that it will be merged into: what
   * differs is then what the merge would bring, changes of the work tree included.
   */
  async base(
    revision: string | undefined,
    parted: boolean,
    head: string,
  ): Promise<{ readonly name: string; readonly commit: NamedCommit }> {
    const folder = await this.repository();
    if (revision !== undefined && !parted) return { name: revision, commit: await resolveCommit(folder, revision) };
    const branch = revision ?? (await mainBranch(folder));
    if (branch === undefined) return { name: "HEAD", commit: await resolveCommit(folder, "HEAD") };
    await resolveCommit(folder, branch);
    return { name: branch, commit: await mergeBase(folder, branch, head) };
  }
}

/** A side in a few words: `main (1234abcd Raise the limit)`. */
export function printSide({ kind, name, commit, subject }: SideName): string {
  if (kind === "worktree") return "the work tree";
  return `${name}${commit === null ? "" : ` (${commit.slice(0, 8)}${subject === null || subject === "" ? "" : ` ${subject}`})`}`;
}

/** Where out/ is by the config as it is now, within the fleet's folder. */
function outOf(config: string, home: string): string {
  try {
    return loadConfig(config, home).config.out;
  } catch (error) {
    if (error instanceof FindingError) return "out";
    throw error;
  }
}
