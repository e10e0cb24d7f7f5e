import { runGit } from "./run.ts";
import type { Signature } from "./source.ts";

/** Who git takes this user to be, and the time; null where git does not know. */
export async function gitIdentity(folder: string): Promise<Signature | null> {
  const run = await runGit(["var", "GIT_AUTHOR_IDENT"], { cwd: folder });
  const [, name, email, date] = /^(.*) <(.*)> (\d+ [+-]\d{4})$/.exec(run.stdout.toString("utf8").trim()) ?? [];
  return run.status !== 0 || name === undefined || email === undefined || date === undefined ? null : { name, email, date };
}
