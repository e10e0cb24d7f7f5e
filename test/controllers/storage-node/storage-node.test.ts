import { describe, expect, test } from "vitest";
import { parseFlavor } from "../../../src/controllers/storage-node/flavor.ts";
import { emptyContents, ModelNode } from "../model-node.ts";
import { Rig } from "./rig.ts";

const GROUP = { match: { transport: "nvme" }, static: { partitions: [{ size: "500Mi" }, { size: "rest" }], storage_class: "local" } };
const flavor = (group: object = {}, lists: object = {}): object => ({ disks: { data: { ...GROUP, ...group } }, ...lists });

/** A node with so many blank disks A1, A2, …, and what storage-node made of them. */
async function made(count = 2, wanted = flavor()): Promise<{ readonly node: ModelNode; readonly rig: Rig }> {
  const node = new ModelNode();
  for (let index = 1; index <= count; index++) node.addDisk(`A${index}`);
  const rig = new Rig();
  await rig.pass(node, wanted);
  expect(rig.conditions).toBe("Provisioned=True DisksAsPlanned=True");
  node.changes.length = 0;
  rig.events.length = 0;
  return { node, rig };
}

describe("disks with what Halite did not write are left alone", () => {
  const foreign: Readonly<Record<string, (node: ModelNode) => void>> = {
    "a file system on the whole disk": (node) => node.disks[0]?.contents.signatures.push({ type: "ext4", uuid: "x" }),
    "a partition of another type": (node) => {
      const [disk] = node.disks;
      if (disk !== undefined)
        disk.table = [
          { number: 1, uuid: "p", type: "0fc63daf-8483-4772-8e79-3d69d8477de4", name: "", size: 2 ** 20, contents: emptyContents() },
        ];
    },
    "an LVM physical volume": (node) => node.disks[0]?.contents.signatures.push({ type: "LVM2_member", uuid: "x" }),
    "the remains of a partition table": (node) => Object.assign(node.disks[0] ?? {}, { torn: true }),
  };
  test.each(Object.entries(foreign))("%s", async (_, write) => {
    const node = new ModelNode();
    node.addDisk("A1");
    node.addDisk("A2");
    write(node);
    const rig = new Rig();
    await rig.pass(node, flavor());
    await rig.pass(node, flavor());
    expect(node.changes.filter((change) => change.includes("A1"))).toEqual([]);
    expect(rig.roles).toEqual({ A1: "Foreign", A2: "Static" });
    expect(rig.conditions).toBe("Provisioned=False DisksAsPlanned=True");
    expect(rig.events.filter(({ reason }) => reason === "DiskRefused").length).toBeGreaterThan(0);
    expect(rig.computeNode.status?.plan?.steps.at(-1)).toMatchObject({ action: "refuse", disk: "A1", state: "Refused" });

    await rig.pass(node, flavor({}, { wipe: ["A1"] }));
    expect(rig.roles).toEqual({ A1: "Static", A2: "Static" });
    expect(rig.computeNode.status?.disks?.[0]).toMatchObject({ serial: "A1", wiped: true });
  });

  test("one that was wiped is not wiped again while it is listed: what came later is somebody's", async () => {
    const { node, rig } = await made(1, flavor({}, { wipe: ["A1"] }));
    Object.assign(node.disks[0] ?? {}, { table: undefined });
    node.mounts.length = 0;
    node.disks[0]?.contents.signatures.push({ type: "xfs", uuid: "precious" });
    await rig.pass(node, flavor({}, { wipe: ["A1"] }));
    expect(node.changes).toEqual([]);
    expect(rig.events.map(({ message }) => message).join()).toContain("which came after it was wiped");
    // Taken off and listed again, it may go.
    await rig.pass(node, flavor());
    await rig.pass(node, flavor({}, { wipe: ["A1"], accept: ["A1"] }));
    expect(rig.roles).toEqual({ A1: "Static" });
  });

  test("one that is in use is not wiped, listed or not", async () => {
    const node = new ModelNode();
    const disk = node.addDisk("A1");
    disk.table = [
      {
        number: 1,
        uuid: "p",
        type: "0fc63daf",
        name: "",
        size: 2 ** 20,
        contents: { ...emptyContents(), signatures: [{ type: "ext4", uuid: "u" }] },
      },
    ];
    node.mounts.push({ partition: "p", target: "/srv/data" });
    const rig = new Rig();
    await rig.pass(node, flavor({}, { wipe: ["A1"] }));
    expect(node.changes).toEqual([]);
    expect(rig.events.map(({ message }) => message).join()).toContain(
      "it is listed to be wiped and is in use: partition 1 of type 0fc63daf; mounted at /srv/data",
    );
  });

  test("what the node runs from is its own, whatever the flavor says", async () => {
    const node = new ModelNode();
    const disk = node.addDisk("A1");
    disk.table = [{ number: 1, uuid: "p", type: "0fc63daf", name: "", size: 2 ** 20, contents: emptyContents() }];
    node.mounts.push({ partition: "p", target: "/boot/efi" });
    const rig = new Rig();
    await rig.pass(node, flavor({}, { wipe: ["A1"] }));
    expect(node.changes).toEqual([]);
    expect(rig.roles).toEqual({ A1: "System" });
  });

  test("disks without a serial, or with another's", async () => {
    const node = new ModelNode();
    node.addDisk("");
    node.addDisk("A1", { name: "nvme1n1", link: "nvme-MODEL_A1_1" });
    node.addDisk("A1", { name: "nvme1n2", link: "nvme-MODEL_A1_2" });
    await new Rig().pass(node, flavor());
    expect(node.changes).toEqual([]);
  });
});

