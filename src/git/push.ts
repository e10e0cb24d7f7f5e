import { runGit, type GitRunOptions } from "./run.ts";
import { remoteLines, troubleOf } from "./said.ts";

export type PushOutcome =
  | { readonly kind: "pushed" }
  /** The branch is not where it was: somebody else was first. */
  | { readonly kind: "moved" }
  /** The remote's hook or its branch protection does not want it. `reason` is git's word, `lines` what the remote said. */
  | { readonly kind: "refused"; readonly reason: string; readonly lines: readonly string[] }
  /** The connection broke: whether the remote has taken it is not known. */
  | { readonly kind: "broken"; readonly said: string }
  | { readonly kind: "failed"; readonly status: number; readonly said: string };

/** Pushes a commit to a branch that must be at `expected`, null for a branch that must not be there: the remote compares and sets at once. */
export async function pushCommit(
  remote: string,
  branch: string,
  commit: string,
  expected: string | null,
  options: GitRunOptions,
): Promise<PushOutcome> {
  const ref = `refs/heads/${branch}`;
  const lease = `--force-with-lease=${ref}:${expected ?? ""}`;
  const run = await runGit(["push", "--porcelain", "--no-verify", "--no-signed", lease, "--", remote, `${commit}:${ref}`], options);
  if (run.status === 0) return { kind: "pushed" };
  const rejection = /^!\t\S+\t\[(rejected|remote rejected|remote failure)\] \((.*)\)$/m.exec(run.stdout.toString("utf8"));
  if (rejection === null) {
    const trouble = troubleOf(run.stderr);
    const lines = remoteLines(run.stderr);
    if (trouble === "broken") return { kind: "broken", said: run.stderr };
    if (trouble === "auth" && lines.length > 0) return { kind: "refused", reason: "not allowed", lines };
    return { kind: "failed", status: run.status, said: run.stderr };
  }
  const [, kind, reason = ""] = rejection;
  if (kind === "rejected") return { kind: "moved" };
  if (kind === "remote failure") return { kind: "broken", said: run.stderr };
  // The remote's own compare-and-set lost, after the lease had still been right.
  if (
    /failed to (?:update|lock)|cannot lock|incorrect old value|is at [0-9a-f]+ but expected|reference already exists|transaction/i.test(
      reason,
    )
  )
    return { kind: "moved" };
  return { kind: "refused", reason, lines: remoteLines(run.stderr) };
}
