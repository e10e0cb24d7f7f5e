import type { NodeCommands } from "../../src/controllers/runtime/index.ts";

/** What the scenario comes to, from the node's answers alone. */
export interface Seen {
  readonly disk: string;
  readonly free: readonly string[];
  readonly twice: string;
  readonly type: string;
}

/** A volume group, a volume with a file system in it, and what is refused: the commands that the recording of the test holds. */
export async function volumeGroup(node: NodeCommands): Promise<Seen> {
  const listed = await node.run({ tool: "lsblk", args: ["--json", "--nodeps", "--output", "NAME,SERIAL,SIZE,ROTA"] });
  const { blockdevices } = JSON.parse(listed.stdout) as {
    readonly blockdevices: readonly { readonly name: string; readonly serial: string }[];
  };
  const disk = `/dev/${blockdevices.find(({ serial }) => serial === "SSD0001")?.name}`;
  await node.run({ tool: "vgcreate", args: ["--yes", "--addtag", "halite", "data", disk] });
  const free = [await vgFree(node)];
  await node.run({ tool: "lvcreate", args: ["--yes", "--name", "one", "--size", "320m", "--addtag", "halite.volume=pvc-1", "data"] });
  free.push(await vgFree(node));
  const twice = await node.run({ tool: "lvcreate", args: ["--yes", "--name", "one", "--size", "320m", "data"], accept: [0, 5] });
  await node.run({ tool: "mkfs.xfs", args: ["-q", "/dev/data/one"], timeout: 120_000 });
  const { stdout: type } = await node.run({ tool: "blkid", args: ["--match-tag", "TYPE", "--output", "value", "/dev/data/one"] });
  await node.run({ tool: "lvremove", args: ["--yes", "data/one"] });
  await node.run({ tool: "vgremove", args: ["--yes", "data"] });
  await node.run({ tool: "pvremove", args: ["--yes", disk] });
  return { disk, free, twice: twice.stderr.trim(), type: type.trim() };
}

async function vgFree(node: NodeCommands): Promise<string> {
  const { stdout } = await node.run({
    tool: "vgs",
    args: ["--reportformat", "json", "--units", "b", "--nosuffix", "-o", "vg_name,vg_free,vg_tags", "data"],
  });
  const { report } = JSON.parse(stdout) as { readonly report: readonly { readonly vg: readonly { readonly vg_free: string }[] }[] };
  return report[0]?.vg[0]?.vg_free ?? "";
}
