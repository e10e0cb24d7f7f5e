import { FindingError, type Finding } from "../finding/index.ts";
import {
  adviceFor,
  ancestry,
  troubleOf,
  type Ancestry,
  type BranchHead,
  type PublishedBranch,
  type PushOutcome,
  type Signature,
  type SigningKey,
  type SourceState,
  type Tree,
  type TreeChanges,
  type TreeEntry,
} from "../git/index.ts";
import { checkDeletions, type DeletionLimits } from "./deletions.ts";
import { commitMessage } from "./message.ts";
import { orderOf, short, type OrderAllowances } from "./order.ts";
import { findPlainSecrets } from "./plain-secrets.ts";

/** What the user has said may be, that is refused else. */
export interface PublishAllowances extends OrderAllowances, DeletionLimits {
  /** Files with what looks like a secret in plain. */
  readonly plain: readonly string[];
  /** An older source than the published one is no error, also where it was older from the start. */
  readonly superseded: boolean;
}

/** A compiled fleet that is to be published. */
export interface Publication {
  /** The files of out/. */
  readonly files: ReadonlyMap<string, string | Uint8Array>;
  /** Folders of clusters and addons that failed, ending in `/`: what is published of them stays. */
  readonly failed: readonly string[];
  readonly source: SourceState;
  /** Of the compile's inputs, in hexadecimal. */
  readonly inputDigest: string;
  /** The compiler's version. */
  readonly version: string;
  readonly allowed: PublishAllowances;
  /** Patterns (`NAMESPACE/NAME/KEY`) of values of Secrets that the settings of policies call public, for a path of out/. */
  readonly publicSecrets?: (path: string) => readonly string[];
  readonly sign: SigningKey | null;
}

export type PublishOutcome =
  | { readonly kind: "unchanged"; readonly commit: string }
  | { readonly kind: "committed"; readonly commit: string; readonly parent: string | null; readonly changes: TreeChanges }
  /** What is published was made from a later commit: there is nothing left to do. */
  | { readonly kind: "superseded"; readonly commit: string; readonly source: string };

const COMMITTER = { name: "Halite", email: "halite@localhost" };
/** So often another publisher may be first. */
const RACES = 100;
/** So often the remote may say that the branch is elsewhere, and show it where it was. */
const STUCK = 4;
/** So often the connection may break in one run. */
const BREAKS = 6;

/**
 * Publishes to a branch: the commit follows the branch's head, and the branch is moved only if it is still there. Where another publisher
 * was first, what it has published decides: a source that comes before ours is followed, one that comes after ours has superseded us,
 * any other is refused.
 *
 * @param first the head before the compile, which was looked at to fail early
 * @throws FindingError with every reason to refuse
 */
export async function publish(branch: PublishedBranch, first: BranchHead | null, publication: Publication): Promise<PublishOutcome> {
  const { source, allowed } = publication;
  const ancestries = new Map<string, Promise<Ancestry>>();
  const ancestryOf = (theirs: string): Promise<Ancestry> => {
    const known =
      ancestries.get(theirs) ?? ancestry(branch.setting.folder, source.kind === "commit" ? source.commit : "", theirs, branch.store);
    ancestries.set(theirs, known);
    return known;
  };
  const stamp = signatures(source);
  let head = first;
  let made: { readonly parent: string | null; readonly commit: string; readonly changes: TreeChanges } | undefined;
  let [breaks, stuck] = [0, 0];
  for (let race = 0; race < RACES;) {
    const order = await orderOf(source, head, allowed, ancestryOf);
    if (order.kind === "refused") throw new FindingError(order.finding);
    if (order.kind === "superseded") {
      if (race === 0 && !allowed.superseded) throw new FindingError(order.finding);
      return { kind: "superseded", commit: head?.commit ?? "", source: order.by };
    }
    const parent: string | null = head?.commit ?? null;
    if (made?.parent !== parent) {
      const tree = carriedOver(head, publication);
      const changes = branch.changes(head, tree);
      if (head !== null && changes.added.length + changes.changed.length + changes.removed.length === 0)
        return { kind: "unchanged", commit: head.commit };
      await refuseBad(branch, head, tree, changes, publication);
      const commit = await branch.commit(head, {
        tree,
        changes,
        message: messageOf(changes, publication),
        ...stamp,
        sign: publication.sign,
      });
      made = { parent, commit, changes };
    }
    const { commit, changes } = made;
    const outcome = await branch.push(commit, parent);
    switch (outcome.kind) {
      case "pushed":
        return { kind: "committed", commit, parent, changes };
      case "moved":
        race += 1;
        head = await seeHead(branch);
        stuck = (head?.commit ?? null) === parent ? stuck + 1 : 0;
        if (stuck === STUCK) throw refusesMove(branch, parent);
        break;
      case "broken":
        breaks += 1;
        if (breaks > BREAKS) throw pushFailed(branch, outcome);
        await pause(breaks);
        head = await seeHead(branch);
        // It was taken although nobody could say so.
        if (head?.commit === commit) return { kind: "committed", commit, parent, changes };
        break;
      case "refused":
      case "failed":
        throw pushFailed(branch, outcome);
    }
  }
  throw new FindingError({
    code: "publish-races",
    severity: "error",
    message: `other publishers were first ${RACES} times`,
    advice: "Let one publisher run at a time; running again is safe.",
  });
}

