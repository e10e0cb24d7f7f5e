import { FindingError } from "../finding/index.ts";
import {
  gitLog,
  type BranchHead,
  type PublishedBranch,
  type Signature,
  type SigningKey,
  type Tree,
  type TreeChanges,
  type TreeEntry,
} from "../git/index.ts";
import { checkDeletions, type DeletionLimits } from "./deletions.ts";
import { commitMessage } from "./message.ts";
import { publishedSource, short } from "./order.ts";
import { committerAt, seeHead, pushFailed } from "./publish.ts";
import { restoreSealed } from "./restore-sealed.ts";
import { splicedRelease } from "./splice-release.ts";

/** What is to be taken back. */
export interface Rollback {
  /** A published commit or the source commit that one was made from, by its first letters, or `~N`: N publishes ago. */
  readonly to: string;
  /** Only these zones; empty: all. */
  readonly zones: readonly string[];
  /** Only these addons; empty: all. */
  readonly addons: readonly string[];
  readonly limits: DeletionLimits;
  /** Who does it, and when. */
  readonly author: Signature;
  readonly sign: SigningKey | null;
}

export type RollbackOutcome =
  | { readonly kind: "unchanged"; readonly commit: string; readonly to: string }
  | { readonly kind: "committed"; readonly commit: string; readonly parent: string; readonly to: string; readonly changes: TreeChanges };

/**
 * Makes a commit that restores what was published before: history only ever grows. Later publishes come after the source that was rolled
 * back, which the trailer `Rolled-Back` keeps.
 *
 * @throws FindingError with every reason to refuse
 */
export async function rollBack(branch: PublishedBranch, { to, zones, addons, limits, author, sign }: Rollback): Promise<RollbackOutcome> {
  const head = await seeHead(branch);
  if (head === null) {
    throw new FindingError({
      code: "rollback-empty",
      severity: "error",
      message: `nothing is published: ${branch.setting.remote.display} has no branch ${branch.setting.branch}`,
      advice: "Check publish.remote and publish.branch in halite.yaml.",
    });
  }
  const target = await branch.commitAt(await findPublished(branch, head, to));
  const tree = await restoredTree(branch, head, target, zones, addons);
  const changes = branch.changes(head, tree);
  if (changes.added.length + changes.changed.length + changes.removed.length === 0)
    return { kind: "unchanged", commit: head.commit, to: target.commit };
  const [one, ...more] = await checkDeletions(head, tree, changes, limits, (ids) => branch.read(ids));
  if (one !== undefined) throw new FindingError(one, ...more);
  const whole = zones.length === 0 && addons.length === 0;
  const message = commitMessage(subjectOf(target, zones, addons), changes, trailersOf(head, target, whole, zones, addons));
  const commit = await branch.commit(head, { tree, changes, message, author, committer: committerAt(author.date), sign });
  const outcome = await branch.push(commit, head.commit);
  if (outcome.kind === "pushed") return { kind: "committed", commit, parent: head.commit, to: target.commit, changes };
  if (outcome.kind === "broken" && (await seeHead(branch))?.commit === commit)
    return { kind: "committed", commit, parent: head.commit, to: target.commit, changes };
  if (outcome.kind !== "moved") throw pushFailed(branch, outcome);
  throw new FindingError({
    code: "rollback-moved",
    severity: "error",
    message: `branch ${branch.setting.branch} was moved by somebody else meanwhile: nothing was rolled back`,
    advice: "Look at what is published now, and run the command again if it is still to be taken back.",
  });
}

/** The published commit that a user means. */
async function findPublished(branch: PublishedBranch, head: BranchHead, to: string): Promise<string> {
  const log = await gitLog(head.commit, branch.options);
  const back = /^(?:HEAD|[^~^:\s]*)?~(\d{0,6})$/.exec(to);
  if (back !== null && (/^~|^HEAD~/.test(to) || to.startsWith(`${branch.setting.branch}~`))) {
    const entry = log[back[1] === "" ? 1 : Number(back[1])];
    if (entry !== undefined) return entry.commit;
    throw notFound(to, `the branch has ${log.length} commit${log.length === 1 ? "" : "s"}`);
  }
  const wanted = to.toLowerCase();
  const prefix = /^[0-9a-f]{4,64}$/.test(wanted);
  const commits = prefix ? log.filter(({ commit }) => commit.startsWith(wanted)) : [];
  if (commits.length > 1) throw notFound(to, `${commits.length} commits of the branch begin like that`);
  if (commits[0] !== undefined) return commits[0].commit;
  // The newest of those that were made from a source and not rolled back to it.
  const sources = prefix
    ? log.filter(({ trailers }) => trailers.get("Source")?.startsWith(wanted) === true && !trailers.has("Rollback-To"))
    : [];
  if (new Set(sources.map(({ trailers }) => trailers.get("Source"))).size > 1) throw notFound(to, "several source commits begin like that");
  if (sources[0] !== undefined) return sources[0].commit;
  throw notFound(to, `no commit of the branch begins like that or was made from such a source`);
}

