import { resolve } from "node:path";
import { differs, summaryOf, type FleetDiff } from "../diff/index.ts";
import { FindingError } from "../finding/index.ts";
import { FleetCompiler, type Fleet } from "../fleet/index.ts";
import { commitOf, isInWorkTree, resolveCommit } from "../git/index.ts";
import { UsageError, type Command, type CommandContext } from "./command.ts";
import { compareFleets, fleetOf } from "./compare-fleets.ts";
import { comparePublished, type ComparedPublished } from "./compare-published.ts";
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
  if (revision === "published") return withPublishedCauses(context, sides, await comparePublished(context, head, fleetOf(head.fleet)));
  const parted = args.flag("merge-base") || (args.value("base") === undefined && base?.parted === true);
  const { name, commit } = await sides.base(revision, parted, given === undefined || given === "worktree" ? "HEAD" : given);
  const compared = compareFleets(context, await sides.commit(name, commit), head);
  const diff = args.flag("no-memo") ? compared.diff : await withCauses(compared, (line) => terminal.progress(line));
  terminal.progressDone();
  return diff;
}

/** Causes are looked for in the commit that what is published was made from, where this repository has it. */
async function withPublishedCauses(
  context: CommandContext,
  sides: FleetSides,
  { diff, head, source }: ComparedPublished,
): Promise<FleetDiff> {
  const { arguments: args, terminal } = context;
  if (source === undefined || diff.changes.length === 0 || args.flag("no-memo") || !(await isInWorkTree(sides.folder))) return diff;
  if ((await commitOf(sides.folder, source)) === null) return diff;
  const fleet = await fleetAt(sides, source);
  if (fleet === undefined) return diff;
  const base = new FleetCompiler(fleet, { beside: head });
  const told = await withCauses({ diff, base, head, from: source }, (line) => terminal.progress(line));
  terminal.progressDone();
  return told;
}

/** The fleet at a commit, or `undefined` where none that can be read is there. */
async function fleetAt(sides: FleetSides, commit: string): Promise<Fleet | undefined> {
  try {
    return (await sides.commit("published", { commit, subject: "" })).fleet;
  } catch (error) {
    if (error instanceof FindingError) return undefined;
    throw error;
  }
}

async function headCommit(sides: FleetSides, revision: string): Promise<FleetSide> {
  return sides.commit(revision, await resolveCommit(await sides.repository(), revision));
}
