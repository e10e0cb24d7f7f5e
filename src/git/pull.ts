import { FindingError } from "../finding/index.ts";
import { authSettings, type RemoteAuth } from "./auth.ts";
import { removeGitLeftovers } from "./leftovers.ts";
import type { Remote } from "./remote.ts";
import { ensureBareRepository } from "./repository.ts";
import { commitOf, isAncestor } from "./revisions.ts";
import { git, gitFailed, runGit, TIDY_AT_ONCE, type GitRunOptions } from "./run.ts";
import { adviceFor, troubleOf } from "./said.ts";
import { parseTrailers, type Trailers } from "./trailers.ts";
import { listFolder, readBlobs } from "./tree.ts";
import { verifyCommit, type SignatureState, type TrustedSigners } from "./verify.ts";

export interface PullSetting {
  /** A folder for a bare repository of this zone's own: it keeps what was pulled, so that the next pull transfers what is new. One process at a time. */
  readonly store: string;
  readonly remote: Remote;
  readonly branch: string;
  readonly az: string;
  readonly auth: RemoteAuth;
  /** What relative paths of `auth` count from. */
  readonly folder: string;
  /** Whose signatures are demanded; null: none is. */
  readonly trusted: TrustedSigners | null;
  /** Milliseconds that the pull may take as a whole. Default five minutes. */
  readonly timeout?: number;
  /** Given when nobody waits for it any more: git is ended. */
  readonly signal?: AbortSignal;
}

/** One commit of the branch, as far as a zone needs it. */
export interface PulledTree {
  readonly commit: string;
  readonly message: string;
  readonly trailers: Trailers;
  /** Seconds since the epoch, as the committer has it. */
  readonly committed: number;
  /**
   * How it stands to the commit that was accepted last: `first` where none was, `forward` for a commit that comes after it, `rewritten`
   * for one that does not: somebody has forced the branch.
   */
  readonly history: "first" | "same" | "forward" | "rewritten";
  /** The one accepted last. */
  readonly previous: string | null;
  /** null where no signature is demanded. */
  readonly signature: SignatureState | null;
  /** The zone's files by path, the zone's own name left out: `CLUSTER/release.yaml`. Empty for a zone that is not in the tree. */
  readonly files: ReadonlyMap<string, Buffer>;
}

const ACCEPTED = "refs/halite/accepted";
const PULLED = "refs/halite/pulled";

/**
 * Pulls a zone's part of the branch: commits and trees, and of the files the zone's alone, where the server can leave others out. Every
 * object is checked by git on the way in. Nothing is checked out, and nothing counts as accepted before `acceptPull`.
 *
 * @param known a commit whose files the caller has: where the branch is still at it `files` is left empty, as reading them takes long
 * @throws FindingError `git-*`, also where the branch is not there; `pull-corrupt` where an object is not what its name says
 */
export async function pullTree(setting: PullSetting, known?: string): Promise<PulledTree> {
  const { branch, az, trusted } = setting;
  const deadline = Date.now() + (setting.timeout ?? 300_000);
  const options = await openStore(setting);
  const network = (): GitRunOptions => ({ ...networkOptions(setting, options), timeout: Math.max(1, deadline - Date.now()) });
  const previous = await commitOf(options.cwd, ACCEPTED);
  const first = previous === null ? ["--depth=1"] : [];
  const args = [
    "fetch",
    "--quiet",
    "--no-tags",
    "--no-write-fetch-head",
    "--filter=blob:none",
    ...first,
    REMOTE,
    `+refs/heads/${branch}:${PULLED}`,
  ];
  const run = await runGit(args, network());
  if (run.status !== 0) throw pullFailed(args, run, setting);
  const commit = await commitOf(options.cwd, PULLED);
  if (commit === null) throw pullFailed(args, { status: 1, stderr: "the fetch left no commit" }, setting);
  const raw = await git(["show", "-s", "--format=%ct%x00%B", commit, "--"], options);
  const [committed = "0", message = ""] = raw.split("\0");
  const files = commit === known ? new Map<string, Buffer>() : await zoneFiles(commit, az, options, network);
  return {
    commit,
    message,
    trailers: parseTrailers(message),
    committed: Number(committed),
    history: await historyOf(previous, commit, options),
    previous,
    signature: trusted === null ? null : await verifyCommit(commit, trusted, options),
    files,
  };
}

/** Marks a commit as the one that the zone has taken over: the next pull is judged against it. */
export async function acceptPull(store: string, commit: string): Promise<void> {
  await git(["update-ref", ACCEPTED, commit], { cwd: store });
}

/** A zone's files of the commit that was accepted last, for when the remote can't be reached; null where none was. */
export async function acceptedTree(
  store: string,
  az: string,
): Promise<{ readonly commit: string; readonly files: ReadonlyMap<string, Buffer> } | null> {
  const options = { cwd: store };
  const commit = await commitOf(options.cwd, ACCEPTED);
  if (commit === null) return null;
  const paths = await listFolder(commit, az, options);
  return { commit, files: await contents(paths, options) };
}