function notFound(to: string, why: string): FindingError {
  return new FindingError({
    code: "rollback-target",
    severity: "error",
    message: `${JSON.stringify(to)} names nothing that was published: ${why}`,
    advice: "--to takes a commit of the published branch, the source commit that one was made from, or ~N for N publishes ago.",
  });
}

async function restoredTree(
  branch: PublishedBranch,
  head: BranchHead,
  target: BranchHead,
  zones: readonly string[],
  addons: readonly string[],
): Promise<Tree> {
  const tree = new Map<string, TreeEntry>();
  const inZone = (path: string): boolean => zones.length === 0 || zones.includes(path.split("/")[0] ?? "");
  checkNames(head, target, zones, addons);
  const isRestored = (path: string): boolean => inZone(path) && (addons.length === 0 || addons.includes(path.split("/")[2] ?? ""));
  for (const [path, blob] of head.files) if (!isRestored(path)) tree.set(path, { blob });
  const clusters = new Set(
    [...head.files.keys()].filter((path) => path.endsWith("/release.yaml")).map((path) => path.slice(0, -"release.yaml".length)),
  );
  for (const [path, blob] of target.files) {
    // A cluster that is no more does not come back with one addon alone.
    if (isRestored(path) && (addons.length === 0 || clusters.has(path.split("/").slice(0, 2).join("/") + "/"))) tree.set(path, { blob });
  }
  if (addons.length > 0) {
    const inZones = [...clusters].filter(inZone);
    await restoreReleases(branch, head, target, inZones, addons, tree);
    const changed = inZones.filter((folder) => isOther(head, target, `${folder}release.yaml`));
    await restoreSealed({ branch, head, target, clusters: changed, addons }, tree);
  }
  return tree;
}

/** Whether a file was there then, and is another now. */
function isOther(head: BranchHead, target: BranchHead, path: string): boolean {
  return target.files.has(path) && target.files.get(path) !== head.files.get(path);
}

/** Each cluster's release.yaml has to say of the restored addons what it said then. */
async function restoreReleases(
  branch: PublishedBranch,
  head: BranchHead,
  target: BranchHead,
  clusters: readonly string[],
  addons: readonly string[],
  tree: Map<string, TreeEntry>,
): Promise<void> {
  const ids = clusters.map((cluster) => ({
    path: `${cluster}release.yaml`,
    now: head.files.get(`${cluster}release.yaml`) ?? "",
    former: target.files.get(`${cluster}release.yaml`),
  }));
  const blobs = await branch.read(ids.flatMap(({ now, former }) => (former === undefined ? [] : [now, former])));
  const text = (id: string): string => blobs.get(id)?.toString("utf8") ?? "";
  for (const { path, now, former } of ids) {
    if (former === undefined) {
      // The cluster was not there then: its addons stay as they are.
      for (const [file, blob] of head.files) if (file.startsWith(path.slice(0, -"release.yaml".length))) tree.set(file, { blob });
    } else if (now !== former) tree.set(path, splicedRelease(text(now), text(former), addons));
  }
}

function checkNames(head: BranchHead, target: BranchHead, zones: readonly string[], addons: readonly string[]): void {
  const paths = [...head.files.keys(), ...target.files.keys()].map((path) => path.split("/"));
  for (const [what, part, names] of [
    ["zone", 0, zones],
    ["addon", 2, addons],
  ] as const) {
    const known = new Set(paths.map((parts) => parts[part] ?? ""));
    const wrong = names.find((name) => !known.has(name) || name === "release.yaml");
    if (wrong === undefined) continue;
    const all = [...known].filter((name) => name !== "release.yaml" && name !== "" && !name.startsWith(".")).sort();
    throw new FindingError({
      code: "rollback-target",
      severity: "error",
      message: `there is no ${what} ${JSON.stringify(wrong)} in what is published, now or then`,
      advice: `There is ${all.slice(0, 20).join(", ")}.`,
    });
  }
}

function subjectOf(target: BranchHead, zones: readonly string[], addons: readonly string[]): string {
  const what = [addons.join(", "), zones.length === 0 ? "" : `in ${zones.join(", ")}`].filter((text) => text !== "").join(" ");
  return `Roll back ${what === "" ? "" : `${what} `}to ${short(target.commit)}: ${target.message.split("\n")[0] ?? ""}`;
}

function trailersOf(
  head: BranchHead,
  target: BranchHead,
  whole: boolean,
  zones: readonly string[],
  addons: readonly string[],
): (readonly [string, string])[] {
  // A part of the tree is another commit's: then the source stays the one of the rest.
  const of = whole ? target : head;
  const kept = ["Source", "Compiler", "Input-Digest"].flatMap((name) => {
    const value = of.trailers.get(name);
    return value === undefined ? [] : [[name, value] as const];
  });
  const before = whole ? publishedSource(head) : head.trailers.get("Rolled-Back");
  return [
    ...kept,
    ["Rollback-To", target.commit],
    ...(zones.length === 0 ? [] : [["Rollback-Az", zones.join(", ")] as const]),
    ...(addons.length === 0 ? [] : [["Rollback-Addon", addons.join(", ")] as const]),
    ...(before === undefined ? [] : [["Rolled-Back", before] as const]),
  ];
}
