import { randomUUID } from "node:crypto";
import { readFileSync, watch, writeFileSync } from "node:fs";
import { join } from "node:path";

/** What git does for a program, as it does it: by this a program can be killed at a moment that no machine is too fast or too slow for. */
export interface GitSteps {
  /** To be in the environment of the program. */
  readonly env: Readonly<Record<string, string>>;
  stop(): void;
}

/** Tells of each step: a line of git's own trace (GIT_TRACE, git(1)), which is one for each command, and for what that starts. */
export function gitSteps(folder: string, onStep: (count: number) => void): GitSteps {
  const path = join(folder, `${randomUUID()}.trace`);
  writeFileSync(path, "");
  let told = 0;
  const count = (): number => readFileSync(path, "latin1").split("\n").length - 1;
  const watcher = watch(path, () => {
    for (const now = count(); told < now;) onStep(++told);
  });
  return { env: { GIT_TRACE: path }, stop: () => watcher.close() };
}
