import type { Log, NodeCommands } from "../runtime/index.ts";
import { hasLimits, ioMax, podCgroups } from "./io-limits.ts";
import { mountsOf, mountsOfDevice, podOf } from "./mounts.ts";
import type { NodeFiles } from "./node-files.ts";
import type { Volumes } from "./volumes.ts";

const CGROUPS = "/sys/fs/cgroup";

/**
 * Sets the limits of volumes in the cgroups of the pods that have them. Which pods those are the node's mounts say, which limits the volumes' tags:
 * it can begin anew at any time, and whatever it finds otherwise it sets right.
 */
export class LimitsKeeper {
  readonly #volumes: Volumes;
  readonly #commands: NodeCommands;
  readonly #files: NodeFiles;
  readonly #log: Log;
  #last: Promise<unknown> = Promise.resolve();

  constructor(parts: { readonly volumes: Volumes; readonly commands: NodeCommands; readonly files: NodeFiles; readonly log: Log }) {
    this.#volumes = parts.volumes;
    this.#commands = parts.commands;
    this.#files = parts.files;
    this.#log = parts.log;
  }

  /**
   * One at a time: else who has looked before a volume's limits were changed would set the old ones after the new ones.
   *
   * @returns how many pods wait for it, as they have no cgroup yet
   */
  keep(): Promise<number> {
    const kept = this.#last.then(() => this.#keep());
    this.#last = kept.catch(() => undefined);
    return kept;
  }

  async #keep(): Promise<number> {
    const mounts = await mountsOf(this.#files);
    let waiting = 0;
    for (const { device, ownership, name } of this.#volumes.owned(await this.#volumes.observeVolumes())) {
      if (device === undefined || ownership.kind === "snapshot") continue;
      for (const uid of new Set(mountsOfDevice(mounts, device).flatMap((mount) => podOf(mount) ?? []))) {
        const path = await this.#cgroupOf(uid);
        if (path === undefined) waiting += Object.keys(ownership.limits).length > 0 ? 1 : 0;
        else await this.#set(path, device, ownership.limits, name);
      }
    }
    return waiting;
  }

  async #cgroupOf(uid: string): Promise<string | undefined> {
    for (const each of podCgroups(uid)) {
      const path = `${CGROUPS}/${each}/io.max`;
      if ((await this.#files.kind(path)) !== undefined) return path;
    }
    return undefined;
  }

  async #set(path: string, device: string, limits: Parameters<typeof ioMax>[1], name: string): Promise<void> {
    const text = await this.#files.read(path);
    // The pod has ended meanwhile.
    if (text === undefined || hasLimits(text, device, limits)) return;
    const line = ioMax(device, limits);
    try {
      await this.#commands.run({ tool: "dd", args: [`of=${path}`, "conv=notrunc", "status=none"], input: `${line}\n` });
      this.#log.info("limits are set", { volume: name, line, path });
    } catch (error) {
      this.#log.warn("limits could not be set", { volume: name, line, path, error });
    }
  }
}
