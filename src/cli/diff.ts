import { differs, diffText } from "../diff/index.ts";
import { UsageError, type Command } from "./command.ts";
import { compareFleets } from "./compare-fleets.ts";
import { FleetSides } from "./fleet-sides.ts";
import { resolveCommit } from "../git/index.ts";

/** `halite diff`. */
export const command: Command = {
  run: async (context) => {
    const { arguments: args, terminal } = context;
    if (args.positional.length > 0)
      throw new UsageError(`diff takes no arguments; name a side with --base or --head ${JSON.stringify(args.positional[0])}`);
    const sides = new FleetSides(context);
    const { name, commit } = await sides.base(args.value("base"), args.flag("merge-base"));
    const base = await sides.commit(name, commit);
    const given = args.value("head");
    const head =
      given === undefined || given === "worktree"
        ? sides.worktree()
        : await sides.commit(given, await resolveCommit(await sides.repository(), given));
    const { diff } = compareFleets(context, base, head);
    terminal.out(diffText(diff, { paint: terminal.paint, width: terminal.width, full: args.flag("full") }));
    return differs(diff) ? 1 : 0;
  },
};
