import { describe, expect, test } from "vitest";
import { LocalRig } from "./rig.ts";

/** The failures that provisioners of local volumes are known for, by their names. */
describe("static volumes survive", () => {
  test("two PVs for one path: a volume that another process has made meanwhile is not made again", async () => {
    const rig = await LocalRig.ready();
    const [name = ""] = rig.named("local");
    const made = rig.volume(name);
    rig.deleteVolume(name);
    await rig.pass();
    // Now it is clean; another process of this node makes it before this one does.
    expect(rig.record(name)?.state).toBe("clean");
    rig.node.fails = ({ tool }) => {
      if (tool === "mkdir" && made !== undefined && rig.volume(name) === undefined)
        rig.put({ ...made, metadata: { ...made.metadata, uid: "other" } });
      return undefined;
    };
    await rig.pass();
    const paths = rig.volumes.map(({ spec }) => JSON.stringify(spec?.["local"]));
    expect(new Set(paths).size).toBe(paths.length);
    expect(rig.volume(name)?.metadata.uid).toBe("other");
  });

  test("PV name hash collisions: a name is the partition's UUID; one that is on two disks is given out on neither", async () => {
    const rig = await LocalRig.ready();
    const uuids = rig.node.disks.flatMap(({ table }) => (table ?? []).slice(1).map(({ uuid }) => `local-${uuid}`));
    expect(rig.volumes.map(({ metadata }) => metadata.name).sort()).toEqual(uuids.sort());
    const [copied] = rig.node.disks;
    const copy = rig.node.addDisk("F2", { name: "nvmecopy", link: "nvme-MODEL_F2" });
    copy.table = structuredClone(copied?.table);
    await rig.pass();
    expect(rig.named("local").map((name) => rig.phases[name])).toEqual(["quarantined", "quarantined"]);
    await rig.prepare();
    await rig.settle();
    expect(rig.storage.events.map(({ message }) => message).join()).toContain("is on two disks: one is a copy, and neither is given out");
    expect(rig.named("local").map((name) => rig.phases[name])).toEqual(["quarantined", "quarantined"]);
  });

  test("a volume of another node's of the same name is left to it", async () => {
    const rig = await LocalRig.ready();
    const [name = ""] = rig.named("local");
    const made = rig.volume(name);
    rig.deleteVolume(name);
    await rig.pass();
    if (made !== undefined)
      rig.put({ ...made, metadata: { ...made.metadata, uid: "theirs", labels: { "storage.halite.dev/node": "n2" } } });
    rig.node.changes.length = 0;
    // This node's own list does not have it.
    rig.hidden.add("theirs");
    await rig.settle();
    expect(rig.node.changes).toEqual([]);
    expect(rig.record(name)?.state).toBe("clean");
  });

  test("a PV made before the mount: no volume without the file system of the partition, mounted where it is to be; its size is the file system's", async () => {
    const rig = new LocalRig();
    await rig.prepare();
    const mounts = rig.node.mounts.splice(0);
    await rig.settle();
    expect(rig.named("local")).toEqual([]);
    // Another device is mounted there: what counts is the device, not that something is.
    const [first, second] = mounts;
    rig.node.mounts.push({ partition: first?.partition ?? "", target: second?.target ?? "" });
    await rig.settle();
    expect(rig.named("local")).toEqual([]);
    rig.node.mounts.splice(0, 1, ...mounts);
    await rig.settle();
    expect(rig.named("local").map((name) => rig.volume(name)?.spec?.capacity?.storage)).toEqual(
      rig.named("local").map((name) => String(rig.partition(name).size - 64 * 2 ** 20)),
    );
    for (const name of rig.named("local"))
      expect(rig.volume(name)?.spec?.["local"]).toEqual({ path: `/mnt/halite/${rig.partition(name).uuid}/data` });
  });

  test("a volume that is not mounted any more is reserved for nobody until it is", async () => {
    const rig = await LocalRig.ready();
    rig.node.powerCut();
    await rig.pass();
    const [free, other = ""] = rig.named("local");
    expect(rig.named("local").map((name) => rig.phases[name])).toEqual(["quarantined", "quarantined"]);
    expect(rig.phases[rig.named("local-block")[0] ?? ""]).toBe("free");
    expect(rig.events).toContainEqual({
      about: free,
      reason: "VolumeQuarantined",
      message: expect.stringContaining("is not mounted at /mnt/halite/"),
    });
    await rig.prepare();
    await rig.pass();
    expect(rig.named("local").map((name) => rig.phases[name])).toEqual(["free", "free"]);
    expect(rig.volume(other)?.metadata.annotations).not.toHaveProperty("storage.halite.dev/quarantine");
    // Nothing of it was cleaned for that.
    expect(rig.node.changes.filter((change) => change.startsWith("find"))).toEqual([]);
  });

  test("stale clean-up status reissues a dirty PV: clean is what the disk says of this very volume, and it says used before it is given out", async () => {
    const rig = await LocalRig.ready();
    const [name = ""] = rig.named("local");
    rig.bind(name, "one");
    rig.unbind(name);
    await rig.settle();
    expect(rig.record(name)).toMatchObject({ state: "used", cluster: "cluster-1", volume: name });
    rig.bind(name, "two");
    rig.unbind(name);
    // Cleaning fails: what was said of the last time must not count.
    rig.node.fails = ({ tool, args }) => (tool === "find" && args.includes("-delete") ? "Input/output error" : undefined);
    await rig.settle();
    expect([rig.phases[name], rig.record(name)?.state]).toEqual(["Released", "erasing"]);
    rig.restart();
    await rig.settle();
    expect([rig.phases[name], [...rig.partition(name).contents.data]]).toEqual(["Released", ["two"]]);
    rig.node.fails = () => undefined;
    await rig.settle();
    expect([rig.phases[name], [...rig.partition(name).contents.data]]).toEqual(["free", []]);
    expect(rig.reasons).toEqual(expect.arrayContaining(["VolumeCleaning", "VolumeCleaned", "VolumeCleanFailed", "VolumeDiscovered"]));
  });

  test.each(["clear", "discard", "shred"])("a PV deleted by hand is rediscovered unclean: it is cleaned first (%s)", async (policy) => {
    const rig = await LocalRig.ready({ local: policy, block: policy });
    for (const name of [...rig.named("local"), ...rig.named("local-block")]) {
      rig.bind(name, "secret");
      rig.deleteVolume(name);
    }
    await rig.settle();
    for (const name of [...rig.named("local"), ...rig.named("local-block")])
      expect([rig.phases[name], [...rig.partition(name).contents.data]]).toEqual(["free", []]);
    expect(rig.volumes).toHaveLength(3);
  });

  test("a volume that is still in use is not cleaned", async () => {
    const rig = await LocalRig.ready();
    const [name = ""] = rig.named("local");
    rig.bind(name, "one");
    rig.node.mounts.push({ partition: rig.partition(name).uuid, target: "/var/lib/kubelet/pods/1/volumes/local/x" });
    rig.deleteVolume(name);
    await rig.settle();
    expect([...rig.partition(name).contents.data]).toEqual(["one"]);
    expect(rig.events).toContainEqual({
      about: "n1",
      reason: "VolumeCleanFailed",
      message: expect.stringContaining("still in use: mounted at /var/lib/kubelet/pods/1"),
    });
  });

  test("device lost at release: the volume stays released until the device is back and clean", async () => {
    const rig = await LocalRig.ready();
    const [name = "", other = ""] = rig.named("local");
    rig.bind(name, "one");
    const [disk] = rig.node.disks;
    if (disk !== undefined) rig.node.unplug(disk);
    rig.unbind(name);
    await rig.settle();
    expect([rig.phases[name], rig.phases[other]]).toEqual(["Released", "quarantined"]);
    expect(rig.events).toContainEqual({
      about: name,
      reason: "VolumeCleanFailed",
      message: expect.stringContaining("it can't be cleaned: "),
    });
    await rig.prepare();
    await rig.settle();
    expect([rig.phases[name], rig.phases[other]]).toEqual(["Released", "quarantined"]);
    if (disk !== undefined) disk.present = true;
    await rig.prepare();
    await rig.settle();
    expect([rig.phases[name], rig.phases[other], [...rig.partition(name).contents.data]]).toEqual(["free", "free", []]);
  });

  test("node recreated under the same name: with its disks its volumes stay, under its new uid; without them they are given to nobody", async () => {
    const rig = await LocalRig.ready();
    const [name = "", other = ""] = rig.named("local");
    rig.bind(name, "one");
    rig.uid = "node-2";
    rig.restart();
    await rig.settle();
    expect(rig.volumes).toHaveLength(3);
    expect(rig.volumes.map(({ metadata }) => metadata.annotations?.["storage.halite.dev/node-uid"])).toEqual([
      "node-2",
      "node-2",
      "node-2",
    ]);
    expect([...rig.partition(name).contents.data]).toEqual(["one"]);
    // Another machine under the name.
    for (const disk of rig.node.disks) rig.node.unplug(disk);
    await rig.prepare();
    await rig.settle();
    expect([rig.phases[name], rig.phases[other]]).toEqual(["Bound", "quarantined"]);
  });

  test("/dev/sdX drift: kernels' names mean nothing; a partition on another disk than its own is not given out", async () => {
    const rig = await LocalRig.ready();
    const [first, second] = rig.node.disks;
    const before = JSON.stringify(rig.volumes);
    if (first === undefined || second === undefined) throw new Error("no disks");
    Object.assign(first, { name: "sdz" });
    Object.assign(second, { name: "sda" });
    await rig.settle();
    await rig.prepare();
    expect(JSON.stringify(rig.volumes)).toBe(before);
    expect(before).not.toMatch(/\/dev\/(?:sd|nvme)/);
    // The partition turns up on a disk of another serial: copied, or put into another enclosure.
    Object.assign(first, { serial: "X9" });
    await rig.pass();
    expect(rig.named("local").map((name) => rig.phases[name])).toEqual(["quarantined", "quarantined"]);
  });

  test("the same disk in another cluster: its contents are that one's until somebody gives them up", async () => {
    const rig = await LocalRig.ready();
    const [name = ""] = rig.named("local");
    rig.bind(name, "one");
    for (const each of rig.volumes) rig.deleteVolume(each.metadata.name);
    rig.cluster = "cluster-2";
    rig.restart();
    await rig.settle();
    expect(rig.volumes).toEqual([]);
    expect([...rig.partition(name).contents.data]).toEqual(["one"]);
    expect(rig.events.map(({ message }) => message).join()).toContain(
      "of another cluster (cluster-1); list the serial in erase if its contents may go",
    );
    rig.erase = ["F1"];
    rig.restart();
    await rig.settle();
    expect(rig.named("local")).toHaveLength(2);
    expect([...rig.partition(name).contents.data]).toEqual([]);
    expect(rig.named("local-block")).toEqual([]);
  });

  test("a disk that has lost its records is not given out", async () => {
    const rig = await LocalRig.ready();
    for (const name of rig.named("local")) rig.deleteVolume(name);
    rig.node.disks[0]?.table?.[0]?.contents.blocks.clear();
    await rig.settle();
    expect(rig.named("local")).toEqual([]);
    expect(rig.node.changes).toEqual([]);
    expect(rig.events.map(({ message }) => message).join()).toContain("does not say whose its partition");
  });
});

