import { resolve } from "node:path";
import { differs, summaryOf, type FleetDiff } from "../diff/index.ts";
import { resolveCommit } from "../git/index.ts";
import { UsageError, type Command, type CommandContext } from "./command.ts";
import { compareFleets, fleetOf } from "./compare-fleets.ts";
import { comparePublished } from "./compare-published.ts";
import { withCauses } from "./diff-causes.ts";
import { diffFormat, formatDiff } from "./diff-output.ts";
import { writeWhole } from "./write-whole.ts";
import { FleetSides, type FleetSide } from "./fleet-sides.ts";

/** `halite diff`. */
export const command: Command = {
  run: async (context) => {
    const { arguments: args, terminal } = context;
    const [extra] = args.positional;
    if (extra !== undefined) throw new UsageError(`diff takes no arguments; name a side: --base ${extra} or --head ${extra}`);
    const format = diffFormat(context);
    const diff = await compareSides(context);
    const output = args.value("output");
    const text = formatDiff(diff, format, context, output === undefined);
    if (output === undefined) terminal.out(text);
    else {
      writeWhole(resolve(context.cwd, output), text);
      terminal.err(`${summaryOf(diff)}; written to ${output}\n`);
    }
    return differs(diff) && !args.flag("exit-zero") ? 1 : 0;
  },
};

/** What the options of `diff` and `ci` ask for. `base`: the commit to compare with where no option names one. */
export async function compareSides(
  context: CommandContext,
  base?: { readonly revision: string; readonly parted: boolean },
): Promise<FleetDiff> {
  const { arguments: args, terminal } = context;
  const sides = new FleetSides(context);
  const given = args.value("head");
  const head = given === undefined || given === "worktree" ? sides.worktree() : await headCommit(sides, given);
  const revision = args.value("base") ?? base?.revision;
  if (revision === "published") return comparePublished(context, head, fleetOf(head.fleet));
  const parted = args.flag("merge-base") || (args.value("base") === undefined && base?.parted === true);
  const { name, commit } = await sides.base(revision, parted, given === undefined || given === "worktree" ? "HEAD" : given);
  const compared = compareFleets(context, await sides.commit(name, commit), head);
  const diff = args.flag("no-memo") ? compared.diff : await withCauses(compared, (line) => terminal.progress(line));
  terminal.progressDone();
  return diff;
}

async function headCommit(sides: FleetSides, revision: string): Promise<FleetSide> {
  return sides.commit(revision, await resolveCommit(await sides.repository(), revision));
}
