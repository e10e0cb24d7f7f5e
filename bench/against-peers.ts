import { rmSync } from "node:fs";
import { fleetName, hostileFleet } from "./scale.ts";
import { measure, times } from "./measure.ts";
import { applySalt, helmCommands, helmThere, saltThere, writeHelm } from "./peers.ts";
import { coldRender } from "./program.ts";
import { proveEqualToHelm, proveEqualToSalt } from "./prove.ts";
import { heading, remark, row } from "./table.ts";

const VARIANTS = 20;
const CLUSTERS = 200;
/** Helm's cost of a cluster is the mean of so many: one process each, all alike. */
const HELM_CLUSTERS = 20;

/** What the same hostile fleet costs with Salt and with Helm, which keep nothing from one cluster to the next. */
export function measureAgainstPeers(work: string, most: number): void {
  const shape = { clusters: Math.min(CLUSTERS, most), variants: VARIANTS, hostile: true };
  const folder = hostileFleet(work, shape);
  const salt = saltThere() ? applySalt(folder, shape.clusters) : undefined;
  if (salt !== undefined) {
    proveEqualToSalt(folder, salt.out);
    remark(`\nproven: files of the first ${salt.clusters} hostile clusters equal real Salt's`);
  }
  const helmClusters = Math.min(HELM_CLUSTERS, shape.clusters);
  if (helmThere()) {
    writeHelm(folder, shape, helmClusters);
    proveEqualToHelm(folder, helmClusters);
    remark(`proven: objects of the first ${helmClusters} hostile clusters equal Helm's`);
  }
  heading(`Peers, hostile fleet, ${fleetName(shape)}`);
  const name = `${shape.clusters} clusters`;
  row(`Halite, ${name}, cold, with validation`, coldRender(3, folder));
  if (salt !== undefined)
    row(...extrapolated(`Salt, ${name}`, shape.clusters, salt.clusters, salt.cost), "as a library, one process; no validation");
  if (helmThere()) {
    const cost = measure(3, helmCommands(folder, helmClusters));
    row(...extrapolated(`Helm in one chart, ${name}`, shape.clusters, helmClusters, cost), "a process for each cluster; no validation");
  }
  rmSync(folder, { recursive: true, force: true });
}

/** The cost of all clusters from that of some, and a name that says so. */
function extrapolated(what: string, all: number, some: number, cost: Parameters<typeof times>[1]): [string, ReturnType<typeof times>] {
  return some === all ? [what, cost] : [`${what}, extrapolated from ${some}`, times(all / some, cost)];
}
