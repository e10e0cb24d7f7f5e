import {
  NodeCommandError,
  Resource,
  statusOf,
  type Api,
  type Clock,
  type EventRecorder,
  type Log,
  type Metrics,
  type NodeCommands,
  type ObjectEvent,
} from "../runtime/index.ts";
import {
  ANNOTATIONS,
  COMPUTE_NODES,
  EVENTS,
  filesystemPrograms,
  writeRecordCommand,
  type ComputeNode,
  type SystemConfiguration,
  type VolumeRecord,
} from "../storage-api/index.ts";
import { clean, cleanCommands, dataFolder } from "./clean.ts";
import type { ProvisionerConfig, VolumeClass } from "./config.ts";
import { decide, decideUnconfigured, partitionOf, type Circumstances, type Decision, type VolumeState } from "./decide.ts";
import { look, mountedSize, type ObservedVolume } from "./look.ts";
import {
  PERSISTENT_VOLUMES,
  persistentVolume,
  phaseOf,
  volumeName,
  withQuarantine,
  type NodeIdentity,
  type PersistentVolume,
} from "./persistent-volume.ts";

export interface ProvisionerOptions {
  readonly api: Api;
  readonly node: NodeIdentity;
  readonly config: ProvisionerConfig;
  /** The node's system configuration; `undefined` while there is none. @throws SystemConfigurationError */
  readonly configuration: () => Promise<SystemConfiguration | undefined>;
  /** PersistentVolumes of this node, as far as they are known. */
  readonly volumes: () => readonly PersistentVolume[];
  readonly commands: NodeCommands;
  readonly clock: Clock;
  readonly log: Log;
  readonly events: Pick<EventRecorder, "tell">;
  readonly metrics: ProvisionerMetrics;
  /** Is called when a volume was cleaned, or could not be. */
  readonly changed: () => void;
}

export type ProvisionerMetrics = ReturnType<typeof provisionerMetrics>;

const STATES: readonly VolumeState[] = ["available", "bound", "released", "cleaning", "quarantined", "refused", "lost", "waiting"];

export function provisionerMetrics(metrics: Metrics) {
  return {
    volumes: metrics.gauge("halite_local_volumes", "Volumes of the node by state.", ["state"]),
    cleaning: metrics.histogram(
      "halite_local_volume_clean_seconds",
      "How long cleaning a volume took.",
      [1, 10, 60, 600, 3600, 21_600, 86_400],
      ["policy", "result"],
    ),
    success: metrics.gauge("halite_local_volume_last_success_timestamp_seconds", "When all volumes were last looked at."),
  };
}

/** So many volumes of a node are cleaned at a time, each on another disk. */
const MOST_JOBS = 4;

/** Makes a PersistentVolume of each partition that is to be one, and cleans those whose claims are gone. */
export class LocalVolumeProvisioner {
  readonly #options: ProvisionerOptions;
  readonly #persistentVolumes: Resource<PersistentVolume>;
  /** Volumes that are being cleaned, by partition, with the disk's serial. What is under way is on the disk too: a kill loses nothing. */
  readonly #jobs = new Map<string, { readonly serial: string; readonly done: Promise<void> }>();
  /** Of which cleaning has ended since the last look: what was seen of them is from before. */
  readonly #ended = new Set<string>();
  #told = new Set<string>();

  constructor(options: ProvisionerOptions) {
    this.#options = options;
    this.#persistentVolumes = new Resource<PersistentVolume>(options.api, PERSISTENT_VOLUMES);
  }

