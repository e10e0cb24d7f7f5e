import { createHash } from "node:crypto";
import { jsonLog, Metrics, type Clock, type NodeCommands } from "../../../src/controllers/runtime/index.ts";
import { StorageNode, storageNodeMetrics } from "../../../src/controllers/storage-node/controller.ts";
import { parseFlavor } from "../../../src/controllers/storage-node/flavor.ts";
import { parseSystemConfiguration, type ComputeNode, type SystemConfiguration } from "../../../src/controllers/storage-api/index.ts";
import { MemoryApi } from "../memory-api.ts";

/** Stands still. */
export const STILL: Clock = {
  monotonic: () => 0,
  date: () => new Date("2026-01-01T00:00:00Z"),
  sleep: () => Promise.resolve(),
  after: () => () => undefined,
};

/** storage-node of node `n1` with what it has around it: everything but the node outlives a kill. */
export class Rig {
  readonly api = new MemoryApi();
  readonly events: { readonly reason: string; readonly message: string }[] = [];
  readonly log: string[] = [];
  readonly metrics = new Metrics();
  readonly #counted = storageNodeMetrics(this.metrics);
  readonly #seed: string;
  #uuids = 0;
  /** The system configuration as it lies on the node. */
  text = "";

  constructor(seed = "rig") {
    this.#seed = seed;
  }

  /** One pass of a process that has just begun. */
  async pass(commands: NodeCommands, flavor: unknown, signal = new AbortController().signal): Promise<void> {
    const node = new StorageNode({
      api: this.api,
      node: "n1",
      flavor: parseFlavor("test", JSON.stringify(flavor)),
      commands,
      file: {
        write: (text) => {
          const changed = text !== this.text;
          this.text = text;
          return Promise.resolve(changed);
        },
      },
      newUuid: () => this.#uuid(),
      clock: STILL,
      log: jsonLog({ clock: STILL, write: (line) => this.log.push(line) }),
      events: {
        tell: (_object, { reason, message }) => {
          this.events.push({ reason, message });
          return Promise.resolve();
        },
      },
      metrics: this.#counted,
    });
    await node.reconcile(signal);
  }

  get computeNode(): ComputeNode {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- storage-node wrote it
    return this.api.objects.get("/apis/storage.halite.dev/v1alpha1/computenodes/n1") as ComputeNode;
  }

  get configuration(): SystemConfiguration {
    return parseSystemConfiguration(this.text);
  }

  /** `Provisioned=True DisksAsPlanned=False` */
  get conditions(): string {
    return (this.computeNode.status?.conditions ?? []).map(({ type, status }) => `${type}=${status}`).join(" ");
  }

  /** Role by serial. */
  get roles(): Readonly<Record<string, string | undefined>> {
    return Object.fromEntries((this.computeNode.status?.disks ?? []).map(({ serial, role }) => [serial, role]));
  }

  #uuid(): string {
    const hex = createHash("sha256")
      .update(`${this.#seed} ${++this.#uuids}`)
      .digest("hex");
    return [hex.slice(0, 8), hex.slice(8, 12), `4${hex.slice(13, 16)}`, `8${hex.slice(17, 20)}`, hex.slice(20, 32)].join("-");
  }
}

/** What the tests' node has: NVME0001, SSD0001 and VIRTIO0001. */
export const FLAVOR = {
  disks: {
    fast: {
      match: { transport: "nvme" },
      static: {
        partitions: [{ size: "500Mi" }, { size: "rest" }],
        filesystem: "xfs",
        mount_options: ["noatime"],
        storage_class: "local-nvme",
        labels: { "example.com/rack": "r7" },
      },
    },
    devices: {
      match: { by_id: "virtio-*" },
      static: { partitions: [{ size: "300Mi", count: 2 }], filesystem: "block", storage_class: "local-block" },
    },
    lvm: { match: { model: "FAST*" }, volume_group: { name: "data", thin_pool: "thin", reserve: "100Mi" } },
  },
};