/** Looks where the branch is, also where the connection breaks a few times. */
export async function seeHead(branch: PublishedBranch): Promise<BranchHead | null> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await branch.head();
    } catch (error) {
      const broken = error instanceof FindingError && error.findings.some(({ code }) => code === "git-broken" || code === "git-timeout");
      if (!broken || attempt > BREAKS) throw error;
      await pause(attempt);
    }
  }
}

/** Longer each time, and not the same for all who lost the same server. */
function pause(attempt: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 50 * 2 ** attempt * (0.5 + Math.random())));
}

/** The tree to publish: what is published of failed addons and clusters stays as it is. */
function carriedOver(head: BranchHead | null, { files, failed }: Publication): Tree {
  if (head === null || failed.length === 0) return files;
  const tree = new Map<string, TreeEntry>(files);
  for (const [path, blob] of head.files) {
    if (!tree.has(path) && failed.some((folder) => path.startsWith(folder))) tree.set(path, { blob });
  }
  return tree;
}

async function refuseBad(
  branch: PublishedBranch,
  head: BranchHead | null,
  tree: Tree,
  changes: TreeChanges,
  { allowed, publicSecrets }: Publication,
): Promise<void> {
  const findings: Finding[] = [
    ...findPlainSecrets(tree, changes, allowed.plain, publicSecrets),
    ...(await checkDeletions(head, tree, changes, allowed, (ids) => branch.read(ids))),
  ];
  const [one, ...more] = findings;
  if (one !== undefined) throw new FindingError(one, ...more);
}

function messageOf(changes: TreeChanges, { source, inputDigest, version, failed }: Publication): string {
  return commitMessage(source.kind === "commit" ? source.subject : "compiled addons", changes, [
    ["Source", source.kind === "commit" ? source.commit : `worktree ${inputDigest}`],
    ["Compiler", `halite ${version}`],
    ["Input-Digest", `sha256:${inputDigest}`],
    ...(failed.length === 0 ? [] : [["Partial", `${failed.length} failed, carried over as published before`] as const]),
  ]);
}

/** The committer is the same for everybody, so that two who publish the same make the same commit. */
export function committerAt(date: string): Signature {
  return { ...COMMITTER, date };
}

function signatures(source: SourceState): { readonly author: Signature; readonly committer: Signature } {
  if (source.kind === "commit") return { author: source.author, committer: committerAt(source.author.date) };
  const now = committerAt(`${Math.floor(Date.now() / 1000)} +0000`);
  return { author: now, committer: now };
}

function refusesMove({ setting }: PublishedBranch, parent: string | null): FindingError {
  return new FindingError({
    code: "publish-rejected",
    severity: "error",
    message: `${setting.remote.display} does not let branch ${setting.branch} be moved from ${parent === null ? "nothing" : short(parent)}, where it shows it`,
    advice:
      "The remote hides the branch from those who push (receive.hideRefs), or a lock was left on it: its administrators can tell. Nothing was published.",
  });
}

/** Why the remote did not take it. */
export function pushFailed(branch: PublishedBranch, outcome: Exclude<PushOutcome, { kind: "pushed" | "moved" }>): FindingError {
  const { remote, branch: name } = branch.setting;
  if (outcome.kind === "refused") {
    const said = outcome.lines.length === 0 ? "" : `; it says:\n${outcome.lines.map((line) => `  ${line}`).join("\n")}`;
    const isProtected = /protect|GH0\d\d|GL-HOOK|pre-receive|hook declined/i.test(`${outcome.reason} ${outcome.lines.join(" ")}`);
    return new FindingError({
      code: "publish-rejected",
      severity: "error",
      message: `${remote.display} does not take the commit for branch ${name} (${outcome.reason})${said}`,
      advice: isProtected
        ? "A hook or a protection of that branch stands against it: allow the user of publish.auth to push there, without a pull request, or let publish.branch name a branch of its own. Nothing was published."
        : "Nothing was published. What the remote says is of its own rules; its administrators can tell more.",
    });
  }
  const trouble = outcome.kind === "broken" ? "broken" : troubleOf(outcome.said);
  const said = outcome.said.trim().split("\n").slice(-6).join("\n");
  return new FindingError({
    code: "git-failed",
    severity: "error",
    message: `branch ${name} could not be pushed to ${remote.display}${said === "" ? "" : `:\n${said}`}`,
    advice: adviceFor(trouble),
  });
}
