import type { Log } from "../runtime/index.ts";
import type { ClusterView } from "./cluster.ts";
import { parseMutable } from "./io-limits.ts";
import { pathOf } from "./lvm.ts";
import type { Volumes } from "./volumes.ts";

/**
 * Gives volumes the limits of the VolumeAttributesClass that their PersistentVolume names. ControllerModifyVolume does so at once where it is asked on
 * the volume's own node; the resizer may ask on any.
 */
export class ClassFollower {
  readonly #volumes: Volumes;
  readonly #cluster: ClusterView;
  readonly #log: Log;
  /** The class that was last seen of each volume: only another one is news. */
  readonly #seen = new Map<string, string>();

  constructor(parts: { readonly volumes: Volumes; readonly cluster: ClusterView; readonly log: Log }) {
    this.#volumes = parts.volumes;
    this.#cluster = parts.cluster;
    this.#log = parts.log;
  }

  /** @returns whether limits were changed */
  async follow(): Promise<boolean> {
    let changed = false;
    for (const volume of this.#volumes.owned(await this.#volumes.observeVolumes())) {
      const { kind, state, used, name, limits } = volume.ownership;
      if (kind !== "volume" || state !== "ready" || !used) continue;
      try {
        const found = await this.#cluster.attributesClass(name);
        if (found === undefined || this.#seen.get(name) === found.name) continue;
        const wanted = parseMutable(found.parameters, limits);
        await this.#volumes.locks.alone([volume.name], () => this.#volumes.retag(volume, { limits: wanted }));
        this.#seen.set(name, found.name);
        changed = true;
      } catch (error) {
        this.#log.warn("the volume's class could not be followed", { volume: pathOf(volume), of: name, error });
      }
    }
    return changed;
  }
}
