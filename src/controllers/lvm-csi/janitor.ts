import type { Log } from "../runtime/index.ts";
import { CsiError } from "../csi/index.ts";
import type { ClusterView } from "./cluster.ts";
import { pathOf } from "./lvm.ts";
import type { OwnedVolume, Volumes } from "./volumes.ts";

/** In seconds: so long nobody is suspected of having forgotten anything. */
const GRACE = 3600;

/** What is to be done about a volume that nobody seems to look after. */
type Verdict = "keep" | "finish-deleting" | "remove-unfinished" | "remove-unclaimed" | "orphan";

/**
 * Looks after what a kill, a reboot or a claim that went too early has left behind. What may hold somebody's data is never removed: it is told of.
 */
export class Janitor {
  readonly #volumes: Volumes;
  readonly #cluster: ClusterView | undefined;
  readonly #log: Log;

  constructor(parts: { readonly volumes: Volumes; readonly cluster: ClusterView | undefined; readonly log: Log }) {
    this.#volumes = parts.volumes;
    this.#cluster = parts.cluster;
    this.#log = parts.log;
  }

  /** One round. @returns the volumes that have data in them and no PersistentVolume */
  async round(): Promise<readonly OwnedVolume[]> {
    const orphans: OwnedVolume[] = [];
    for (const volume of this.#volumes.owned(await this.#volumes.observeVolumes())) {
      try {
        const verdict = await this.#judge(volume);
        if (verdict === "orphan") orphans.push(volume);
        else if (verdict !== "keep") await this.#clear(volume, verdict);
      } catch (error) {
        // Somebody has begun to work on it.
        if (error instanceof CsiError && error.code === "ABORTED") continue;
        this.#log.warn("could not be cleared away", { volume: pathOf(volume), of: volume.ownership.name, error });
      }
    }
    return orphans;
  }

  async #judge(volume: OwnedVolume): Promise<Verdict> {
    const { kind, name, state, used, created, claim } = volume.ownership;
    if (this.#volumes.locks.isHeld(volume.name)) return "keep";
    // Whoever fills a volume from it holds that one.
    if (kind === "temporary") return this.#volumes.locks.isHeld(name) ? "keep" : "remove-unfinished";
    if (state === "deleting") return "finish-deleting";
    if (this.#volumes.now() - created < GRACE) return "keep";
    // Never handed out: whoever still wants it asks again, and gets another.
    if (state === "creating") return "remove-unfinished";
    if (this.#cluster === undefined || kind === "snapshot") return "keep";
    const [namespace = "", of = ""] = claim?.split("/") ?? [];
    if (kind === "ephemeral") return volume.open || of === "" || (await this.#cluster.hasPod(namespace, of)) ? "keep" : "remove-unclaimed";
    if (await this.#cluster.hasVolume(name)) return "keep";
    if (used || volume.open) return "orphan";
    // Made, but its PersistentVolume never was: the provisioner names volumes after the uid of the claim.
    const uid = of === "" ? undefined : await this.#cluster.claim(namespace, of);
    return of === "" || name === `pvc-${uid}` ? "keep" : "remove-unclaimed";
  }

  async #clear(volume: OwnedVolume, verdict: Verdict): Promise<void> {
    this.#log.warn("clears away what nobody looks after", { volume: pathOf(volume), of: volume.ownership.name, verdict });
    const names = volume.ownership.kind === "temporary" ? [volume.name, volume.ownership.name] : [volume.name];
    await this.#volumes.locks.alone(names, async () => {
      const observed = await this.#volumes.observeVolumes();
      const again = await this.#volumes.find({ group: volume.group.uuid, name: volume.name }, observed);
      // It was changed meanwhile: the next round sees.
      if (again === undefined || again.ownership.state !== volume.ownership.state || again.open) return;
      if (verdict === "remove-unfinished") await this.#volumes.removeUnfinished(again, observed);
      else await this.#volumes.destroy(again);
    });
  }
}
