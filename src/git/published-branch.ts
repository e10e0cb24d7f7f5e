import { cpSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { FindingError } from "../finding/index.ts";
import { authSettings, type RemoteAuth } from "./auth.ts";
import { writeCommit } from "./fast-import.ts";
import { makeRunFolder, removeGitLeftovers } from "./leftovers.ts";
import { pushCommit, type PushOutcome } from "./push.ts";
import type { Remote } from "./remote.ts";
import { branchHead, ensureBareRepository } from "./repository.ts";
import { git, gitFailed, runGit, TIDY_AT_ONCE, type GitRunOptions, type GitSettings } from "./run.ts";
import { adviceFor, troubleOf } from "./said.ts";
import { signCommit, type SigningKey } from "./sign.ts";
import type { Signature } from "./source.ts";
import { parseTrailers, type Trailers } from "./trailers.ts";
import { compareTrees, listTree, readBlobs, type Tree, type TreeChanges } from "./tree.ts";

/** The branch's head as it was when it was last looked at. */
export interface BranchHead {
  readonly commit: string;
  readonly tree: string;
  readonly message: string;
  readonly trailers: Trailers;
  /** Paths to blob ids. */
  readonly files: ReadonlyMap<string, string>;
}

export interface BranchSetting {
  readonly remote: Remote;
  readonly branch: string;
  readonly auth: RemoteAuth;
  /** The fleet's folder: paths of the config count from it, and the copy of a remote branch is kept below it. */
  readonly folder: string;
  /** Milliseconds that one exchange with the remote may take. Default ten minutes. */
  readonly timeout?: number;
}

export interface NewCommit {
  readonly tree: Tree;
  readonly changes: TreeChanges;
  readonly message: string;
  readonly author: Signature;
  readonly committer: Signature;
  readonly sign: SigningKey | null;
}

/**
 * A branch that compiled addons are published to, as one run sees it. The run works in a repository of its own that shares nothing but
 * objects with others: nothing that it leaves when it is killed is in anybody's way, and the branch moves in one step or not at all.
 */
export class PublishedBranch {
  readonly setting: BranchSetting;
  /** The bare repository that has the objects: the embedded one, or a copy of the remote's branch. */
  readonly store: string;
  /** How git is run in this run's own repository. */
  readonly options: GitRunOptions;
  readonly #format: string;
  readonly #network: GitSettings;

  private constructor(setting: BranchSetting, store: string, run: string, format: string, network: GitSettings) {
    this.setting = setting;
    this.store = store;
    this.options = { cwd: run, env: { GIT_DIR: run, GIT_OBJECT_DIRECTORY: join(store, "objects") } };
    this.#format = format;
    this.#network = network;
  }

  /** @throws FindingError where there is no git, or what `auth` names is not there */
  static async open(setting: BranchSetting): Promise<PublishedBranch> {
    const { remote, branch, folder } = setting;
    const network = authSettings(remote, setting.auth, folder);
    const store = remote.kind === "embedded" ? remote.path : join(folder, ".halite/publish.git");
    await ensureBareRepository(store, branch);
    removeGitLeftovers(store, Date.now());
    const format = (await git(["rev-parse", "--show-object-format"], { cwd: store })).trim();
    const run = await makeRunFolder(store);
    cpSync(join(store, "config"), join(run, "config"));
    writeFileSync(join(run, "HEAD"), "ref: refs/heads/none\n");
    return new PublishedBranch(setting, store, run, format, network);
  }

  /** Takes away what the run had of its own. */
  close(): void {
    rmSync(this.options.cwd, { recursive: true, force: true });
  }

  /** Looks where the branch is now; null where there is none yet. @throws FindingError `git-failed`, `git-broken` where the connection broke */
  async head(): Promise<BranchHead | null> {
    const commit = await (this.setting.remote.kind === "embedded" ? branchHead(this.store, this.setting.branch) : this.#fetch());
    return commit === null ? null : this.commitAt(commit);
  }

  /** A commit that the store has. */
  async commitAt(commit: string): Promise<BranchHead> {
    const raw = await git(["show", "-s", "--format=%H%x00%T%x00%B", commit, "--"], this.options);
    const [id = "", tree = "", message = ""] = raw.split("\0");
    return { commit: id, tree, message, trailers: parseTrailers(message), files: await listTree(commit, this.options) };
  }

  async #fetch(): Promise<string | null> {
    const { branch } = this.setting;
    const known = await branchHead(this.store, branch);
    // The remote is told what is here already, and sends the rest.
    if (known !== null) writeFileSync(join(this.options.cwd, "refs/heads/known"), `${known}\n`);
    const refspec = `+refs/heads/${branch}:refs/heads/remote`;
    const args = ["fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--no-auto-gc", "--", this.#url, refspec];
    const run = await runGit(args, this.#networkOptions);
    if (run.status !== 0) {
      if (/couldn't find remote ref/.test(run.stderr)) return null;
      const trouble = troubleOf(run.stderr);
      if (trouble !== "broken") throw gitFailed(args, run, adviceFor(trouble));
      throw new FindingError({
        code: "git-broken",
        severity: "error",
        message: `the connection to ${this.setting.remote.display} broke, or was not made:\n${run.stderr.trim().split("\n").slice(-4).join("\n")}`,
        advice: adviceFor(trouble),
      });
    }
    const commit = (await git(["rev-parse", "--verify", "refs/heads/remote^{commit}"], this.options)).trim();
    await this.#remember(commit);
    return commit;
  }

  get #url(): string {
    const { remote } = this.setting;
    return remote.kind === "embedded" ? remote.path : remote.url;
  }

  get #networkOptions(): GitRunOptions {
    const config = [...(this.#network.config ?? []), ["http.lowSpeedLimit", "1"], ["http.lowSpeedTime", "60"]] as const;
    return {
      ...this.options,
      ...this.#network,
      env: { ...this.options.env, ...this.#network.env },
      config: config.map(([name, value]) => [name, value]),
      timeout: this.setting.timeout ?? 600_000,
    };
  }

  /** What `tree` changes in a head's. */
  changes(head: BranchHead | null, tree: Tree): TreeChanges {
    return compareTrees(head?.files ?? new Map(), tree, this.#format);
  }

  /** What is in blobs of the store, by their ids. */
  read(ids: Iterable<string>): Promise<Map<string, Buffer>> {
    return readBlobs(ids, this.options);
  }

  /** Makes a commit that nothing leads to yet. */
  async commit(parent: BranchHead | null, commit: NewCommit): Promise<string> {
    const made = await writeCommit({ ...commit, parent: parent?.commit ?? null }, "refs/heads/next", this.options);
    if (commit.sign === null) return made;
    const tree = (await git(["rev-parse", `${made}^{tree}`], this.options)).trim();
    return signCommit({ ...commit, tree, parent: parent?.commit ?? null }, commit.sign, this.setting.folder, this.options);
  }

  /** Moves the branch from `expected` to a commit, in one step. */
  async push(commit: string, expected: string | null): Promise<PushOutcome> {
    const { remote, branch } = this.setting;
    if (remote.kind === "embedded") return this.#move(commit, expected);
    const outcome = await pushCommit(remote.url, branch, commit, expected, this.#networkOptions);
    if (outcome.kind === "pushed") await this.#remember(commit);
    return outcome;
  }

  async #move(commit: string, expected: string | null): Promise<PushOutcome> {
    const none = "0".repeat(commit.length);
    const args = ["update-ref", `refs/heads/${this.setting.branch}`, commit, expected ?? none];
    const run = await runGit(args, { cwd: this.store, config: [["core.filesRefLockTimeout", "5000"]] });
    if (run.status === 0) return { kind: "pushed" };
    return /is at [0-9a-f]+ but expected|reference already exists|unable to resolve reference/.test(run.stderr)
      ? { kind: "moved" }
      : { kind: "failed", status: run.status, said: run.stderr };
  }

  /** The copy's branch only says what need not be fetched again, and keeps it from being collected. */
  async #remember(commit: string): Promise<void> {
    await runGit(["update-ref", `refs/heads/${this.setting.branch}`, commit], { cwd: this.store });
  }

  /** Packs what many small commits have left, where it is worth it. */
  async tidy(): Promise<void> {
    await runGit(["gc", "--auto", "--quiet"], { cwd: this.store, config: TIDY_AT_ONCE, timeout: 600_000 });
  }
}
