import { CsiError, type Handlers, type RequestOf, type ResponseOf, type VolumeCapability } from "../csi/index.ts";
import type { Log } from "../runtime/index.ts";
import { wanted } from "./capabilities.ts";
import { usableGroups } from "./capacity.ts";
import { grow } from "./controller-service.ts";
import { createEphemeral, deleteEphemeral, findEphemeral } from "./ephemeral.ts";
import type { Filesystems } from "./filesystem.ts";
import { formatHandle, parseHandle, requireId } from "./identity.ts";
import { pathOf } from "./lvm.ts";
import { isOf, minorOf, mountAt, mountsOf, mountsOfDevice, type Mount } from "./mounts.ts";
import type { NodeFiles } from "./node-files.ts";
import { stageFilesystem } from "./staging.ts";
import { volumeStats } from "./stats.ts";
import { nodeTopology } from "./topology.ts";
import type { OwnedVolume, Volumes } from "./volumes.ts";

const CAPABILITIES = ["STAGE_UNSTAGE_VOLUME", "GET_VOLUME_STATS", "EXPAND_VOLUME", "VOLUME_CONDITION", "SINGLE_NODE_MULTI_WRITER"] as const;

export interface NodeServiceOptions {
  readonly volumes: Volumes;
  readonly filesystems: Filesystems;
  readonly files: NodeFiles;
  readonly log: Log;
  /** Is told when a pod has got a volume: its limits are to be set. */
  readonly published: () => Promise<void>;
  /** Is told which volume groups the kubelet was told of. */
  readonly registered: (groups: readonly string[]) => void;
}

/** CSI's node service. What is staged and published is what the node's mounts say; nothing is kept. */
export class NodeService {
  readonly #options: NodeServiceOptions;

  constructor(options: NodeServiceOptions) {
    this.#options = options;
  }

  get handlers(): Handlers<"Node"> {
    return {
      NodeStageVolume: (request) => this.#stage(request),
      NodeUnstageVolume: (request) => this.#unstage(request),
      NodePublishVolume: (request) => this.#publish(request),
      NodeUnpublishVolume: (request) => this.#unpublish(request),
      NodeGetVolumeStats: (request) => this.#stats(request),
      NodeExpandVolume: (request) => this.#expand(request),
      NodeGetCapabilities: () => Promise.resolve({ capabilities: CAPABILITIES.map((type) => ({ rpc: { type } })) }),
      NodeGetInfo: () => this.#info(),
    };
  }

