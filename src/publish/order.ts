import type { Finding } from "../finding/index.ts";
import type { Ancestry, BranchHead, SourceState } from "../git/index.ts";

/** Whether a source may follow what is published. */
export type Order =
  | { readonly kind: "follows" }
  /** What is published was made from a later commit of the same history. */
  | { readonly kind: "superseded"; readonly by: string; readonly finding: Finding }
  | { readonly kind: "refused"; readonly finding: Finding };

/** What the user has said may be. */
export interface OrderAllowances {
  /** A source that is older than the published one. */
  readonly older: boolean;
  /** A source whose history has parted from the published one's. */
  readonly diverged: boolean;
  /** A head that Halite has not written. */
  readonly foreign: boolean;
}

/**
 * The source that counts as published: of a commit that rolled back, the one that was there before. A later publish must come after
 * that, though what is rolled back to is older.
 */
export function publishedSource({ trailers }: Pick<BranchHead, "trailers">): string | undefined {
  return trailers.get("Rolled-Back") ?? trailers.get("Source");
}

/** Judges a source against the branch's head. `ancestryOf` says how a source commit stands to ours. */
export async function orderOf(
  source: SourceState,
  head: BranchHead | null,
  allowed: OrderAllowances,
  ancestryOf: (theirs: string) => Promise<Ancestry>,
): Promise<Order> {
  // Only the embedded repository takes those, and it has one writer.
  if (head === null || source.kind !== "commit") return { kind: "follows" };
  const published = publishedSource(head);
  if (published === undefined) {
    if (allowed.foreign) return { kind: "follows" };
    return refused({
      code: "publish-foreign",
      severity: "error",
      message: `the branch's head ${short(head.commit)} was not written by Halite: it names no source`,
      advice:
        "Publish to a branch of its own, which nobody else writes to (publish.branch); --allow-foreign puts the compiled tree in the place of what is there.",
    });
  }
  if (published.startsWith("worktree ")) return { kind: "follows" };
  switch (await ancestryOf(published)) {
    case "same":
    case "behind":
      return { kind: "follows" };
    case "ahead":
      if (allowed.older) return { kind: "follows" };
      return {
        kind: "superseded",
        by: published,
        finding: {
          code: "publish-older",
          severity: "error",
          message: `what is published was made from ${short(published)}, which comes after ${short(source.commit)}, the commit that is checked out`,
          advice:
            "Check out the newest commit. To go back to what was published before, use `halite rollback`; --allow-older publishes the old source nevertheless.",
        },
      };
    case "diverged":
      if (allowed.diverged) return { kind: "follows" };
      return refused({
        code: "publish-diverged",
        severity: "error",
        message: `what is published was made from ${short(published)}, and ${short(source.commit)}, the commit that is checked out, does not contain it`,
        advice:
          "Merge or rebase onto the branch that is published from, so that nothing published gets lost. Where that branch was rewritten on purpose, --allow-diverged publishes yours in its place.",
      });
    case "shallow":
      return refused({
        code: "publish-shallow",
        severity: "error",
        message: `whether ${short(source.commit)} comes after ${short(published)}, which is published, can't be told: this clone is shallow`,
        advice: "Fetch the history: `git fetch --unshallow`, in GitHub Actions `fetch-depth: 0`, in GitLab CI `GIT_DEPTH: 0`.",
      });
    default:
      if (allowed.diverged) return { kind: "follows" };
      return refused({
        code: "publish-unknown-source",
        severity: "error",
        message: `what is published was made from commit ${short(published)}, which neither this repository nor its remote has`,
        advice:
          "Publish from a clone of the repository that was published from. Where that was replaced or rewritten on purpose, --allow-diverged publishes yours in its place.",
      });
  }
}

function refused(finding: Finding): Order {
  return { kind: "refused", finding };
}

/** A commit's id as messages have it. */
export function short(commit: string): string {
  return commit.slice(0, 12);
}
