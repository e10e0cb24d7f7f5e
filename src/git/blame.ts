import { runGit } from "./run.ts";

/** When a line of a file was committed. */
export interface LineTime {
  /** Seconds since 1970; null: the line has not been committed. */
  readonly time: number | null;
}

/** For each line of a file of a work tree the time of the commit that it is from; undefined where git does not know the file. */
export async function lineTimes(folder: string, file: string): Promise<readonly LineTime[] | undefined> {
  const run = await runGit(["blame", "--line-porcelain", "--", file], { cwd: folder });
  if (run.status !== 0) return undefined;
  const times: LineTime[] = [];
  let time: number | null = null;
  for (const line of run.stdout.toString("utf8").split("\n")) {
    const head = /^([0-9a-f]{40}|[0-9a-f]{64}) \d+ \d+/.exec(line);
    if (head !== null) time = /^0+$/.test(head[1] ?? "") ? null : 0;
    const stamp = /^committer-time (\d+)$/.exec(line);
    if (stamp !== null && time !== null) time = Number(stamp[1]);
    if (line.startsWith("\t")) times.push({ time });
  }
  return times;
}