  async #stage(request: RequestOf<"Node", "NodeStageVolume">): Promise<object> {
    const id = requireId(request.volumeId);
    const target = await this.#path(request.stagingTargetPath, "staging_target_path");
    const asked = wanted([requireCapability(request.volumeCapability)]);
    const { volumes, filesystems, files } = this.#options;
    await volumes.locks.alone([lockOf(id)], async () => {
      const volume = await this.#ready(id, asked.mode);
      if (asked.mode === "Filesystem") return stageFilesystem({ volumes, filesystems, files }, volume, target, asked);
      await volumes.lvm.device(volume);
      if (!volume.ownership.used) await volumes.retag(volume, { used: true });
    });
    return {};
  }

  async #unstage(request: RequestOf<"Node", "NodeUnstageVolume">): Promise<object> {
    const id = requireId(request.volumeId);
    const target = await this.#path(request.stagingTargetPath, "staging_target_path");
    const { volumes, files, filesystems } = this.#options;
    await volumes.locks.alone([lockOf(id)], async () => {
      // Whatever lies there: nobody but this driver mounts at its staging paths.
      while (mountAt(await mountsOf(files), target) !== undefined) await filesystems.unmount(target);
    });
    return {};
  }

  async #publish(request: RequestOf<"Node", "NodePublishVolume">): Promise<object> {
    const id = requireId(request.volumeId);
    const target = await this.#path(request.targetPath, "target_path");
    const capability = requireCapability(request.volumeCapability);
    const asked = wanted([capability]);
    const { volumes } = this.#options;
    let limited = true;
    if (request.volumeContext["csi.storage.k8s.io/ephemeral"] === "true") {
      await volumes.locks.alone([lockOf(id)], async () => {
        const volume = await createEphemeral(this.#options, { ...request, targetPath: target }, asked);
        if (volume !== undefined) await this.#finishEphemeral(volume, target, request);
      });
    } else {
      const staging = await this.#path(request.stagingTargetPath, "staging_target_path");
      await volumes.locks.alone([lockOf(id)], async () => {
        const volume = await this.#ready(id, asked.mode);
        limited = Object.keys(volume.ownership.limits).length > 0;
        if (capability.accessMode?.mode === "SINGLE_NODE_SINGLE_WRITER") await this.#refuseSecond(volume, target, staging);
        const readonly = request.readonly || capability.accessMode?.mode === "SINGLE_NODE_READER_ONLY";
        if (asked.mode === "Block") await this.#publishBlock(volume, target, readonly);
        else await this.#publishFilesystem(volume, staging, target, readonly);
      });
    }
    if (limited) await this.#options.published();
    return {};
  }

  async #finishEphemeral(volume: OwnedVolume, target: string, { readonly }: RequestOf<"Node", "NodePublishVolume">): Promise<void> {
    const { filesystems, files } = this.#options;
    const mounted = mountAt(await mountsOf(files), target);
    if (readonly && mounted !== undefined && !mounted.options.includes("ro")) await filesystems.makeReadOnly(target);
    this.#options.log.info("an ephemeral volume is there", { volume: pathOf(volume), claim: volume.ownership.claim });
  }

  async #publishFilesystem(volume: OwnedVolume, staging: string, target: string, readonly: boolean): Promise<void> {
    const { files, filesystems } = this.#options;
    const mounts = await mountsOf(files);
    const staged = mountAt(mounts, staging);
    if (staged === undefined || !isOf(staged, volume.device ?? ""))
      throw new CsiError("FAILED_PRECONDITION", `${pathOf(volume)} is not mounted at ${staging}: it has to be staged first`);
    await this.#bind(volume, mountAt(mounts, target), target, readonly, async () => {
      await filesystems.makeDirectory(target);
      await filesystems.bind(staging, target, readonly);
    });
  }

  async #publishBlock(volume: OwnedVolume, target: string, readonly: boolean): Promise<void> {
    const { volumes, files, filesystems } = this.#options;
    await volumes.lvm.device(volume);
    await this.#bind(volume, mountAt(await mountsOf(files), target), target, readonly, async () => {
      await filesystems.makeDirectory(target.slice(0, target.lastIndexOf("/")));
      await filesystems.makeFile(target);
      await filesystems.bind(`/dev/dm-${minorOf(volume.device ?? "")}`, target, readonly);
    });
  }

  async #bind(volume: OwnedVolume, there: Mount | undefined, target: string, readonly: boolean, make: () => Promise<void>): Promise<void> {
    if (there === undefined) return make();
    if (!isOf(there, volume.device ?? ""))
      throw new CsiError("FAILED_PRECONDITION", `something else is mounted at ${target}: ${there.filesystem}`);
    const isReadOnly = there.options.includes("ro");
    // Cut off between the two steps of a read-only mount.
    if (readonly && !isReadOnly) await this.#options.filesystems.makeReadOnly(target);
    else if (!readonly && isReadOnly) throw new CsiError("ALREADY_EXISTS", `${pathOf(volume)} is mounted read-only at ${target}`);
  }

  /** One pod alone may have the volume. */
  async #refuseSecond(volume: OwnedVolume, target: string, staging: string): Promise<void> {
    const mounts = mountsOfDevice(await mountsOf(this.#options.files), volume.device ?? "");
    const other = mounts.find((mount) => mount.target !== target && mount.target !== staging);
    if (other !== undefined)
      throw new CsiError("FAILED_PRECONDITION", `${pathOf(volume)} is for one pod alone, and is mounted at ${other.target}`);
  }

  async #unpublish(request: RequestOf<"Node", "NodeUnpublishVolume">): Promise<object> {
    const id = requireId(request.volumeId);
    const target = await this.#path(request.targetPath, "target_path");
    const { volumes, files, filesystems } = this.#options;
    await volumes.locks.alone([lockOf(id)], async () => {
      while (mountAt(await mountsOf(files), target) !== undefined) await filesystems.unmount(target);
      await filesystems.removeMountPoint(target);
      if (parseHandle(id) === undefined) await deleteEphemeral(volumes, id);
    });
    return {};
  }

  async #stats(request: RequestOf<"Node", "NodeGetVolumeStats">): Promise<ResponseOf<"Node", "NodeGetVolumeStats">> {
    const id = requireId(request.volumeId);
    // Whether there is anything is asked below: a path that can't be one is one where nothing is.
    const path = await this.#options.files.real(requireId(request.volumePath, "volume_path"));
    const { volumes, files } = this.#options;
    const observed = await volumes.observeVolumes();
    const ephemeral = findEphemeral(volumes, observed, id);
    const volume = ephemeral ?? (await volumes.require(id, observed));
    return volumeStats(files, volume, observed, path);
  }

  async #expand(request: RequestOf<"Node", "NodeExpandVolume">): Promise<ResponseOf<"Node", "NodeExpandVolume">> {
    const id = requireId(request.volumeId);
    // Whether there is anything is asked below: a path that can't be one is one where nothing is.
    const path = await this.#options.files.real(requireId(request.volumePath, "volume_path"));
    const { volumes, files, filesystems } = this.#options;
    const { name } = await volumes.require(id);
    return volumes.locks.alone([name], async () => {
      if ((await files.kind(path)) === undefined) throw new CsiError("NOT_FOUND", `there is nothing at ${path}`);
      // Where the resizer's driver was another node's, it is this one that makes the volume larger.
      const volume = await grow(volumes, id, request.capacityRange);
      if (volume.ownership.mode === "Filesystem") {
        const known = await this.#ready(id, "Filesystem");
        const mounted = mountAt(await mountsOf(files), path);
        if (mounted === undefined || !isOf(mounted, known.device ?? ""))
          throw new CsiError("FAILED_PRECONDITION", `${pathOf(volume)} is not mounted at ${path}`);
        await filesystems.grow(mounted.filesystem, await volumes.lvm.device(known), path);
      }
      return { capacityBytes: volume.size };
    });
  }

  async #info(): Promise<ResponseOf<"Node", "NodeGetInfo">> {
    const { volumes, registered } = this.#options;
    const groups = usableGroups(await volumes.observeGroups(), await volumes.configured());
    registered(groups.map(({ group }) => group.name).sort());
    return { nodeId: volumes.node, maxVolumesPerNode: 0, accessibleTopology: nodeTopology(volumes.node, groups) };
  }

  /** A path of a request, as the mount table has it: the kubelet's folder may be a link. */
  #path(path: string, what: string): Promise<string> {
    return this.#options.files.real(requirePath(path, what));
  }

  /** A volume that can be used, active, with its device's number. */
  async #ready(id: string, mode: "Filesystem" | "Block"): Promise<OwnedVolume> {
    const { volumes } = this.#options;
    const volume = await volumes.require(id);
    const { ownership } = volume;
    if (ownership.kind !== "volume" || ownership.state !== "ready")
      throw new CsiError("NOT_FOUND", `${id} is no volume that can be used: ${ownership.state}`);
    if (ownership.mode !== mode)
      throw new CsiError("INVALID_ARGUMENT", `${id} was made with volume mode ${ownership.mode}, and is asked for as ${mode}`);
    if (volume.size < ownership.size)
      throw new CsiError(
        "FAILED_PRECONDITION",
        `${pathOf(volume)} has ${volume.size} bytes, and was made to have ${ownership.size}: somebody has made it smaller`,
      );
    if (volume.active && volume.device !== undefined) return volume;
    await volumes.lvm.device(volume);
    return volumes.require(formatHandle({ group: volume.group.uuid, name: volume.name }));
  }
}

function lockOf(id: string): string {
  return parseHandle(id)?.name ?? id;
}

function requirePath(path: string, what: string): string {
  if (path === "") throw new CsiError("INVALID_ARGUMENT", `${what} is missing`);
  if (!path.startsWith("/") || path.split("/").includes(".."))
    throw new CsiError("INVALID_ARGUMENT", `${what} is no absolute path: ${path}`);
  return path.length > 1 ? path.replace(/\/+$/, "") : path;
}

function requireCapability(capability: VolumeCapability | undefined): VolumeCapability {
  if (capability === undefined) throw new CsiError("INVALID_ARGUMENT", "volume_capability is missing");
  return capability;
}
