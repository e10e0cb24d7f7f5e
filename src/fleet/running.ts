import { createHash } from "node:crypto";
import { hostname } from "node:os";

/** A render that has been silent for so long is taken to be over, in milliseconds. */
export const STALE = 60 * 60 * 1000;

const MACHINE = createHash("sha256").update(hostname()).digest("hex").slice(0, 8);

/** This process among all that may use one disk, also from other machines and containers. */
export const PROCESS = `${MACHINE}-${process.pid}`;

/** What `PROCESS` looks like. */
export const PROCESS_NAME = "[0-9a-f]{8}-\\d+";

/** Whether a process can be told to be over: another one, of this machine, that is not there. */
export function isOver(name: string): boolean {
  const [machine, number] = name.split("-");
  return name !== PROCESS && machine === MACHINE && !isRunning(Number(number));
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // A process of another user is none that may be asked.
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}
