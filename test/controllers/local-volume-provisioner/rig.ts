import { jsonLog, Metrics } from "../../../src/controllers/runtime/index.ts";
import { parseConfig } from "../../../src/controllers/local-volume-provisioner/config.ts";
import { LocalVolumeProvisioner, provisionerMetrics } from "../../../src/controllers/local-volume-provisioner/controller.ts";
import type { PersistentVolume } from "../../../src/controllers/local-volume-provisioner/persistent-volume.ts";
import { parseSystemConfiguration, parseVolumeRecord, type VolumeRecord } from "../../../src/controllers/storage-api/index.ts";
import { Killed, ModelNode, type ModelPartition } from "../model-node.ts";
import { Rig, STILL } from "../storage-node/rig.ts";

const VOLUMES = "/api/v1/persistentvolumes";

export const LOCAL_FLAVOR = {
  disks: {
    files: { match: { transport: "nvme" }, static: { partitions: [{ size: "500Mi" }, { size: "rest" }], storage_class: "local" } },
    devices: { match: { transport: "sata" }, static: { filesystem: "block", storage_class: "local-block" } },
  },
};

/** A node with disks F1 (two file systems) and B1 (a block volume), its storage-node and its provisioner, in a cluster in memory. */
export class LocalRig {
  readonly node = new ModelNode();
  readonly storage: Rig;
  readonly events: { readonly about: string; readonly reason: string; readonly message: string }[] = [];
  cluster = "cluster-1";
  uid = "node-1";
  policies: { local: string; block: string; reclaim: string } = { local: "clear", block: "clear", reclaim: "Delete" };
  erase: readonly string[] = [];
  /** By their uids: what this node's provisioner does not know of. */
  readonly hidden = new Set<string>();
  readonly metrics = new Metrics();
  readonly #counted = provisionerMetrics(this.metrics);
  #provisioner: LocalVolumeProvisioner | undefined;

  constructor(seed = "local") {
    this.storage = new Rig(seed);
    this.node.addDisk("F1");
    this.node.addDisk("B1", { transport: "sata", rotational: true });
    this.storage.api.guard = () => {
      if (this.node.killed) throw new Killed();
    };
  }

  /** A node whose disks are made and given out. */
  static async ready(policies: Partial<LocalRig["policies"]> = {}): Promise<LocalRig> {
    const rig = new LocalRig();
    Object.assign(rig.policies, policies);
    await rig.prepare();
    await rig.settle();
    rig.node.changes.length = 0;
    rig.events.length = 0;
    return rig;
  }

  /** A pass of storage-node. */
  async prepare(): Promise<void> {
    await this.storage.pass(this.node, LOCAL_FLAVOR);
  }

  /** A pass of the provisioner, and until what it has begun is over. */
  async pass(): Promise<void> {
    this.#provisioner ??= this.#begin();
    await this.#provisioner.pass();
    await this.#provisioner.idle();
  }

  /** Passes until nothing is left to be done. */
  async settle(): Promise<void> {
    for (let count = 0; count < 6; count++) await this.pass();
  }

  /** The process has ended, and another one begins with the next pass. */
  restart(): void {
    this.node.killed = false;
    this.node.killAfter = undefined;
    this.#provisioner = undefined;
  }

  get volumes(): readonly PersistentVolume[] {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the provisioner wrote them
    return this.storage.api.list(VOLUMES) as readonly PersistentVolume[];
  }

  volume(name: string): PersistentVolume | undefined {
    return this.volumes.find(({ metadata }) => metadata.name === name);
  }

  /** Those of a class, by name. */
  named(storageClass: string): readonly string[] {
    return this.volumes
      .filter(({ spec }) => spec?.["storageClassName"] === storageClass)
      .map(({ metadata }) => metadata.name)
      .sort();
  }

  partition(name: string): ModelPartition {
    const found = this.node.disks.flatMap(({ table }) => table ?? []).find(({ uuid }) => `local-${uuid}` === name);
    if (found === undefined) throw new Error(`no partition of ${name}`);
    return found;
  }

  record(name: string): VolumeRecord | undefined {
    const { uuid, number } = this.partition(name);
    const records = this.node.disks.find(({ table }) => table?.some((each) => each.uuid === uuid))?.table?.[0];
    return parseVolumeRecord(records?.contents.blocks.get(number) ?? "", uuid);
  }

  /** A claim gets the volume, and its pod writes to it. */
  bind(name: string, claim: string): void {
    const volume = this.volume(name);
    if (volume === undefined) throw new Error(`no volume ${name}`);
    const claimRef = { namespace: "default", name: claim, uid: `uid-${claim}` };
    this.put({ ...volume, spec: { ...volume.spec, claimRef }, status: { phase: "Bound" } });
    this.partition(name).contents.data.add(claim);
    this.partition(name).contents.files.add(`data/${claim}`);
  }

  /** The claim is deleted. */
  unbind(name: string): void {
    const volume = this.volume(name);
    if (volume !== undefined) this.put({ ...volume, status: { phase: "Released" } });
  }

  deleteVolume(name: string): void {
    this.storage.api.objects.delete(`${VOLUMES}/${name}`);
  }

  put(volume: PersistentVolume): void {
    this.storage.api.put(`${VOLUMES}/${volume.metadata.name}`, volume);
  }

  annotate(name: string, annotations: Readonly<Record<string, string>>): void {
    const volume = this.volume(name);
    if (volume !== undefined)
      this.put({ ...volume, metadata: { ...volume.metadata, annotations: { ...volume.metadata.annotations, ...annotations } } });
  }

  /** `files1=available …`: what each volume is, for short. */
  get phases(): Readonly<Record<string, string>> {
    return Object.fromEntries(
      this.volumes.map(({ metadata, spec, status }) => [
        metadata.name,
        spec?.claimRef === undefined
          ? "free"
          : spec.claimRef.namespace === "halite-quarantine"
            ? "quarantined"
            : (status?.phase ?? "claimed"),
      ]),
    );
  }

  get reasons(): readonly string[] {
    return this.events.map(({ reason }) => reason);
  }

  #begin(): LocalVolumeProvisioner {
    const { local, block, reclaim } = this.policies;
    return new LocalVolumeProvisioner({
      api: this.storage.api,
      node: { name: "n1", uid: this.uid, hostname: "n1.example.net", cluster: this.cluster },
      config: parseConfig(
        JSON.stringify({ classes: { local: { clean: local, reclaim }, "local-block": { clean: block, reclaim } }, erase: this.erase }),
      ),
      configuration: () => Promise.resolve(this.storage.text === "" ? undefined : parseSystemConfiguration(this.storage.text)),
      volumes: () => this.volumes.filter(({ metadata }) => !this.hidden.has(metadata.uid ?? "")),
      commands: this.node,
      clock: STILL,
      log: jsonLog({ clock: STILL, write: () => undefined }),
      events: {
        tell: (object, { reason, message }) => {
          this.events.push({ about: object.metadata.name, reason, message });
          return Promise.resolve();
        },
      },
      metrics: this.#counted,
      changed: () => undefined,
    });
  }
}
