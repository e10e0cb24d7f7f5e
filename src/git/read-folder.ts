import { FindingError } from "../finding/index.ts";
import { git, gitFailed, runGit } from "./run.ts";

/** The files below a folder of a commit, by path within it. Empty where the commit has no such folder. @throws FindingError `git-failed`, `git-corrupt` */
export async function readFolder(repository: string, commit: string, folder: string): Promise<ReadonlyMap<string, Buffer>> {
  const files = new Map<string, Buffer>();
  const there = await runGit(["rev-parse", "--verify", "--quiet", `${commit}:${folder}`], { cwd: repository });
  if (there.status !== 0) return files;
  const listed = await git(["ls-tree", "-r", "-z", "--full-tree", `${commit}:${folder}`], { cwd: repository });
  const entries = listed.split("\0").flatMap((line) => {
    const tab = line.indexOf("\t");
    return tab < 0 ? [] : [{ path: line.slice(tab + 1), id: line.slice(0, tab).split(" ")[2] ?? "" }];
  });
  if (entries.length === 0) return files;
  const args = ["cat-file", "--batch"];
  const run = await runGit(args, { cwd: repository, input: entries.map(({ id }) => `${id}\n`).join("") });
  if (run.status !== 0) throw gitFailed(args, run);
  let at = 0;
  for (const { path, id } of entries) {
    const end = run.stdout.indexOf(10, at);
    const [, type = "", size = ""] = run.stdout.toString("latin1", at, end).split(" ");
    if (type !== "blob") {
      throw new FindingError({
        code: "git-corrupt",
        severity: "error",
        message: `object ${id} (${path}) of commit ${commit.slice(0, 12)} is missing or spoilt`,
        advice: "`git fsck` in the repository says more",
      });
    }
    files.set(path, run.stdout.subarray(end + 1, end + 1 + Number(size)));
    at = end + 2 + Number(size);
  }
  return files;
}

/** The full id of a commit, or null where the repository has none of that name. */
export async function commitOf(repository: string, revision: string): Promise<string | null> {
  const run = await runGit(["rev-parse", "--verify", "--quiet", "--end-of-options", `${revision}^{commit}`], { cwd: repository });
  const id = run.stdout.toString("utf8").trim();
  return run.status === 0 && id !== "" ? id : null;
}

/** How a commit stands to one that was applied before it. */
export async function commitStanding(
  repository: string,
  commit: string,
  applied: string,
): Promise<"same" | "newer" | "older" | "unrelated"> {
  if (commit === applied) return "same";
  const isAncestor = async (first: string, second: string): Promise<boolean> =>
    (await runGit(["merge-base", "--is-ancestor", first, second], { cwd: repository })).status === 0;
  if (await isAncestor(applied, commit)) return "newer";
  return (await isAncestor(commit, applied)) ? "older" : "unrelated";
}
