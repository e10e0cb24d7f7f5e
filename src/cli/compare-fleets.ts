import { join } from "node:path";
import { Apis, FleetComparison, Sides, type FleetDiff } from "../diff/index.ts";
import { FindingError } from "../finding/index.ts";
import { BothSides, CacheFolder, FleetCompiler, type ComparedCluster, type Fleet } from "../fleet/index.ts";
import type { CommandContext } from "./command.ts";
import type { FleetSide } from "./fleet-sides.ts";

/** Two compared states of a fleet. */
export interface ComparedFleets {
  readonly diff: FleetDiff;
  readonly base: FleetCompiler;
  readonly head: FleetCompiler;
  readonly clusters: readonly ComparedCluster[];
}

/** Renders both sides, as far as they can differ, and says what does. */
export function compareFleets(context: CommandContext, base: FleetSide, head: FleetSide): ComparedFleets {
  const { arguments: args, terminal } = context;
  const memo = !args.flag("no-memo");
  const headFleet = head.fleet ?? emptied(base.fleet);
  const headCompiler = new FleetCompiler(headFleet, { memo });
  const baseCompiler = new FleetCompiler(base.fleet ?? emptied(headFleet), { memo, beside: headCompiler });
  const cache =
    memo && !args.flag("no-cache")
      ? new CacheFolder(join(headFleet.folder, ".halite/cache"), context.build, (message) => terminal.err(`halite: ${message}\n`))
      : undefined;
  const sides = new BothSides(baseCompiler, headCompiler, {
    cache,
    begun: Date.now(),
    progress: (done, of) => terminal.progress(`rendering ${done}/${of}`),
  });
  const clusters = sides.compare(select(args.value("clusters"), baseCompiler, headCompiler));
  cache?.tidy(Date.now());
  const made = new Sides();
  const apis = new Apis(headFleet.schemas, [...baseCompiler.knownCrds, ...headCompiler.knownCrds]);
  const comparison = new FleetComparison((cluster, other) => apis.of(cluster, other));
  for (const cluster of clusters) {
    if (cluster.kind === "untouched") comparison.untouched(cluster.id, cluster.objects);
    else if (cluster.kind === "alike") {
      const side = made.ofRelease(cluster.compile.release);
      comparison.add(cluster.id, { before: side, after: side });
    } else {
      const [before, after] = [cluster.base, cluster.head].map((compile) =>
        compile === undefined ? undefined : made.ofRelease(compile.release),
      );
      comparison.add(cluster.id, { before, after });
    }
  }
  terminal.progressDone();
  return { diff: comparison.result(base.name, head.name), base: baseCompiler, head: headCompiler, clusters };
}

/** @throws FindingError where there is no fleet */
export function fleetOf(fleet: Fleet | undefined): Fleet {
  if (fleet !== undefined) return fleet;
  const message = "that side has no halite.yaml: there is no fleet to compare";
  throw new FindingError({ code: "diff-no-fleet", severity: "error", message });
}

/** A fleet without clusters, in the place of one that is not there. */
function emptied(fleet: Fleet | undefined): Fleet {
  return { ...fleetOf(fleet), roster: { clusters: [], findings: [] }, findings: [] };
}

/** Ids of the clusters that a target picks on either side. */
function select(target: string | undefined, ...compilers: readonly FleetCompiler[]): ReadonlySet<string> {
  const found = new Set<string>();
  const refusals: FindingError[] = [];
  for (const compiler of compilers) {
    if (compiler.fleet.roster.clusters.length === 0) continue;
    try {
      for (const { id } of compiler.select(target)) found.add(id);
    } catch (error) {
      if (!(error instanceof FindingError) || error.findings[0].code !== "target-empty") throw error;
      refusals.push(error);
    }
  }
  const [refusal] = refusals;
  if (found.size === 0 && refusal !== undefined) throw refusal;
  return found;
}
