import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, it } from "vitest";
import { parse } from "yaml";

const COMPONENT = new URL("../../states/node-problem-detector/", import.meta.url);

interface Rule {
  readonly reason: string;
  readonly pattern: string;
  readonly condition?: string;
}

function rules(): Rule[] {
  // The shape is this component's own; a rule without a pattern fails below.
  const { monitors } = parse(readFileSync(new URL("defaults.yaml", COMPONENT), "utf8")) as {
    readonly monitors: Readonly<
      Record<string, { readonly conditions: Readonly<Record<string, unknown>>; readonly rules: readonly Rule[] }>
    >;
  };
  return Object.values(monitors).flatMap((monitor) => [...monitor.rules]);
}

/** As node-problem-detector matches: anywhere in the line, but to its end. Its patterns use only what Go and JavaScript have in common. */
function reasonsOf(line: string): string[] {
  return [...new Set(rules().flatMap(({ reason, pattern }) => (new RegExp(`(?:${pattern})$`).test(line) ? [reason] : [])))];
}

/** Lines of Linux 4.18 to 6.x as they stand in /dev/kmsg, without time. */
const LINES: readonly (readonly [line: string, ...reasons: string[]])[] = [
  ["I/O error, dev sdb, sector 123456 op 0x0:(READ) flags 0x80700 phys_seg 1 prio class 2", "DiskIoError"],
  ["blk_update_request: I/O error, dev sdb, sector 123456 op 0x1:(WRITE) flags 0x0 phys_seg 1 prio class 0", "DiskIoError"],
  ["end_request: I/O error, dev sdb, sector 123456", "DiskIoError"],
  ["critical medium error, dev sdc, sector 7814035 op 0x0:(READ) flags 0x0 phys_seg 1 prio class 2", "DiskMediumError"],
  ["critical target error, dev nvme1n1, sector 0 op 0x3:(DISCARD) flags 0x800 phys_seg 1 prio class 2", "DiskTargetError"],
  ["timeout error, dev sdd, sector 2048 op 0x0:(READ) flags 0x0 phys_seg 1 prio class 2", "DiskTimeout"],
  ["device offline error, dev sde, sector 99 op 0x1:(WRITE) flags 0x800 phys_seg 1 prio class 2", "DiskOffline"],
  ["recoverable transport error, dev sdf, sector 4096 op 0x0:(READ) flags 0x0 phys_seg 1 prio class 2", "DiskTransportError"],
  ["Buffer I/O error on dev dm-3, logical block 1572848, async page read", "BufferIoError"],
  ["Buffer I/O error on device sdb1, logical block 0", "BufferIoError"],
  ["ata3.00: exception Emask 0x0 SAct 0x7fffffff SErr 0x0 action 0x6 frozen", "AtaFrozen"],
  ["ata3.00: error: { UNC }", "AtaUncorrectable"],
  ["ata3: hard resetting link", "AtaLinkReset"],
  ["ata3: link is slow to respond, please be patient (ready=0)", "AtaLinkSlow"],
  ["ata3: COMRESET failed (errno=-16)", "AtaResetFailed"],
  ["ata3: SRST failed (errno=-16)", "AtaResetFailed"],
  ["ata3.00: qc timeout after 5000 msecs (cmd 0xec)", "AtaIdentifyFailed"],
  ["ata3.00: qc timeout (cmd 0xec)", "AtaIdentifyFailed"],
  ["ata3.00: failed to IDENTIFY (I/O error, err_mask=0x4)", "AtaIdentifyFailed"],
  ["sd 0:0:3:0: [sdd] tag#7 Sense Key : Medium Error [current] [descriptor]", "ScsiMediumError"],
  ["sd 0:0:3:0: [sdd] tag#7 Add. Sense: Unrecovered read error", "ScsiUnrecoveredRead"],
  ["sd 0:0:3:0: Device offlined - not ready after error recovery", "ScsiDeviceOffline"],
  ["sd 0:0:3:0: rejecting I/O to offline device", "ScsiRejectingIo"],
  ["sd 0:0:3:0: rejecting I/O to dead device", "ScsiRejectingIo"],
  ["nvme nvme0: I/O 24 QID 3 timeout, aborting", "NvmeTimeout"],
  ["nvme nvme0: I/O tag 24 (0018) opcode 0x2 (I/O Cmd) QID 3 timeout, aborting req_op:READ(0) size:4096", "NvmeTimeout"],
  ["nvme nvme0: controller is down; will reset: CSTS=0xffffffff, PCI_STATUS=0x10", "NvmeControllerDown"],
  ["nvme nvme0: Removing after probe failure status: -19", "NvmeRemoved"],
  ["nvme nvme0: Disabling device after reset failure: -19", "NvmeRemoved"],
  ["XFS (dm-2): log I/O error -5", "XfsLogError"],
  ["XFS (dm-2): Filesystem has been shut down due to log error (0x2).", "XfsHasShutdown"],
  ["XFS (sdb1): I/O Error Detected. Shutting down filesystem", "XfsHasShutdown"],
  ["EXT4-fs error (device sdb1): ext4_find_entry:1455: inode #2: comm ls: reading directory lblock 0", "Ext4Error"],
  ["EXT4-fs (sdb1): Remounting filesystem read-only", "FilesystemIsReadOnly"],
  ["Aborting journal on device sdb1-8.", "Ext4JournalAborted"],
  ["md/raid1:md0: Disk failure on sdb1, disabling device.", "RaidDiskFailed"],
  ["md/raid:md5: Disk failure on sdc1, disabling device.", "RaidDiskFailed"],
  [" connection1:0: detected conn error (1020)", "IscsiConnectionError"],
  [
    "Out of memory: Killed process 4242 (java) total-vm:9000000kB, anon-rss:8000000kB, file-rss:0kB, shmem-rss:0kB, UID:0 pgtables:9kB oom_score_adj:0",
    "OOMKilling",
  ],
  ["INFO: task jbd2/dm-0-8:612 blocked for more than 120 seconds.", "TaskHung"],
  ["INFO: task containerd:900 blocked for more than 120 seconds.", "TaskHung", "ContainerRuntimeHung"],
  ["BUG: unable to handle page fault for address: ffffa0b1c2d3e4f5", "KernelOops"],
  ["{1}[Hardware Error]: event severity: corrected", "HardwareErrorCorrected"],
  ["{1}[Hardware Error]: event severity: fatal", "CperHardwareErrorFatal"],
  // What must not be taken for a bad disk.
  ["sd 0:0:0:0: [sda] 976773168 512-byte logical blocks: (500 GB/466 GiB)"],
  ["EXT4-fs (sda2): mounted filesystem with ordered data mode. Quota mode: none."],
  ["XFS (dm-0): Mounting V5 Filesystem"],
  ["ata1: SATA link up 6.0 Gbps (SStatus 133 SControl 300)"],
  ["nvme nvme0: 8/0/0 default/read/poll queues"],
  ["md/raid1:md0: active with 2 out of 2 mirrors"],
];

