import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { clusterId, saltTree, writeFiles, type FleetShape } from "./fleet.ts";
import { measure, times } from "./measure.ts";
import { applySalt, helmCommand, helmThere, saltThere, writeHelm } from "./peers.ts";
import { coldRender, halite, NODE, versionCommand } from "./program.ts";
import { proveEqualToHelm, proveEqualToSalt } from "./prove.ts";
import { heading, remark, row } from "./table.ts";

/** Few clusters, no two alike, so that nothing can be done once for many: what a start and one cluster cost. */
export function measureSmall(work: string): void {
  const [one = "", ten = "", fifty = ""] = [1, 10, 50].map((clusters) => differentClusters(work, clusters));
  const salt = saltThere() ? applySalt(ten, 10) : undefined;
  if (salt !== undefined) {
    proveEqualToSalt(ten, salt.out);
    remark(`proven: files of ${salt.clusters} different clusters equal real Salt's`);
  }
  if (helmThere()) {
    writeHelm(ten, shapeOf(10), 10);
    proveEqualToHelm(ten, 10);
    remark("proven: objects of 10 different clusters equal Helm's");
  }
  heading("Few clusters, all different");
  row("node, an empty program", measure(5, [NODE, "-e", "0"]), "the floor of every start");
  row("halite --version", measure(5, versionCommand()));
  const showLow = halite(one, "show", "low", "--json", "--cluster", clusterId(0));
  row("halite show low, one cluster", measure(5, showLow), "", { wall: 0.25 });
  row("halite render, 1 cluster", coldRender(5, one), "", { cpu: 0.45 });
  row("halite render, 10 different clusters", coldRender(5, ten), "", { cpu: 1.5, peak: 250 });
  row("halite render, 50 different clusters, one thread", coldRender(5, fifty, "--jobs", "1"));
  row("halite render, 50 different clusters, two threads", coldRender(5, fifty, "--jobs", "2"));
  if (salt !== undefined) {
    row("Salt, 1 cluster, no validation", applySalt(one, 1).cost);
    row(`Salt, ${salt.clusters} clusters, no validation`, salt.cost);
  }
  if (helmThere()) {
    row("Helm in one chart, 1 cluster, no validation", measure(5, helmCommand(ten, 0)));
    row("Helm in one chart, 10 clusters, no validation", times(10, measure(3, helmCommand(ten, 1))), "ten times one process");
  }
  for (const folder of [one, ten, fifty]) rmSync(folder, { recursive: true, force: true });
}

function shapeOf(clusters: number): FleetShape {
  return { clusters, variants: clusters };
}

/** A fleet in which every cluster differs from every other. */
function differentClusters(work: string, clusters: number): string {
  const folder = join(work, `different-${clusters}`);
  mkdirSync(folder);
  writeFiles(folder, saltTree(shapeOf(clusters)));
  return folder;
}