describe("volumes", () => {
  test("carry what others go by", async () => {
    const rig = await LocalRig.ready();
    expect(rig.volume(rig.named("local-block")[0] ?? "")).toMatchObject({
      metadata: {
        labels: {
          "storage.halite.dev/node": "n1",
          "storage.halite.dev/disk": "B1",
          "storage.halite.dev/media": "hdd",
          "storage.halite.dev/flavor": "test",
        },
        annotations: {
          "storage.halite.dev/disk-serial": "B1",
          "pv.kubernetes.io/provisioned-by": "storage.halite.dev/local-volume-provisioner",
        },
      },
      spec: {
        accessModes: ["ReadWriteOnce"],
        volumeMode: "Block",
        persistentVolumeReclaimPolicy: "Delete",
        local: { path: expect.stringMatching(/^\/dev\/disk\/by-partuuid\//) },
        nodeAffinity: {
          required: {
            nodeSelectorTerms: [{ matchExpressions: [{ key: "kubernetes.io/hostname", operator: "In", values: ["n1.example.net"] }] }],
          },
        },
      },
    });
  });

  test("with taints are reserved for nobody, unless they are a claim's, until the taints are gone", async () => {
    const rig = await LocalRig.ready();
    const [free = "", bound = ""] = rig.named("local");
    rig.bind(bound, "one");
    const taints = JSON.stringify([{ key: "disk", effect: "NoBind", since: "2026-01-01T00:00:00Z", reason: "DiskFailing" }]);
    rig.annotate(free, { "storage.halite.dev/taints": taints });
    rig.annotate(bound, { "storage.halite.dev/taints": taints });
    await rig.pass();
    expect([rig.phases[free], rig.phases[bound]]).toEqual(["quarantined", "Bound"]);
    expect(rig.volume(free)?.spec?.claimRef).toMatchObject({ namespace: "halite-quarantine", name: "quarantine" });
    expect(rig.volume(free)?.spec?.claimRef).not.toHaveProperty("uid");
    rig.annotate(free, { "storage.halite.dev/taints": "[]" });
    await rig.pass();
    expect(rig.phases[free]).toBe("free");
    expect(rig.reasons).toEqual(["VolumeQuarantined", "VolumeReleasedFromQuarantine"]);
    // What can't be read is not given out.
    rig.annotate(free, { "storage.halite.dev/taints": "{" });
    await rig.pass();
    expect(rig.phases[free]).toBe("quarantined");
  });

  test("are not made on a disk that is failing", async () => {
    const rig = await LocalRig.ready();
    const { computeNode } = rig.storage;
    const disks = (computeNode.status?.disks ?? []).map((disk) => (disk.serial === "F1" ? { ...disk, health: "Failing" as const } : disk));
    rig.storage.api.put("/apis/storage.halite.dev/v1alpha1/computenodes/n1", { ...computeNode, status: { ...computeNode.status, disks } });
    for (const name of rig.named("local")) rig.deleteVolume(name);
    await rig.settle();
    expect([rig.named("local"), rig.named("local-block").length]).toEqual([[], 1]);
  });

  test("whose class keeps them stay as they are until somebody deletes them", async () => {
    const rig = await LocalRig.ready({ reclaim: "Retain" });
    const [name = ""] = rig.named("local");
    rig.bind(name, "one");
    rig.unbind(name);
    await rig.settle();
    expect([rig.phases[name], [...rig.partition(name).contents.data]]).toEqual(["Released", ["one"]]);
    rig.deleteVolume(name);
    await rig.settle();
    expect([rig.phases[name], [...rig.partition(name).contents.data]]).toEqual(["free", []]);
  });

  test("of a device that can't discard are overwritten with zeros", async () => {
    const rig = await LocalRig.ready({ block: "discard" });
    const [name = ""] = rig.named("local-block");
    rig.bind(name, "one");
    rig.unbind(name);
    rig.node.fails = ({ tool, args }) =>
      tool === "blkdiscard" && !args.includes("--zeroout") ? "blkdiscard: BLKDISCARD ioctl failed: Operation not supported" : undefined;
    await rig.settle();
    expect(rig.node.changes.some((change) => change.startsWith("blkdiscard --zeroout"))).toBe(true);
    expect([rig.phases[name], [...rig.partition(name).contents.data]]).toEqual(["free", []]);
  });

  test("that storage-node was faster to mount again count as mounted", async () => {
    const rig = await LocalRig.ready({ local: "discard" });
    const [name = ""] = rig.named("local");
    const { uuid } = rig.partition(name);
    rig.bind(name, "one");
    rig.unbind(name);
    rig.node.fails = ({ tool, args }) => {
      if (tool !== "mount") return undefined;
      rig.node.mounts.push({ partition: uuid, target: args.at(-1) ?? "" });
      return "already mounted";
    };
    await rig.settle();
    expect([rig.phases[name], [...rig.partition(name).contents.data]]).toEqual(["free", []]);
    expect(rig.reasons).not.toContain("VolumeCleanFailed");
  });

  test("a new block volume is cleaned before it is given out: what was on the disk before can be read from it", async () => {
    const rig = new LocalRig();
    rig.node.disks[1]?.contents.data.add("former owner");
    await rig.prepare();
    await rig.settle();
    const [name = ""] = rig.named("local-block");
    expect([...rig.partition(name).contents.data]).toEqual([]);
  });

  test("a look that is older than the end of its cleaning: a volume is cleaned once, and not again for what was seen before", async () => {
    const rig = await LocalRig.ready({ block: "shred" });
    const [name = ""] = rig.named("local-block");
    rig.bind(name, "claim");
    rig.unbind(name);
    const run = rig.node.run.bind(rig.node);
    const [erasing, erased] = [new Gate(), new Gate()];
    let shreds = 0;
    rig.node.run = async (command) => {
      if (command.tool === "shred") {
        shreds += 1;
        erasing.open();
        await erased.passed;
      }
      const result = await run(command);
      // The second look has read that it is being erased, and goes on once that is over.
      if (
        shreds === 1 &&
        command.tool === "dd" &&
        command.args.some((each) => each.startsWith("skip=")) &&
        result.stdout.includes('"erasing"')
      ) {
        erased.open();
        await first;
      }
      return result;
    };
    const first = rig.pass();
    await erasing.passed;
    await rig.pass();
    await rig.settle();
    expect([shreds, rig.phases[name], [...rig.partition(name).contents.data]]).toEqual([1, "free", []]);
  });
});

class Gate {
  open: () => void = () => undefined;
  readonly passed = new Promise<void>((resolve) => {
    this.open = resolve;
  });
}