  /** Once nothing is being cleaned. */
  async idle(): Promise<void> {
    await Promise.all([...this.#jobs.values()].map(({ done }) => done));
  }

  /**
   * One pass over all volumes. One that fails is no other's failure.
   *
   * @throws where the node or the cluster can't be asked; and an Error that names the volumes that failed, after all others are done
   */
  async pass(): Promise<void> {
    const { configuration, commands, log, metrics, clock, volumes } = this.#options;
    const system = await configuration();
    if (system === undefined) return;
    const known = volumes();
    const circumstances = await this.#circumstances();
    this.#ended.clear();
    const observed = await look(commands, system.partitions);
    const states: VolumeState[] = [];
    const failures: string[] = [];
    const told = new Set<string>();
    const work: readonly {
      readonly name: string;
      readonly about: PersistentVolume | undefined;
      readonly decide: () => Decision;
      readonly uuid?: string;
    }[] = [
      ...observed.map((volume) => {
        const existing = known.find(({ metadata }) => metadata.name === volumeName(volume.partition.uuid));
        const { uuid } = volume.partition;
        return { name: volumeName(uuid), about: existing, uuid, decide: () => decide(volume, existing, circumstances) };
      }),
      ...known
        .filter(
          (each) => partitionOf(each, system) === undefined && each.metadata.annotations?.["pv.kubernetes.io/provisioned-by"] !== undefined,
        )
        .map((each) => ({ name: each.metadata.name, about: each, decide: () => decideUnconfigured(each) })),
    ];
    for (const { name, about, decide: decision, uuid } of work) {
      if (uuid !== undefined && (this.#jobs.has(uuid) || this.#ended.has(uuid))) {
        states.push("cleaning");
        continue;
      }
      try {
        states.push(await this.#carryOut(decision(), system, about, name, told));
      } catch (error) {
        // Somebody else was faster: the next look will show.
        if (statusOf(error) === 409) log.info("a volume was changed meanwhile", { volume: name, error: String(error) });
        else {
          failures.push(`${name}: ${error instanceof Error ? error.message : String(error)}`);
          log.error("a volume has failed", { volume: name, error });
        }
        states.push("waiting");
      }
    }
    this.#told = told;
    for (const state of STATES) metrics.volumes.set({ state }, states.filter((each) => each === state).length);
    if (failures.length > 0) throw new Error(failures.join("; "));
    metrics.success.set(clock.date().getTime() / 1000);
  }

  async #circumstances(): Promise<Circumstances> {
    const { api, node, config } = this.#options;
    const computeNode = await new Resource<ComputeNode>(api, COMPUTE_NODES).find(node.name);
    const failing = new Set((computeNode?.status?.disks ?? []).flatMap(({ serial, health }) => (health === "Failing" ? [serial] : [])));
    return { node, config, failing };
  }

  async #carryOut(
    decision: Decision,
    system: SystemConfiguration,
    about: PersistentVolume | undefined,
    name: string,
    told: Set<string>,
  ): Promise<VolumeState> {
    const { node, log } = this.#options;
    switch (decision.action) {
      case "none": {
        const { warning, state } = decision;
        if (warning !== undefined) {
          const reason =
            state === "released" || warning.startsWith("it can't be cleaned")
              ? EVENTS.volumeCleanFailed
              : state === "quarantined"
                ? EVENTS.volumeQuarantined
                : EVENTS.volumeNotMounted;
          const key = `${name} ${warning}`;
          told.add(key);
          if (!this.#told.has(key)) {
            log.warn(warning, { volume: name, state });
            await this.#tell(about, { type: "Warning", reason, message: about === undefined ? `${name}: ${warning}` : warning });
          }
        }
        return state;
      }
      case "create":
        return this.#create(decision.volume, decision.class, system);
      case "clean":
        return this.#clean(decision.volume, decision.class, decision.existing);
      case "delete":
        await this.#delete(decision.existing);
        return "waiting";
      case "quarantine": {
        await this.#persistentVolumes.update(withQuarantine(decision.existing, decision.reason));
        await this.#tell(decision.existing, { type: "Warning", reason: EVENTS.volumeQuarantined, message: decision.message });
        return "quarantined";
      }
      case "release":
        await this.#persistentVolumes.update(withQuarantine(decision.existing, undefined));
        await this.#tell(decision.existing, {
          type: "Normal",
          reason: EVENTS.volumeReleasedFromQuarantine,
          message: "claims may have it again",
        });
        return "available";
      case "record":
        await this.#record(decision.volume, { state: "used", volume: decision.existing.metadata.name });
        return phaseOf(decision.existing) === "claimed" ? "bound" : "available";
      default: {
        const { metadata } = decision.existing;
        const annotations = { ...metadata.annotations, [ANNOTATIONS.nodeUid]: node.uid };
        await this.#persistentVolumes.update({ ...decision.existing, metadata: { ...metadata, annotations } });
        return phaseOf(decision.existing) === "claimed" ? "bound" : "available";
      }
    }
  }

