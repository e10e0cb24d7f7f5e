import { git, type GitRunOptions } from "./run.ts";
import { parseTrailers, type Trailers } from "./trailers.ts";

/** A commit of a branch. */
export interface LoggedCommit {
  readonly commit: string;
  readonly trailers: Trailers;
}

/** A branch's commits by their first parents, the newest first. */
export async function gitLog(commit: string, options: GitRunOptions): Promise<readonly LoggedCommit[]> {
  const text = await git(["log", "-z", "--first-parent", "--format=%H%n%B", commit, "--"], options);
  return text
    .split("\0")
    .filter((entry) => entry !== "")
    .map((entry) => ({ commit: entry.slice(0, entry.indexOf("\n")), trailers: parseTrailers(entry.slice(entry.indexOf("\n") + 1)) }));
}
