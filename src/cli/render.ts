import { findingsByCluster, type CompiledCluster, type OutDifference, type RenderedCluster } from "../fleet/index.ts";
import { UsageError, type Command, type CommandContext } from "./command.ts";
import { countFindings, findingJson, foldFindings, printFindings } from "./report.ts";
import { openFleet } from "./open-fleet.ts";
import { plural } from "./plural.ts";
import { renderFleet } from "./session.ts";
import { renderShard, shardAsked } from "./shard.ts";

/** `halite render`. */
export const command: Command = {
  run: async (context) => {
    const { arguments: args, terminal } = context;
    if (args.positional.length > 0)
      throw new UsageError(`render takes no arguments; pick clusters with --clusters ${JSON.stringify(args.positional[0])}`);
    const shard = shardAsked(context);
    const fleet = openFleet(context);
    const { rendered: compiles, difference } = await (shard === undefined
      ? renderFleet(context, fleet)
      : renderShard(context, fleet, shard));
    const check = args.flag("check");
    const findings = foldFindings(findingsByCluster(fleet, compiles));
    const failed = findings.some((each) => each.finding.severity === "error");
    const fresh = difference.missing.length + difference.changed.length + difference.extra.length === 0;
    if (args.flag("json")) {
      terminal.out(
        `${JSON.stringify({ fresh, written: check ? null : difference, stale: check ? difference : null, clusters: compiles.map(clusterJson), findings: findings.map(findingJson) }, undefined, 2)}\n`,
      );
    } else {
      printFindings(terminal, findings, compiles.length, false);
      if (check) printStale(context, difference);
      else terminal.out(`${summary(compiles)}; ${written(difference)}${failed ? `; ${countFindings(findings)}` : ""}\n`);
    }
    return failed || (check && !fresh) ? 1 : 0;
  },
};

/** `8 clusters, 96 addons, 512 objects`, and how many of them failed. */
export function summary(compiles: readonly Pick<CompiledCluster, "release">[]): string {
  let addons = 0;
  let objects = 0;
  let failedAddons = 0;
  let failedClusters = 0;
  for (const { release } of compiles) {
    if (release.state === "failed") failedClusters += 1;
    else {
      for (const addon of release.addons) {
        addons += 1;
        if (addon.state === "failed") failedAddons += 1;
        else objects += addon.objects;
      }
    }
  }
  const failures = [
    failedClusters > 0 ? plural(failedClusters, "cluster") : "",
    failedAddons > 0 ? plural(failedAddons, "addon") : "",
  ].filter((text) => text !== "");
  return `${plural(compiles.length, "cluster")}, ${plural(addons, "addon")}, ${plural(objects, "object")}${failures.length > 0 ? `; failed: ${failures.join(", ")}` : ""}`;
}

/** What was done to out/. */
export function written(difference: OutDifference): string {
  const parts = [
    difference.missing.length > 0 ? `${plural(difference.missing.length, "file")} new` : "",
    difference.changed.length > 0 ? `${plural(difference.changed.length, "file")} changed` : "",
    difference.extra.length > 0 ? `${plural(difference.extra.length, "file")} removed` : "",
  ].filter((text) => text !== "");
  return parts.length === 0 ? "out/ was up to date" : parts.join(", ");
}

function printStale(context: CommandContext, difference: OutDifference): void {
  const { terminal } = context;
  const lines = [
    ...difference.missing.map((path) => `missing  ${path}`),
    ...difference.changed.map((path) => `differs  ${path}`),
    ...difference.extra.map((path) => `extra    ${path}`),
  ];
  const most = 40;
  for (const line of lines.slice(0, most)) terminal.out(`${line}\n`);
  if (lines.length > most) terminal.out(`and ${lines.length - most} more\n`);
  terminal.out(lines.length === 0 ? "out/ is fresh\n" : "out/ is stale: run `halite render` and commit the result\n");
}

function clusterJson({ cluster, release, leftToNode, milliseconds }: RenderedCluster): Readonly<Record<string, unknown>> {
  return {
    cluster: cluster.id,
    az: cluster.az,
    kubernetes: cluster.kubernetes,
    state: release.state,
    addons:
      release.state === "failed"
        ? {}
        : Object.fromEntries(
            release.addons.map((addon) => [
              addon.name,
              addon.state === "complete" ? { state: addon.state, objects: addon.objects } : { state: addon.state, why: addon.why },
            ]),
          ),
    leftToNode,
    milliseconds: Math.round(milliseconds),
  };
}