  /** The disk says first that it is given out; so whoever is killed before the volume is made leaves one that is cleaned, not one that is given twice. */
  async #create(volume: ObservedVolume, settings: VolumeClass, system: SystemConfiguration): Promise<VolumeState> {
    const { commands, node } = this.#options;
    const { partition } = volume;
    for (const command of dataFolder(partition)) await commands.run(command);
    // Asked after the folder was made: it is in the file system, or nothing is given out.
    const size = partition.filesystem === undefined ? volume.size : await mountedSize(commands, partition.filesystem.mountPath);
    const wanted = persistentVolume(partition, size, system.flavor, node, settings);
    const { name } = wanted.metadata;
    if ((await this.#live(name)) !== undefined) return this.#elsewhere(name);
    await this.#record(volume, { state: "used", volume: name });
    try {
      const made = await this.#persistentVolumes.create(wanted);
      await this.#tell(made, { type: "Normal", reason: EVENTS.volumeDiscovered, message: `${partition.disk.byId}, ${size} bytes` });
    } catch (error) {
      if (statusOf(error) === 409) return this.#elsewhere(name);
      throw error;
    }
    return "available";
  }

  /** There is one of this name that is not known as this node's: it is another node's, or came a moment ago. */
  async #elsewhere(name: string): Promise<VolumeState> {
    const { log } = this.#options;
    log.warn("there is a volume of this name already; nothing is made until it is gone", { volume: name });
    return "refused";
  }

  /** Begins to clean a volume, unless as many are being cleaned as may be. */
  async #clean(volume: ObservedVolume, settings: VolumeClass, existing: PersistentVolume | undefined): Promise<VolumeState> {
    const { serial } = volume.partition.disk;
    const { uuid } = volume.partition;
    if (this.#jobs.size >= MOST_JOBS || [...this.#jobs.values()].some((job) => job.serial === serial)) return "released";
    // What is known may be old; what is erased is gone.
    const live = await this.#live(volumeName(uuid));
    if (live === undefined ? existing !== undefined : phaseOf(live) !== "released" || live.metadata.uid !== existing?.metadata.uid)
      return "waiting";
    const done = this.#cleanNow(volume, settings, live).finally(() => {
      this.#jobs.delete(uuid);
      this.#ended.add(uuid);
      this.#options.changed();
    });
    this.#jobs.set(uuid, { serial, done });
    return "cleaning";
  }

  async #cleanNow(volume: ObservedVolume, { clean: policy }: VolumeClass, existing: PersistentVolume | undefined): Promise<void> {
    const { commands, clock, log, metrics } = this.#options;
    const name = volumeName(volume.partition.uuid);
    const begun = clock.monotonic();
    const seconds = (): number => (clock.monotonic() - begun) / 1000;
    try {
      log.info("cleaning", { volume: name, policy });
      await this.#tell(existing, { type: "Normal", reason: EVENTS.volumeCleaning, message: `${name}: ${policy}` });
      await this.#record(volume, { state: "erasing", volume: name });
      await clean(commands, cleanCommands(volume.partition, policy, volume.mounted, await filesystemPrograms(commands)));
      await this.#record(volume, { state: "clean", volume: name });
      metrics.cleaning.observe({ policy, result: "done" }, seconds());
      log.info("cleaned", { volume: name, policy });
      await this.#tell(existing, { type: "Normal", reason: EVENTS.volumeCleaned, message: `${name}: ${policy}` });
    } catch (error) {
      metrics.cleaning.observe({ policy, result: "failed" }, seconds());
      log.error("cleaning has failed", { volume: name, policy, error });
      const words = error instanceof NodeCommandError ? error.message : String(error);
      await this.#tell(existing, { type: "Warning", reason: EVENTS.volumeCleanFailed, message: `${name}: ${words}` });
    }
  }

  async #delete(existing: PersistentVolume): Promise<void> {
    const live = await this.#live(existing.metadata.name);
    // Somebody may have given it to a claim again meanwhile.
    if (live !== undefined && phaseOf(live) === "released" && live.metadata.uid === existing.metadata.uid)
      await this.#persistentVolumes.delete(live);
  }

  #live(name: string): Promise<PersistentVolume | undefined> {
    return this.#persistentVolumes.find(name);
  }

  async #record({ partition }: ObservedVolume, record: Pick<VolumeRecord, "state" | "volume">): Promise<void> {
    const { commands, node } = this.#options;
    await commands.run(writeRecordCommand(partition.record, { partition: partition.uuid, cluster: node.cluster, ...record }));
  }

  /** At the volume; of one that is not made at the ComputeNode. */
  async #tell(about: PersistentVolume | undefined, event: ObjectEvent): Promise<void> {
    const { events, node } = this.#options;
    const computeNode: ComputeNode = { apiVersion: "storage.halite.dev/v1alpha1", kind: "ComputeNode", metadata: { name: node.name } };
    await events.tell(about ?? computeNode, event);
  }
}
