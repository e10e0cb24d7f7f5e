import { textAt } from "../../../src/kubernetes/index.ts";
import { jsonLog, Metrics, type NodeCommands } from "../../../src/controllers/runtime/index.ts";
import { parseConfig } from "../../../src/controllers/local-volume-provisioner/config.ts";
import { LocalVolumeProvisioner, provisionerMetrics } from "../../../src/controllers/local-volume-provisioner/controller.ts";
import type { PersistentVolume } from "../../../src/controllers/local-volume-provisioner/persistent-volume.ts";
import type { SystemConfiguration } from "../../../src/controllers/storage-api/index.ts";
import { MemoryApi } from "../memory-api.ts";
import { STILL } from "../storage-node/rig.ts";

/** What a volume was after each step of its life. */
export interface Life {
  readonly name: string;
  readonly capacity: string;
  readonly path: string;
  readonly events: readonly string[];
}

/**
 * A volume's life on a node: made, claimed, written to by `write`, released, cleaned, made again.
 *
 * @param system of one partition, so that commands are in one order
 */
export async function live(
  commands: NodeCommands,
  system: SystemConfiguration,
  policy: string,
  write: (path: string) => Promise<void>,
): Promise<Life> {
  const api = new MemoryApi();
  const events: string[] = [];
  const [partition] = system.partitions;
  if (partition === undefined) throw new Error("no partition");
  const volumes = (): readonly PersistentVolume[] =>
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the provisioner wrote them
    api.list("/api/v1/persistentvolumes") as readonly PersistentVolume[];
  const provisioner = new LocalVolumeProvisioner({
    api,
    node: { name: "n1", uid: "node-1", hostname: "n1", cluster: "cluster-1" },
    config: parseConfig(JSON.stringify({ classes: { [partition.storageClass]: { clean: policy, reclaim: "Delete" } }, erase: [] })),
    configuration: () => Promise.resolve(system),
    volumes,
    commands,
    clock: STILL,
    log: jsonLog({ clock: STILL, write: () => undefined }),
    events: {
      tell: (_object, { reason, message }) => {
        events.push(reason === "VolumeCleanFailed" ? `${reason}: ${message}` : reason);
        return Promise.resolve();
      },
    },
    metrics: provisionerMetrics(new Metrics()),
    changed: () => undefined,
  });
  const passes = async (holds: () => boolean): Promise<void> => {
    for (let count = 0; count < 5 && !holds(); count++) {
      await provisioner.pass();
      await provisioner.idle();
    }
    if (!holds()) throw new Error(`it has not come to it: ${events.join(", ")}`);
  };
  const found = (): PersistentVolume | undefined => volumes()[0];
  await passes(() => found() !== undefined);
  const first = found();
  const path = textAt(first, "spec", "local", "path") ?? "";
  await write(path);
  if (first !== undefined)
    api.put(`/api/v1/persistentvolumes/${first.metadata.name}`, {
      ...first,
      spec: { ...first.spec, claimRef: { namespace: "default", name: "one", uid: "uid-one" } },
      status: { phase: "Released" },
    });
  await passes(() => found() !== undefined && found()?.metadata.uid !== first?.metadata.uid);
  return { name: found()?.metadata.name ?? "", capacity: found()?.spec?.capacity?.storage ?? "", path, events };
}
