import {
  describeCommand,
  NodeCommandError,
  type NodeCommand,
  type NodeCommands,
  type NodeResult,
} from "../../src/controllers/runtime/index.ts";
import type { StorageNode } from "../node-vm/index.ts";

/** In milliseconds. What a command may take on a node is not what it may take on an emulated one. */
const PATIENCE = 400_000;

/** Commands on a test's node: what `HostCommands` is to a real one, which can't be here. */
export class TestNodeCommands implements NodeCommands {
  readonly #node: Pick<StorageNode, "run">;

  constructor(node: Pick<StorageNode, "run">) {
    this.#node = node;
  }

  /**
   * Commands that each wait until udev has looked at what the ones before have written: it has a device open meanwhile, which LVM reports. For recordings
   * of what is to be the same each time.
   */
  static settled(node: Pick<StorageNode, "run">): TestNodeCommands {
    return new TestNodeCommands({ run: (script, deadline) => node.run(`udevadm settle --timeout=120; ${script}`, deadline) });
  }

  async run(command: NodeCommand): Promise<NodeResult> {
    // Its form is one that a shell reads as the words that they are.
    const words = describeCommand(command);
    const script =
      command.input === undefined ? `exec ${words} </dev/null` : `base64 -d <<<${Buffer.from(command.input).toString("base64")} | ${words}`;
    const result = await this.#node.run(script, Math.max(command.timeout ?? 0, PATIENCE));
    if ((command.accept ?? [0]).includes(result.status)) return result;
    throw new NodeCommandError("failed", command, result, `exit status ${result.status}`);
  }
}
