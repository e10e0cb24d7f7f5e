import type { NodeFiles } from "./node-files.ts";

/** A mount of the node (proc_pid_mountinfo(5)). */
export interface Mount {
  /** `MAJOR:MINOR` of the file system. */
  readonly device: string;
  /** What of the file system is mounted. */
  readonly root: string;
  readonly target: string;
  /** Of this mount, such as `ro` and `noatime`. */
  readonly options: readonly string[];
  readonly filesystem: string;
  /** Of the file system, such as `ro` where it was mounted so or has failed. */
  readonly superOptions: readonly string[];
}

/** The node's mounts, in the order in which they were made. */
export async function mountsOf(files: NodeFiles): Promise<readonly Mount[]> {
  return parseMounts((await files.read("/proc/1/mountinfo")) ?? "");
}

export function parseMounts(text: string): readonly Mount[] {
  return text.split("\n").flatMap((line) => {
    const words = line.split(" ");
    const dash = words.indexOf("-");
    const [, , device, root, target, options] = words;
    const [filesystem, , superOptions] = words.slice(dash + 1);
    if (dash < 6 || device === undefined || root === undefined || target === undefined || options === undefined || filesystem === undefined)
      return [];
    return {
      device,
      root: plain(root),
      target: plain(target),
      options: options.split(","),
      filesystem,
      superOptions: (superOptions ?? "").split(","),
    };
  });
}

/** Blanks and the like are written in octal. */
function plain(text: string): string {
  return text.replaceAll(/\\([0-7]{3})/g, (_, octal: string) => String.fromCodePoint(Number.parseInt(octal, 8)));
}

/** What is to be seen at a path: the last that was mounted there. */
export function mountAt(mounts: readonly Mount[], path: string): Mount | undefined {
  return mounts.findLast(({ target }) => target === path);
}

/** The mounts of a volume: of its file system, or of the device itself. */
export function mountsOfDevice(mounts: readonly Mount[], device: string): readonly Mount[] {
  return mounts.filter((mount) => isOf(mount, device));
}

/** Whether a mount shows a volume's file system, or the volume's device: device-mapper's are `/dm-MINOR` of the devtmpfs. */
export function isOf(mount: Mount, device: string): boolean {
  return mount.filesystem === "devtmpfs" ? mount.root === `/dm-${minorOf(device)}` : mount.device === device;
}

export function minorOf(device: string): string {
  return device.slice(device.indexOf(":") + 1);
}

/** The pod that a mount is for, by the kubelet's own paths: its uid. */
export function podOf({ target }: Mount): string | undefined {
  const uid = "([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})";
  const [, filesystem, block] =
    new RegExp(`/pods/${uid}/volumes/kubernetes\\.io~csi/|/kubernetes\\.io/csi/volumeDevices/publish/[^/]+/${uid}$`).exec(target) ?? [];
  return filesystem ?? block;
}
