/**
 * `npm run bench`: Halite against real Salt and Helm on the same generated fleets, in one run.
 *
 * Results are proven equal first. Whole processes are measured, start included: wall and CPU seconds and peak memory, medians of
 * several runs. A peer that is absent is left out and named. Needs Python 3 for the measuring itself.
 *
 * `npm run bench -- --only small` (or fleet, peers, publish, scheduler, cluster; may be repeated), `npm run bench -- --max-clusters 1000`
 */
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { measureAgainstPeers } from "./against-peers.ts";
import { measureCluster } from "./cluster.ts";
import { absentPeers } from "./peers.ts";
import { measurePublish } from "./publish.ts";
import { measureScale } from "./scale.ts";
import { measureScheduler } from "./scheduler.ts";
import { measureSmall } from "./small.ts";
import { remark } from "./table.ts";

const PARTS: Readonly<Record<string, (work: string, most: number) => void | Promise<void>>> = {
  small: measureSmall,
  fleet: measureScale,
  peers: measureAgainstPeers,
  publish: measurePublish,
  scheduler: measureScheduler,
  cluster: measureCluster,
};

const { values } = parseArgs({ options: { only: { type: "string", multiple: true }, "max-clusters": { type: "string" } } });
const parts = values.only ?? Object.keys(PARTS);
const most = Number(values["max-clusters"] ?? "10000");
const unknown = parts.find((part) => PARTS[part] === undefined);
if (unknown !== undefined || !Number.isInteger(most) || most < 1) {
  console.error(`usage: npm run bench -- [--only ${Object.keys(PARTS).join("|")}]… [--max-clusters N]`);
  process.exit(2);
}

// On tmpfs where there is one: creating files on a disk varies eightfold.
const shm = "/dev/shm";
const work = mkdtempSync(join(existsSync(shm) ? shm : tmpdir(), "halite-bench-"));
// A signal ends what is being measured; its failure then ends this program below. Without a handler the folder would stay.
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => undefined);
try {
  remark(`Node ${process.versions.node}, ${cpus().length} cores, ${cpus()[0]?.model ?? ""}; medians of whole processes`);
  for (const part of parts) await PARTS[part]?.(work, most);
  const absent = absentPeers();
  if (absent.length > 0) remark(`\nabsent: ${absent.join(", ")}`);
} finally {
  rmSync(work, { recursive: true, force: true });
}
