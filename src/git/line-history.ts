import { runGit } from "./run.ts";

/** A commit as it stands beside a line. */
export interface LineCommit {
  readonly commit: string;
  readonly subject: string;
  readonly author: string;
}

/** A look at the history of one file takes at most so long, in milliseconds: of a line it is worth no more. */
const PATIENCE = 15_000;

/**
 * The commit that gave a line its content, looked for from a revision back or, without one, from the work tree; `null` where it is not
 * committed, or git can't say. `file`: within `folder`.
 */
export async function lineCommit(folder: string, file: string, line: number, revision: string | null): Promise<LineCommit | null> {
  const args = ["blame", "--porcelain", "-L", `${line},${line}`, ...(revision === null ? [] : [revision]), "--", file];
  const text = await textOf(folder, args);
  const commit = /^[0-9a-f]{40,64}/.exec(text)?.[0];
  if (commit === undefined || /^0+$/.test(commit)) return null;
  return { commit, subject: /^summary (.*)$/m.exec(text)?.[1] ?? "", author: /^author (.*)$/m.exec(text)?.[1] ?? "" };
}

/** The last commit between two revisions that changed a file; `null` where there is none, or the work tree's is another than that. */
export async function fileCommit(folder: string, file: string, base: string, head: string | null): Promise<LineCommit | null> {
  if (head === null) {
    const clean = await runGit(["diff", "--quiet", "HEAD", "--", file], { cwd: folder, timeout: PATIENCE }).catch(() => undefined);
    if (clean?.status !== 0) return null;
  }
  const text = await textOf(folder, ["log", "-1", "--no-color", "--format=%H%x00%an%x00%s", `${base}..${head ?? "HEAD"}`, "--", file]);
  const [commit = "", author = "", subject = ""] = text.trim().split("\0");
  return commit === "" ? null : { commit, author, subject };
}

/** Nothing where git fails: the history is for information. */
async function textOf(folder: string, args: readonly string[]): Promise<string> {
  try {
    const run = await runGit(args, { cwd: folder, timeout: PATIENCE });
    return run.status === 0 ? run.stdout.toString("utf8") : "";
  } catch {
    return "";
  }
}
