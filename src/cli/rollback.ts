import { gitIdentity, parseRemote, PublishedBranch } from "../git/index.ts";
import { rollBack, type RollbackOutcome } from "../publish/index.ts";
import { EnvironmentError, UsageError, type Command } from "./command.ts";
import { deletionLimits } from "./publish.ts";
import { openFleet } from "./open-fleet.ts";

/** `halite rollback`. */
export const command: Command = {
  run: async (context) => {
    const { arguments: args, terminal } = context;
    const to = args.value("to");
    if (args.positional.length > 0)
      throw new UsageError(`rollback takes no arguments; name what to restore with --to ${args.positional[0] ?? ""}`);
    if (to === undefined) throw new UsageError("name what to restore with --to; `git log` of the published branch lists it");
    const fleet = openFleet(context);
    const { remote, branch, auth, sign } = fleet.config.publish;
    const limits = deletionLimits(args, fleet);
    const author = await gitIdentity(fleet.folder);
    if (author === null) {
      throw new EnvironmentError(
        "git does not know who you are, and a rollback names who did it",
        'git config user.name "Your Name" and user.email say so, or the variables GIT_AUTHOR_NAME and GIT_AUTHOR_EMAIL',
      );
    }
    const opened = await PublishedBranch.open({ remote: parseRemote(remote, fleet.folder), branch, auth, folder: fleet.folder });
    try {
      const outcome = await rollBack(opened, { to, zones: args.values("az"), addons: args.values("addon"), limits, author, sign });
      const where = { remote: opened.setting.remote.display, branch };
      if (args.flag("json")) terminal.out(`${JSON.stringify({ ...outcome, ...where }, undefined, 2)}\n`);
      else terminal.out(`${describe(outcome, where)}\n`);
      return 0;
    } finally {
      opened.close();
    }
  },
};

function describe(outcome: RollbackOutcome, { remote, branch }: { readonly remote: string; readonly branch: string }): string {
  const to = outcome.to.slice(0, 12);
  if (outcome.kind === "unchanged") return `nothing to roll back: ${remote} branch ${branch} is as it was at ${to}`;
  const { added, changed, removed } = outcome.changes;
  return `rolled back to ${to} with ${outcome.commit.slice(0, 12)} on ${remote} branch ${branch}: ${added.length} new, ${changed.length} changed, ${removed.length} removed files\nThis lasts until the next publish: change the source too, by \`git revert\` or a fix.`;
}
