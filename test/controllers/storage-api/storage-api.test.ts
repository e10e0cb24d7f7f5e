import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { cleanCommands } from "../../../src/controllers/local-volume-provisioner/clean.ts";
import { HostCommands, systemClock, type NodeCommand } from "../../../src/controllers/runtime/index.ts";
import {
  formatSystemConfiguration,
  formatTaints,
  labelValue,
  parseSystemConfiguration,
  parseTaints,
  parseVolumeRecord,
  writeRecordCommand,
  type SystemConfiguration,
} from "../../../src/controllers/storage-api/index.ts";

const disk = { serial: "S1", byId: "/dev/disk/by-id/nvme-S1", media: "nvme" } as const;
const whole: SystemConfiguration = {
  node: "n1",
  flavor: "nvme-db",
  partitions: [
    {
      disk,
      uuid: "11111111-1111-4111-8111-111111111111",
      device: "/dev/disk/by-partuuid/11111111-1111-4111-8111-111111111111",
      size: 1 << 30,
      filesystem: {
        type: "xfs",
        uuid: "22222222-2222-4222-8222-222222222222",
        mountPath: "/mnt/halite/a",
        options: ["noatime"],
        mkfsOptions: [],
      },
      record: { device: "/dev/disk/by-partuuid/r", block: 2 },
      storageClass: "local-nvme",
      labels: { "example.com/rack": "r7" },
    },
    {
      disk,
      uuid: "3",
      device: "/dev/disk/by-partuuid/3",
      size: 1,
      record: { device: "/dev/disk/by-partuuid/r", block: 3 },
      storageClass: "local-block",
      labels: {},
    },
  ],
  volumeGroups: [{ name: "vg-data", uuid: "Ab", disks: [disk], thinPool: "thin", reserve: 4096 }],
};

describe("the system configuration", () => {
  test("is read as it was written", () => {
    expect(parseSystemConfiguration(formatSystemConfiguration(whole))).toEqual(whole);
  });

  test("anything else is refused with the place", () => {
    const changed = (change: (value: Record<string, unknown>) => void): string => {
      // structuredClone gives what JSON gives; typed loosely to be broken on purpose
      const value = structuredClone({ apiVersion: "storage.halite.dev/v1alpha1", kind: "SystemConfiguration", ...whole }) as Record<
        string,
        unknown
      >;
      change(value);
      try {
        parseSystemConfiguration(JSON.stringify(value));
      } catch (error) {
        return String(error);
      }
      return "taken";
    };
    expect(() => parseSystemConfiguration("{")).toThrow(/^no JSON: /);
    expect(() => parseSystemConfiguration("[]")).toThrow("the file is no mapping");
    expect(changed((value) => (value["apiVersion"] = "storage.halite.dev/v9"))).toContain("v9, where storage.halite.dev/v1alpha1 is known");
    expect(changed((value) => delete value["node"])).toContain("node is not a text");
    expect(changed((value) => (value["partitions"] = [{ ...whole.partitions[0], device: "sda1" }]))).toContain(
      "partitions[0].device is not an absolute path",
    );
    expect(changed((value) => (value["partitions"] = [{ ...whole.partitions[0], size: -1 }]))).toContain(
      "partitions[0].size is not a number of bytes",
    );
    expect(changed((value) => (value["partitions"] = [whole.partitions[0], whole.partitions[0]]))).toContain("is there twice");
    expect(changed((value) => (value["volumeGroups"] = [{ ...whole.volumeGroups[0], disks: [{ ...disk, media: "tape" }] }]))).toContain(
      "volumeGroups[0].disks[0].media is not one of ssd, hdd, nvme",
    );
  });
});

describe("taints", () => {
  test("are read as they were written; what can't be read keeps the volume from being bound", () => {
    const taints = [
      { key: "b", effect: "NoBind", since: "2026-01-01T00:00:00Z", reason: "DiskFailing" },
      { key: "a", effect: "NoBind", since: "2026-01-02T00:00:00Z", reason: "Drained" },
    ] as const;
    expect(parseTaints(formatTaints(taints)).map(({ key }) => key)).toEqual(["a", "b"]);
    expect(parseTaints(undefined)).toEqual([]);
    for (const text of ["{", "{}", "[1]", '[{"key":"a"}]']) expect(parseTaints(text)).toMatchObject([{ reason: "Unreadable" }]);
  });
});

test("a label's value is always allowed, and never that of another text", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 80 }), fc.string({ unit: "binary", maxLength: 80 }), (one, other) => {
      expect(labelValue(one)).toMatch(/^[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/);
      if (one !== other) expect(labelValue(one)).not.toBe(labelValue(other));
    }),
  );
  expect(labelValue("S5H9NS0N900123K")).toBe("S5H9NS0N900123K");
});

test("what is written to a partition whose device has just gone makes no file in /dev that is taken for it", async () => {
  const folder = mkdtempSync(join(tmpdir(), "halite-record-"));
  try {
    const device = join(folder, "partition");
    // As the node's dd does it, but for disks' own way past the cache, which not every folder has.
    const host = new HostCommands({ clock: systemClock, prefix: ["env"] });
    const run = ({ args, ...command }: NodeCommand): Promise<unknown> =>
      host.run({ ...command, args: args.filter((each) => each !== "oflag=direct") });
    const [partition] = whole.partitions;
    if (partition === undefined) throw new Error("no partition");
    const record = { partition: partition.uuid, state: "used", volume: "local-1" } as const;
    const { filesystem: _none, ...block } = { ...partition, device };
    const blanks = cleanCommands(block, "clear", true, { kernel: [6, 1] }).filter(({ tool }) => tool === "dd");
    expect(blanks).toHaveLength(2);
    for (const command of [writeRecordCommand({ device, block: 1 }, record), ...blanks])
      await expect(run(command)).rejects.toThrow("No such file");
    expect(existsSync(device)).toBe(false);
    writeFileSync(device, "");
    await run(writeRecordCommand({ device, block: 1 }, record));
    expect(parseVolumeRecord(readFileSync(device, "latin1").slice(4096), partition.uuid)).toEqual(record);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