describe("drift is said and not acted on", () => {
  const events = (rig: Rig): readonly string[] => rig.events.map(({ reason }) => reason);

  test("a disk that is missing, and is as before when it is back", async () => {
    const { node, rig } = await made();
    const [first] = node.disks;
    const before = rig.text;
    if (first !== undefined) node.unplug(first);
    await rig.pass(node, flavor());
    expect(events(rig)).toEqual(["DiskMissing"]);
    expect(rig.roles).toEqual({ A1: "Missing", A2: "Static" });
    expect(rig.conditions).toBe("Provisioned=True DisksAsPlanned=False");
    expect(rig.configuration.partitions.map(({ disk }) => disk.serial)).toEqual(["A2", "A2"]);
    if (first !== undefined) first.present = true;
    await rig.pass(node, flavor());
    expect(rig.text).toBe(before);
    expect(node.changes.every((change) => change.startsWith("mount "))).toBe(true);
    expect(rig.conditions).toBe("Provisioned=True DisksAsPlanned=True");
  });

  test("a new disk waits until it is accepted", async () => {
    const { node, rig } = await made();
    node.addDisk("A3");
    await rig.pass(node, flavor());
    await rig.pass(node, flavor());
    expect(events(rig)).toContain("DiskUnexpected");
    expect([node.changes, rig.roles]).toEqual([[], { A1: "Static", A2: "Static", A3: "Unused" }]);
    await rig.pass(node, flavor({}, { accept: ["A3"] }));
    expect(rig.roles).toEqual({ A1: "Static", A2: "Static", A3: "Static" });
  });

  test("a disk in another's place waits until it is accepted and the other retired", async () => {
    const { node, rig } = await made(2, flavor({ count: 2 }));
    const [first] = node.disks;
    if (first !== undefined) node.unplug(first);
    node.addDisk("A3");
    await rig.pass(node, flavor({ count: 2 }));
    expect([...events(rig)].sort()).toEqual(["DiskMissing", "DiskSwapped"]);
    expect(node.changes).toEqual([]);
    await rig.pass(node, flavor({ count: 2 }, { accept: ["A3"], retire: ["A1"] }));
    expect(rig.roles).toEqual({ A2: "Static", A3: "Static" });
    expect(rig.conditions).toBe("Provisioned=True DisksAsPlanned=True");
  });

  test("a disk that is blank where it was made is not made anew", async () => {
    const { node, rig } = await made();
    Object.assign(node.disks[0] ?? {}, { table: undefined });
    node.unmount(node.mounts[0]?.partition ?? "");
    node.mounts.length = 0;
    await rig.pass(node, flavor());
    expect(events(rig)).toContain("DiskSwapped");
    expect(node.changes.filter((change) => !change.startsWith("mount "))).toEqual([]);
    expect(rig.roles["A1"]).toBe("Missing");
  });

  test("a disk or partitions of another size", async () => {
    const { node, rig } = await made();
    Object.assign(node.disks[0] ?? {}, { size: 4096 * 2 ** 20 });
    await rig.pass(node, flavor());
    expect(events(rig)).toEqual(["DiskWrongSize"]);
    const other = flavor({ static: { ...GROUP.static, partitions: [{ size: "600Mi" }, { size: "rest" }] } });
    await rig.pass(node, other);
    expect(rig.events.at(-1)?.message).toContain("those that are there stay");
    expect([node.changes, rig.configuration.partitions.length]).toEqual([[], 4]);
  });

  test("a volume whose file system is gone is not made anew", async () => {
    const { node, rig } = await made(1);
    node.mounts.length = 0;
    const volume = node.disks[0]?.table?.[1];
    if (volume !== undefined) volume.contents.signatures = [];
    await rig.pass(node, flavor());
    expect(rig.events.map(({ message }) => message).join()).toContain("holds nothing where its xfs");
    expect(node.changes.filter((change) => change.startsWith("mkfs"))).toEqual([]);
  });

  test("a group that the flavor no longer has keeps its data", async () => {
    const { node, rig } = await made(1);
    await rig.pass(node, { disks: {} });
    expect([events(rig), node.changes]).toEqual([["DiskUnexpected"], []]);
    expect(rig.configuration.partitions).toEqual([]);
  });

  test("a volume group that lost a disk gets no other", async () => {
    const wanted = { disks: { lvm: { match: { transport: "nvme" }, count: 2, volume_group: { name: "data" } } } };
    const { node, rig } = await made(2, wanted);
    const [first] = node.disks;
    if (first !== undefined) node.unplug(first);
    node.addDisk("A3");
    await rig.pass(node, wanted);
    expect(events(rig)).toEqual(expect.arrayContaining(["DiskMissing", "DiskSwapped", "VolumeGroupMissing"]));
    expect(node.changes).toEqual([]);
  });
});