describe("node-problem-detector's patterns", () => {
  it.each(LINES)("%s", (line, ...reasons) => {
    expect(reasonsOf(line)).toEqual(reasons);
  });

  it("each rule has a line that it matches", () => {
    const matched = new Set(LINES.flatMap(([line]) => reasonsOf(line)));
    const untried = rules()
      .map(({ reason }) => reason)
      .filter((reason) => !matched.has(reason));
    expect([...new Set(untried)]).toEqual(["MemoryReadError", "HardwareErrorRecoverable"]);
  });

  it("no condition has two permanent rules: one would overwrite the other's reason", () => {
    const conditions = rules().flatMap(({ condition }) => condition ?? []);
    expect(conditions).toEqual([...new Set(conditions)]);
  });

  it("uses nothing that Go's regular expressions lack", () => {
    for (const { pattern } of rules()) expect(pattern).not.toMatch(/\(\?[=!<]|\\[1-9]/);
  });
});

const bash = spawnSync("bash", ["-c", "echo $BASH_VERSINFO"], { encoding: "utf8" });

describe.skipIf(!(Number(bash.stdout) >= 4))("ceph-fuse.sh", () => {
  const folders: string[] = [];
  afterEach(() => {
    for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
  });

  /** A node's /proc and fusectl with these mounts: connection number → requests that wait. */
  function check(mounts: Readonly<Record<string, string>>): { readonly code: number | null; readonly says: string } {
    const folder = mkdtempSync(join(tmpdir(), "halite-fuse-"));
    folders.push(folder);
    mkdirSync(join(folder, "proc/1"), { recursive: true });
    const lines = ["25 30 0:23 / /sys rw,nosuid shared:7 - sysfs sysfs rw"];
    for (const [connection, waiting] of Object.entries(mounts)) {
      lines.push(`300 30 0:${connection} / /mnt/${connection} rw,nosuid shared:99 - fuse.ceph-fuse ceph-fuse rw,user_id=0`);
      mkdirSync(join(folder, "connections", connection), { recursive: true });
      mkdirSync(join(folder, "proc/1/root/mnt", connection), { recursive: true });
      writeFileSync(join(folder, "connections", connection, "waiting"), `${waiting}\n`);
    }
    writeFileSync(join(folder, "proc/1/mountinfo"), `${lines.join("\n")}\n`);
    const script = fileURLToPath(new URL("files/ceph-fuse.sh", COMPONENT));
    const run = spawnSync("bash", [script, join(folder, "proc"), join(folder, "connections"), "0"], { encoding: "utf8" });
    return { code: run.status, says: run.stdout.trim() };
  }

  it.each([
    { mounts: {}, code: 0, says: "ceph-fuse: 0 mounts answer" },
    { mounts: { 51: "0", 52: "0" }, code: 0, says: "ceph-fuse: 2 mounts answer" },
    { mounts: { 51: "0", 52: "7" }, code: 1, says: "ceph-fuse: 0 dead, 1 stuck of 2 mounts" },
  ])("$mounts: $says", ({ mounts, code, says }) => {
    expect(check(mounts)).toEqual({ code, says });
  });

  it("says unknown where it can't see the node's mounts", () => {
    const script = fileURLToPath(new URL("files/ceph-fuse.sh", COMPONENT));
    const run = spawnSync("bash", [script, "/nowhere"], { encoding: "utf8" });
    expect([run.status, run.stdout.trim()]).toEqual([2, "cannot read the node's mounts"]);
  });
});
