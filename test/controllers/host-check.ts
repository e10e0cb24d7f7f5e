/**
 * Runs in a test's node, in a mount namespace of its own as a pod has: what of the node's namespaces commands reach, and how they end. Prints JSON.
 */
import { HostCommands, NodeCommandError, systemClock, type NodeCommand } from "../../src/controllers/runtime/index.ts";

async function main(): Promise<void> {
  const host = new HostCommands({ clock: systemClock, grace: 1500 });
  const end = async (command: NodeCommand): Promise<unknown> => {
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
      stuck: await end({ tool: "dd", args: ["if=/dev/zero", "of=/dev/mapper/stuck", "bs=4096", "count=1", "oflag=direct"], timeout: 1500 }),
    }),
  );
}

void main();