test("a disk that can't be read is said, keeps what it was, and no other disk waits for it", async () => {
  const { node, rig } = await made();
  node.addDisk("A3");
  node.fails = ({ tool, args }) => (tool === "wipefs" && args.at(-1)?.endsWith("a1") === true ? "Input/output error" : undefined);
  await rig.pass(node, flavor({}, { accept: ["A3"] }));
  expect(rig.roles).toEqual({ A1: "Static", A2: "Static", A3: "Static" });
  expect(rig.events).toContainEqual({ reason: "DiskFailing", message: expect.stringContaining("Input/output error") });
  expect(node.changes.filter((change) => change.includes("A1"))).toEqual([]);
  expect(rig.configuration.partitions.map(({ disk }) => disk.serial)).toEqual(["A2", "A2", "A3", "A3"]);
});

test("after a reboot what was made is mounted again, and nothing else is done", async () => {
  const { node, rig } = await made();
  node.powerCut();
  await rig.pass(node, flavor());
  expect(node.changes).toHaveLength(4);
  expect(node.changes.every((change) => /^mount -t xfs -- UUID=\S+ \/mnt\/halite\/\S+$/.test(change))).toBe(true);
});

test("without an API server what is made is mounted, and nothing is made", async () => {
  const { node, rig } = await made();
  node.powerCut();
  node.addDisk("A3");
  rig.api.guard = () => {
    throw new Error("connect ECONNREFUSED");
  };
  await expect(rig.pass(node, flavor({}, { accept: ["A3"] }))).rejects.toThrow("ECONNREFUSED");
  expect(node.changes).toHaveLength(4);
  expect(node.changes.every((change) => change.startsWith("mount "))).toBe(true);
});

test("a step that fails fails its disk alone, is said, and is tried again", async () => {
  const node = new ModelNode();
  node.addDisk("A1");
  node.addDisk("A2");
  const rig = new Rig();
  node.fails = ({ tool, args }) =>
    tool === "sfdisk" && args.at(-1)?.endsWith("A1") === true && args[0] === "--quiet" ? "Input/output error" : undefined;
  await expect(rig.pass(node, flavor())).rejects.toThrow("Input/output error");
  expect(rig.roles).toEqual({ A1: "Planned", A2: "Static" });
  expect(rig.events).toContainEqual({ reason: "ProvisioningFailed", message: expect.stringContaining("A1") });
  expect(rig.computeNode.status?.conditions?.[0]).toMatchObject({ type: "Provisioned", status: "False", reason: "StepFailed" });
  node.fails = () => undefined;
  await rig.pass(node, flavor());
  expect(rig.roles).toEqual({ A1: "Static", A2: "Static" });
});

test("the plan is shown before anything of it is done", async () => {
  const node = new ModelNode();
  node.addDisk("A1");
  const rig = new Rig();
  node.fails = ({ tool, args }) => {
    if (tool === "sfdisk" && args[0] === "--quiet")
      expect(rig.computeNode.status).toMatchObject({
        disks: [{ serial: "A1", role: "Planned", group: "data" }],
        plan: { flavor: "test", steps: [{ action: "partition", disk: "A1", state: "Pending" }] },
      });
    return undefined;
  };
  await rig.pass(node, flavor());
  expect(node.changes[0]).toMatch(/^sfdisk/);
});

