/**
 * The CSI driver of LVM volumes, one on each node. Arguments:
 *
 * --node=NAME          the Node's name
 * --socket=PATH        where CSI is served
 * --port=NUMBER        of /healthz, /readyz and /metrics (default 9810; 0: one that is free)
 * --account=FOLDER     of the ServiceAccount, where it is not a pod's
 * --without-cluster    nothing is read from or written to an API server: for trying it out
 */
import { parseArgs } from "node:util";
import { jsonLog, Metrics, runProcess, runProgram, systemClock, UsageError } from "../runtime/index.ts";
import { startDriver } from "./driver.ts";

declare const HALITE_VERSION: string;

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      node: { type: "string" },
      socket: { type: "string", default: "/csi/csi.sock" },
      port: { type: "string", default: "9810" },
      account: { type: "string" },
      "without-cluster": { type: "boolean", default: false },
    },
  });
  const node = values.node ?? "";
  const port = Number(values.port);
  if (node === "" || !Number.isInteger(port)) throw new UsageError("--node is missing, or --port is no number");
  const log = jsonLog({ clock: systemClock, write: (line) => process.stdout.write(line) });
  const metrics = new Metrics();
  const driver = startDriver({
    node,
    socket: values.socket,
    version: HALITE_VERSION,
    clock: systemClock,
    log,
    metrics,
    environment: values["without-cluster"] ? undefined : process.env,
    account: values.account,
  });
  return runProcess({ process, clock: systemClock, log, metrics, port, live: driver.live, ready: driver.ready, work: driver.work });
}

void runProgram("lvm-csi", process, main);
