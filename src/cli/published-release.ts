import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Cluster, FleetRoster } from "../fleet/index.ts";
import { branchHead, commitOf, commitStanding, ensureBareRepository, fetchBranch, parseRemote, readFolder } from "../git/index.ts";
import type { FoundRelease } from "./cluster-target.ts";
import { EnvironmentError, type CommandContext } from "./command.ts";
import { keptRelease } from "./release-cache.ts";

/** What a commit of the published branch has for a cluster: the newest, or the one that `--commit` names. @throws EnvironmentError where it is not to be had */
export async function publishedRelease(context: CommandContext, fleet: FleetRoster, cluster: Cluster): Promise<FoundRelease> {
  const { remote, branch, auth } = fleet.config.publish;
  const from = parseRemote(remote, fleet.folder);
  const repository = from.kind === "embedded" ? from.path : join(fleet.folder, ".halite/clusters.git");
  if (from.kind !== "embedded") {
    await ensureBareRepository(repository, branch);
    await fetchBranch(repository, from, branch, auth, fleet.folder);
  } else if (!existsSync(repository)) {
    throw new EnvironmentError(
      `nothing is published yet: there is no ${remote}`,
      "`halite publish` publishes the fleet; --local takes out/ as it is",
    );
  }
  const revision = context.arguments.value("commit");
  const commit = revision === undefined ? await branchHead(repository, branch) : await commitOf(repository, revision);
  if (commit === null) {
    throw new EnvironmentError(
      revision === undefined ? `${remote} has no branch ${branch}` : `${remote} has no commit ${revision}`,
      "`halite publish` publishes the fleet; --local takes out/ as it is",
    );
  }
  const files = await readFolder(repository, commit, `${cluster.az}/${cluster.id}`);
  return {
    files,
    desired: keptRelease(context, fleet.folder, files, cluster.id, commit),
    from: `commit ${commit.slice(0, 12)} of ${branch}`,
    standing: async (applied) => {
      const standing = await commitStanding(repository, commit, applied);
      return (standing === "older" || standing === "unrelated") && context.arguments.flag("allow-rollback") ? "stated" : standing;
    },
  };
}
