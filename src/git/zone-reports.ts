import { clean } from "./fast-import.ts";
import { networkOptions, openStore, type PullSetting } from "./pull.ts";
import { pushCommit, type PushOutcome } from "./push.ts";
import { isShallow } from "./revisions.ts";
import { git, gitFailed, runGit } from "./run.ts";
import { adviceFor, troubleOf } from "./said.ts";
import { signCommit, type SigningKey } from "./sign.ts";
import { readBlobs } from "./tree.ts";
import { verifyCommit, type SignatureState } from "./verify.ts";

/** Where zones' reports are: branches `PREFIX/AZ` of the published branch's remote, each written by its own zone alone. */
export interface ReportSetting extends PullSetting {
  /** The part of the branches' names before the zone's. */
  readonly prefix: string;
}

/** A zone's report, as it stands in git. */
export interface FetchedReport {
  readonly commit: string;
  readonly content: string;
  /** null where nobody's signature is demanded. */
  readonly signature: SignatureState | null;
}

const REPORTS = "refs/halite/reports";
const HELD = "refs/halite/held";
/** The one file of a report's commit. */
const FILE = "report.json";

/** Brings every zone's report into the store, and those away that are gone. By the branches' names after the prefix. @throws FindingError `git-failed` */
export async function fetchReports(setting: ReportSetting): Promise<ReadonlyMap<string, FetchedReport>> {
  const options = await openStore(setting);
  const args = ["fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--no-filter", "--prune", "origin"];
  const run = await runGit([...args, `+refs/heads/${setting.prefix}/*:${REPORTS}/*`], networkOptions(setting, options));
  if (run.status !== 0) throw gitFailed(args, run, adviceFor(troubleOf(run.stderr)));
  return await knownReports(setting);
}

/** The reports that the store has since they were fetched last. */
export async function knownReports({
  store,
  trusted,
}: Pick<PullSetting, "store" | "trusted">): Promise<ReadonlyMap<string, FetchedReport>> {
  const options = { cwd: store };
  const listed = await git(["for-each-ref", "--format=%(objectname) %(refname)", REPORTS], options);
  const found = new Map<string, FetchedReport>();
  for (const line of listed.split("\n")) {
    const [commit = "", ref = ""] = line.split(" ");
    if (ref === "") continue;
    const blob = await runGit(["rev-parse", "--verify", "--quiet", `${commit}:${FILE}`], options);
    const id = blob.stdout.toString("utf8").trim();
    if (blob.status !== 0 || id === "") continue;
    const content = (await readBlobs([id], options)).get(id)?.toString("utf8") ?? "";
    const signature = trusted === null ? null : await verifyCommit(commit, trusted, options);
    found.set(ref.slice(REPORTS.length + 1), { commit, content, signature });
  }
  return found;
}

/**
 * Writes a zone's report: one commit without a parent, in the place of the one before. Reports say how things are; how they were is in metrics, and the
 * branch stays as small as one report. The remote compares and sets, so that of two writers one learns that it is not alone.
 *
 * @param name the zone's
 * @param seconds since the epoch
 */
export async function pushReport(
  setting: ReportSetting,
  name: string,
  content: string,
  seconds: number,
  sign: SigningKey | null,
): Promise<PushOutcome> {
  const options = await openStore(setting);
  const blob = (await git(["hash-object", "-w", "--stdin"], { ...options, input: content })).trim();
  const tree = (await git(["mktree"], { ...options, input: `100644 blob ${blob}\t${FILE}\n` })).trim();
  const who = { name: `halite sync ${clean(name)}`, email: "sync@halite.dev", date: `${Math.floor(seconds)} +0000` };
  const message = `Report of ${name}\n`;
  const commit =
    sign === null
      ? (
          await git(["commit-tree", "-F", "-", tree], {
            ...options,
            input: message,
            env: {
              GIT_AUTHOR_NAME: who.name,
              GIT_AUTHOR_EMAIL: who.email,
              GIT_AUTHOR_DATE: `@${who.date}`,
              GIT_COMMITTER_NAME: who.name,
              GIT_COMMITTER_EMAIL: who.email,
              GIT_COMMITTER_DATE: `@${who.date}`,
            },
          })
        ).trim()
      : await signCommit({ tree, parent: null, message, author: who, committer: who }, sign, setting.folder, options);
  const ref = `${REPORTS}/${name}`;
  const known = (await runGit(["rev-parse", "--verify", "--quiet", ref], options)).stdout.toString("utf8").trim();
  const { remote } = setting;
  const url = remote.kind === "embedded" ? remote.path : remote.url;
  const outcome = await pushCommit(url, `${setting.prefix}/${name}`, commit, known === "" ? null : known, networkOptions(setting, options));
  if (outcome.kind === "pushed") await git(["update-ref", ref, commit], options);
  return outcome;
}

/** The folders at a commit's top with the ids of their trees: the zones that a commit of the published branch has. */
export async function zoneTrees(store: string, commit: string): Promise<ReadonlyMap<string, string>> {
  const text = await git(["ls-tree", "-z", "--full-tree", commit], { cwd: store });
  const trees = new Map<string, string>();
  for (const line of text.split("\0")) {
    const [, id, name] = /^040000 tree ([0-9a-f]+)\t(.*)$/s.exec(line) ?? [];
    if (id !== undefined && name !== undefined && !name.startsWith(".")) trees.set(name, id);
  }
  return trees;
}

/** Keeps these commits, and no others than these, from being collected although no branch may lead to them any more. */
export async function holdCommits(store: string, commits: Iterable<string>): Promise<void> {
  const options = { cwd: store };
  const wanted = new Set(commits);
  const listed = await git(["for-each-ref", "--format=%(refname)", HELD], options);
  const known = new Set(listed.split("\n").flatMap((ref) => (ref === "" ? [] : [ref.slice(HELD.length + 1)])));
  for (const commit of wanted) if (!known.has(commit)) await runGit(["update-ref", `${HELD}/${commit}`, commit], options);
  for (const commit of known) if (!wanted.has(commit)) await runGit(["update-ref", "-d", `${HELD}/${commit}`], options);
}

/** Fetches the history before the first commit that was pulled: commits and trees. Without it nothing is known of how older commits stand. */
export async function deepenStore(setting: PullSetting): Promise<void> {
  const options = await openStore(setting);
  if (!(await isShallow(setting.store))) return;
  const args = ["fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--filter=blob:none", "--unshallow", "origin"];
  const run = await runGit([...args, `+refs/heads/${setting.branch}:refs/halite/pulled`], networkOptions(setting, options));
  if (run.status !== 0) throw gitFailed(args, run, adviceFor(troubleOf(run.stderr)));
}
