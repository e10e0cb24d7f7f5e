import { halite } from "../cli/halite.ts";
import { ProcessWatch, type CanarySearch, type Leak } from "./canary-search.ts";

/** Runs commands, with `--json` and without, and gives what of the canaries is in what they print, and in processes meanwhile. */
export async function runWatched(
  search: CanarySearch,
  cwd: string,
  commands: readonly (readonly string[])[],
  program?: string,
): Promise<{ readonly leaks: readonly Leak[]; readonly statuses: ReadonlyMap<string, number | null>; readonly said: string }> {
  const watch = new ProcessWatch(search);
  const leaks: Leak[] = [];
  const statuses = new Map<string, number | null>();
  let said = "";
  for (const command of commands.flatMap((each) => [each, [...each, "--json"]])) {
    const done = await halite(command, { cwd, ...(program !== undefined && { program }) });
    const name = command.join(" ");
    statuses.set(name, done.status);
    said += done.stdout + done.stderr;
    leaks.push(...search.text(`standard output of ${name}`, done.stdout), ...search.text(`standard error of ${name}`, done.stderr));
  }
  return { leaks: [...leaks, ...watch.end()], statuses, said };
}