test("a file system that the node's kernel could not mount is not made", async () => {
  const node = new ModelNode();
  node.addDisk("A1");
  const old = {
    run: async (command: Parameters<ModelNode["run"]>[0]) => {
      const result = await node.run(command);
      if (command.tool === "uname") return { ...result, stdout: "5.4.0-150-generic\n" };
      return command.args[0] === "-V" ? { ...result, stdout: "mkfs.xfs version 6.13.0\n" } : result;
    },
  };
  await new Rig().pass(old, flavor());
  expect(node.changes.find((change) => change.startsWith("mkfs"))).toMatch(
    /-m bigtime=0 -m inobtcount=0 -i nrext64=0 -i exchange=0 -n parent=0 \/dev/,
  );
});

test.each([
  ["{", "flavor test: no JSON: "],
  ['{"disks": {"Data": {"match": {}, "static": {"storage_class": "a"}}}}', "the group's name is not letters, digits and -"],
  ['{"disks": {"a": {"match": {}}}}', "it is not one of static and volume_group"],
  [
    '{"disks": {"a": {"static": {"storage_class": "a", "partitions": [{"size": "rest"}, {"size": "1Gi"}]}}}}',
    "with what is left (size: rest) at its end",
  ],
  ['{"disks": {"a": {"static": {"storage_class": "a", "mount_root": "/a/../b"}}}}', "mount_root is not a plain absolute path"],
  ['{"disks": {"a": {"volume_group": {"name": "-x"}}}}', "name is not a name for a volume group"],
  ['{"disks": {"a": {"volume_group": {"name": "v"}}, "b": {"volume_group": {"name": "v"}}}}', "two groups make the volume group v"],
])("the flavor %s is refused", (text, message) => {
  expect(() => parseFlavor("test", text)).toThrow(message);
});

describe("a thin pool whose making was interrupted", () => {
  const GROUP_OF_DISKS = { disks: { data: { match: { transport: "nvme" }, volume_group: { name: "data", thin_pool: "thin" } } } };

  /** A node that was killed while LVM made the pool: it has left the volume for the pool's metadata. */
  async function interrupted(): Promise<{ readonly node: ModelNode; readonly rig: Rig }> {
    const node = new ModelNode();
    node.addDisk("A1");
    const rig = new Rig();
    const fails = node.fails;
    node.fails = ({ tool }) => {
      // What comes next is the making.
      if (tool === "vgchange") Object.assign(node, { killAfter: 0, how: "during" });
      return undefined;
    };
    await expect(rig.pass(node, GROUP_OF_DISKS)).rejects.toThrow();
    Object.assign(node, { fails, killAfter: undefined, killed: false });
    return { node, rig };
  }

  test("leaves nothing: what LVM had made for it goes, then the pool is made in all the room", async () => {
    const { node, rig } = await interrupted();
    const [group] = node.groups;
    expect(group?.tags.join(" ")).toMatch(/^halite halite\.making-thin-pool=\d+$/);
    expect([group?.pools, [...(group?.leftovers.keys() ?? [])]]).toEqual([[], ["lvol0"]]);
    node.changes.length = 0;
    await rig.pass(node, GROUP_OF_DISKS);
    expect(node.changes.map((change) => change.replace(/=\d+ data$/, "=N data").split(" --extents")[0])).toEqual([
      "lvremove --yes data/lvol0",
      "lvcreate --yes --type=thin-pool --name thin",
      "vgchange --deltag halite.making-thin-pool=N data",
    ]);
    expect(group).toMatchObject({ pools: ["thin"], tags: ["halite"], leftovers: new Map() });
    node.changes.length = 0;
    await rig.pass(node, GROUP_OF_DISKS);
    expect(node.changes).toEqual([]);
  });

  test("takes nobody's volume for what it has left: of another size, or there before", async () => {
    const { node, rig } = await interrupted();
    const [group] = node.groups;
    group?.leftovers.set("lvol7", "12345");
    await rig.pass(node, GROUP_OF_DISKS);
    expect([...(group?.leftovers.keys() ?? [])]).toEqual(["lvol7"]);
    expect(group?.pools).toEqual(["thin"]);

    const other = new ModelNode();
    other.addDisk("A1");
    const begun = new Rig();
    await begun.pass(other, { disks: { data: { match: { transport: "nvme" }, volume_group: { name: "data" } } } });
    other.groups[0]?.leftovers.set("lvol0", "4194304");
    other.changes.length = 0;
    await begun.pass(other, GROUP_OF_DISKS);
    expect(other.changes.join("\n")).toMatch(/^lvcreate [^\n]*$/);
    expect(other.groups[0]).toMatchObject({ pools: ["thin"], tags: ["halite"] });
    expect([...(other.groups[0]?.leftovers.keys() ?? [])]).toEqual(["lvol0"]);
  });
});
