/**
 * Runs in a test's node, in a mount namespace of its own as a pod has: what of the node's namespaces commands reach, and how they end. Prints JSON.
 */
import { readdirSync, readFileSync } from "node:fs";
import { HostCommands, NodeCommandError, systemClock, type Clock, type NodeCommand } from "../../src/controllers/runtime/index.ts";

/** Whether a dd writes (call 1) and can't be woken (state D of proc(5)): it waits for a device. */
function isStuck(): boolean {
  const of = (pid: string, name: string): string => {
    try {
      return readFileSync(`/proc/${pid}/${name}`, "utf8");
    } catch {
      return "";
    }
  };
  return readdirSync("/proc").some((pid) => /^\d+ \(dd\) D /.test(of(pid, "stat")) && of(pid, "syscall").startsWith("1 0x1 "));
}

/** Each of its times is over when, and as long as, dd is stuck: however slow the node is, it has come as far as that. */
const WHEN_STUCK: Clock = {
  ...systemClock,
  after: (_milliseconds, act) => {
    const timer = setInterval(() => {
      if (!isStuck()) return;
      clearInterval(timer);
      act();
    }, 100);
    return () => clearInterval(timer);
  },
};

async function main(): Promise<void> {
  const end = async (command: NodeCommand, clock = systemClock): Promise<unknown> => {
    const host = new HostCommands({ clock });
    try {
      return (await host.run(command)).stdout.trim();
    } catch (error) {
      if (!(error instanceof NodeCommandError)) throw error;
      return { failure: error.failure, lingers: error.lingers, message: error.message };
    }
  };
  console.log(
    JSON.stringify({
      // A tmpfs that only this namespace has is over /mnt.
      mounted: await end({ tool: "findmnt", args: ["--noheadings", "--output", "FSTYPE", "--mountpoint", "/mnt"], accept: [0, 1] }),
      group: await end({ tool: "vgs", args: ["--noheadings", "-o", "vg_name"] }),
      absent: await end({ tool: "rbd", args: ["ls"] }),
      // The device does not answer: whoever writes to it can't be killed.
      stuck: await end({ tool: "dd", args: ["if=/dev/zero", "of=/dev/mapper/stuck", "bs=4096", "count=1", "oflag=direct"] }, WHEN_STUCK),
    }),
  );
}

void main();
