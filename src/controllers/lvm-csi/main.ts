/** The CSI driver of LVM volumes, one on each node. */
import { jsonLog, Metrics, POD_OPTIONS, runProcess, runProgram, systemClock, type ProgramValues } from "../runtime/index.ts";
import { startDriver } from "./driver.ts";

declare const HALITE_VERSION: string;

const OPTIONS = {
  node: { type: "string", value: "NAME", required: true, about: "the Node's name" },
  socket: { type: "string", value: "PATH", default: "/csi/csi.sock", about: "where CSI is served" },
  port: { type: "number", default: 9810, about: "of /healthz, /readyz and /metrics; 0: one that is free" },
  account: POD_OPTIONS.account,
  "without-cluster": { type: "boolean", about: "nothing is read from or written to an API server: for trying it out" },
} as const;

async function main(values: ProgramValues<typeof OPTIONS>): Promise<number> {
  const { node, port } = values;
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
  return runProcess({
    process,
    clock: systemClock,
    log,
    metrics,
    port,
    live: driver.live,
    ready: driver.ready,
    hurry: driver.hurry,
    work: driver.work,
  });
}

const PROGRAM = {
  name: "lvm-csi",
  about: "the CSI driver of LVM volumes, one on each node",
  options: OPTIONS,
} as const;

void runProgram(PROGRAM, process, main);