/** A zone's files of a commit that the store has, those that are missing fetched. @throws FindingError `git-*` */
export async function treeAt(setting: PullSetting, commit: string): Promise<ReadonlyMap<string, Buffer>> {
  const options = await openStore(setting);
  return zoneFiles(commit, setting.az, options, () => networkOptions(setting, options));
}

/** How git is run in the store where it speaks with the remote. */
export function networkOptions(setting: PullSetting, options: GitRunOptions): GitRunOptions {
  const settings = authSettings(setting.remote, setting.auth, setting.folder);
  return { ...options, ...settings, config: [...FETCH, ...(settings.config ?? [])], timeout: setting.timeout ?? 300_000 };
}

/** The name that the remote has in the store: git fetches what it left out from a remote by its name only. */
const REMOTE = "origin";
const FETCH: readonly (readonly [string, string])[] = [
  ...TIDY_AT_ONCE,
  ["fetch.fsckObjects", "true"],
  ["http.lowSpeedLimit", "1"],
  ["http.lowSpeedTime", "60"],
];

/** The store of a zone, made where there is none, with the remote as it is set now. */
export async function openStore({ store, remote, branch, signal }: PullSetting): Promise<GitRunOptions> {
  await ensureBareRepository(store, branch);
  removeGitLeftovers(store, Date.now());
  const options: GitRunOptions = { cwd: store, signal };
  const url = remote.kind === "embedded" ? remote.path : remote.url;
  const wanted: readonly (readonly [string, string])[] = [
    ["core.repositoryFormatVersion", "1"],
    ["extensions.partialClone", REMOTE],
    [`remote.${REMOTE}.url`, url],
    [`remote.${REMOTE}.promisor`, "true"],
    [`remote.${REMOTE}.partialCloneFilter`, "blob:none"],
  ];
  const known = (await runGit(["config", "--local", "--list", "-z"], options)).stdout.toString("utf8").split("\0");
  for (const [name, value] of wanted) {
    if (!known.includes(`${name.toLowerCase()}\n${value}`)) await git(["config", "--local", "--replace-all", "--", name, value], options);
  }
  return options;
}

async function historyOf(previous: string | null, commit: string, options: GitRunOptions): Promise<PulledTree["history"]> {
  if (previous === null) return "first";
  if (previous === commit) return "same";
  return (await isAncestor(previous, commit, options)) ? "forward" : "rewritten";
}

/** The zone's files, the missing ones fetched at once. */
async function zoneFiles(
  commit: string,
  az: string,
  options: GitRunOptions,
  network: () => GitRunOptions,
): Promise<ReadonlyMap<string, Buffer>> {
  const paths = await listFolder(commit, az, options);
  const missing = paths.size === 0 ? [] : await missingBlobs(commit, az, options);
  if (missing.length > 0) {
    const args = ["fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--filter=blob:none", "--stdin", REMOTE];
    // As git itself asks for what it left out: there is nothing to agree on first.
    const settings = network();
    const run = await runGit(args, {
      ...settings,
      config: [["fetch.negotiationAlgorithm", "noop"], ...(settings.config ?? [])],
      input: missing.map((id) => `${id}\n`).join(""),
    });
    if (run.status !== 0) throw pullFailed(args, run, undefined);
  }
  return contents(paths, options);
}

async function missingBlobs(commit: string, az: string, options: GitRunOptions): Promise<string[]> {
  const text = await git(["rev-list", "--objects", "--no-object-names", "--missing=print", `${commit}:${az}`, "--"], options);
  return text
    .split("\n")
    .filter((line) => line.startsWith("?"))
    .map((line) => line.slice(1));
}

async function contents(paths: ReadonlyMap<string, string>, options: GitRunOptions): Promise<ReadonlyMap<string, Buffer>> {
  const blobs = await readBlobs(paths.values(), options);
  return new Map([...paths].map(([path, id]) => [path, blobs.get(id) ?? Buffer.alloc(0)]));
}

function pullFailed(
  args: readonly string[],
  run: { readonly status: number; readonly stderr: string },
  setting: PullSetting | undefined,
): FindingError {
  const { stderr } = run;
  if (/hash mismatch|is corrupt|corrupt (?:patch|object|loose)|fsck error|error in object|SHA1 COLLISION|does not match/i.test(stderr)) {
    return new FindingError({
      code: "pull-corrupt",
      severity: "error",
      message: `an object of the remote is not what its name says:\n${stderr.trim().split("\n").slice(-4).join("\n")}`,
      advice: "`git fsck` in the remote's repository says more. What was accepted before stays as it is.",
    });
  }
  if (setting !== undefined && /couldn't find remote ref/.test(stderr)) {
    return new FindingError({
      code: "git-no-branch",
      severity: "error",
      message: `${setting.remote.display} has no branch ${setting.branch}`,
      advice: "`halite publish` makes it; check publish.branch in halite.yaml.",
    });
  }
  return gitFailed(args, run, adviceFor(troubleOf(stderr)));
}
