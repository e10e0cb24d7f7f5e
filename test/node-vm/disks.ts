import { open } from "node:fs/promises";
import { join } from "node:path";

/** How a disk is attached: what it looks like in the node. */
export type DiskKind = "virtio" | "ssd" | "hdd" | "nvme" | "sata";

/** A disk of a node. */
export interface Disk {
  readonly kind: DiskKind;
  /** Told apart by it, also for unplugging. At most 20 characters, as virtio has it. */
  readonly serial: string;
  /** In bytes. Default: 1 GiB; of the file on this machine only what is written takes room. */
  readonly size?: number;
}

/** Makes the files of disks, empty, in a folder. */
export async function makeDisks(folder: string, disks: readonly Disk[]): Promise<void> {
  for (const disk of disks) {
    const file = await open(pathOf(folder, disk), "wx");
    await file.truncate(disk.size ?? 2 ** 30);
    await file.close();
  }
}

function pathOf(folder: string, { serial }: Disk): string {
  return join(folder, `disk-${serial}.raw`);
}

/** The id by which QEMU knows a disk. */
export function deviceId(serial: string): string {
  return `disk-${serial}`;
}

/** QEMU's arguments for the disks: each on a hot-pluggable port or bus of its own. */
export function diskArguments(folder: string, disks: readonly Disk[]): string[] {
  const controller = disks.some(({ kind }) => kind === "ssd" || kind === "hdd") ? ["-device", "virtio-scsi-pci,id=scsi"] : [];
  return [...controller, ...disks.flatMap((disk, index) => [...drive(folder, disk), ...DEVICES[disk.kind](disk, index)])];
}

function drive(folder: string, disk: Disk): string[] {
  return ["-drive", `if=none,id=drive-${disk.serial},file=${pathOf(folder, disk)},format=raw,cache=unsafe,discard=unmap`];
}

const DEVICES: Readonly<Record<DiskKind, (disk: Disk, index: number) => string[]>> = {
  virtio: (disk, index) => onPort("virtio-blk-pci", disk, index),
  nvme: (disk, index) => onPort("nvme", disk, index),
  ssd: (disk, index) => onScsi("rotation_rate=1,vendor=ACME,product=FASTSSD,ver=1.0", disk, index),
  hdd: (disk, index) => onScsi("rotation_rate=7200,vendor=ACME,product=SPINNER,ver=2.0", disk, index),
  sata: (disk, index) => ["-device", `ide-hd,bus=ide.${index % 6},model=ACMESATA,${wwn(index)},rotation_rate=5400,${identity(disk)}`],
};

function onPort(device: string, disk: Disk, index: number): string[] {
  const port = `port-${disk.serial}`;
  return [
    "-device",
    `pcie-root-port,id=${port},chassis=${index + 1},slot=${index + 1}`,
    "-device",
    `${device},bus=${port},${identity(disk)}`,
  ];
}

function onScsi(looks: string, disk: Disk, index: number): string[] {
  return ["-device", `scsi-hd,bus=scsi.0,scsi-id=${index + 1},${wwn(index)},${looks},${identity(disk)}`];
}

function identity({ serial }: Disk): string {
  return `id=${deviceId(serial)},drive=drive-${serial},serial=${serial}`;
}

function wwn(index: number): string {
  return `wwn=0x5000c500${(0x10000000 + index).toString(16)}`;
}
