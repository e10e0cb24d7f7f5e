import { mkdirSync, renameSync, rmSync, unlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { build } from "../../scripts/build.mjs";
import { inputDigest } from "../../src/fleet/index.ts";
import { pgpDigest } from "../../src/sealed/index.ts";
import { halite, inTemporaryFolder } from "../cli/halite.ts";
import { Watching } from "../cli/watching.ts";
import { fleetOf } from "../fleet/memory-fleet.ts";
import { filesIn, RenderedFleet } from "../fleet/rendered-fleet.ts";
import { enc, PGP, sealedFleet } from "./sealed-fleet.ts";

type Files = Map<string, string>;

const SOPS = "secrets/ceph.sops.yaml";

/** The fleet with its config where it finds its roster, and one text of a file replaced. */
function onDisk(path?: string, from = "", to = ""): Files {
  const files = sealedFleet();
  files.set("halite.yaml", `roster: roster.yaml\n${files.get("halite.yaml") ?? ""}`);
  if (path !== undefined) files.set(path, (files.get(path) ?? "").replace(from, to));
  return files;
}

function write(folder: string, files: ReadonlyMap<string, string>): void {
  for (const [path, text] of files) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
}

describe("a render that goes on from an earlier one", () => {
  test("compiles the clusters again that a changed sealed file reaches, and none else", async () => {
    const fleet = new RenderedFleet(onDisk());
    const changes = async (files: Files): Promise<{ readonly changed: readonly string[]; readonly unchanged: number }> => {
      fleet.ahead += 1000;
      fleet.put(files);
      const rendered = await fleet.render("out", { cached: true });
      await fleet.render("alone", { cached: false });
      expect(filesIn(fleet.path("out"))).toEqual(filesIn(fleet.path("alone")));
      if (typeof rendered === "string") throw new Error(rendered);
      return {
        changed: [...rendered.missing, ...rendered.changed, ...rendered.extra.map((path) => `- ${path}`)],
        unchanged: fleet.unchanged,
      };
    };
    try {
      await fleet.render("out", { cached: true });
      expect(await changes(onDisk())).toEqual({ changed: [], unchanged: 2 });
      const all = [".sealed/sops/ceph.sops.yaml", "ceph/secret.yaml", "release.yaml"].map((path) => `a/c1/${path}`);
      expect(await changes(onDisk(SOPS, enc("rbd 1"), enc("rbd 2")))).toEqual({ changed: all, unchanged: 1 });
      // The leaf is as it was at first: back again, from whatever is kept.
      expect(await changes(onDisk())).toEqual({ changed: all, unchanged: 1 });
      expect(await changes(onDisk(SOPS, enc("admin 1"), enc("admin 2")))).toEqual({ changed: all.slice(0, 1), unchanged: 1 });
      // A sealed file that nobody refers to.
      expect(await changes(new Map([...onDisk(SOPS, enc("admin 1"), enc("admin 2")), ["secrets/other.yaml", "x: y\n"]]))).toEqual({
        changed: [],
        unchanged: 2,
      });
    } finally {
      fleet.remove();
    }
  });

  test("mends what is wrong below .sealed, and takes away what nobody refers to any more", async () => {
    const fleet = new RenderedFleet(onDisk());
    try {
      await fleet.render("out", { cached: true });
      const right = filesIn(fleet.path("out"));
      writeFileSync(fleet.path("out/a/c1/.sealed/sops/ceph.sops.yaml"), "other\n");
      writeFileSync(fleet.path("out/a/c1/.sealed/sops/stray.yaml"), "stray\n");
      unlinkSync(fleet.path(`out/a/c1/.sealed/pgp/${pgpDigest(PGP)}.asc`));
      fleet.ahead += 1000;
      const check = await fleet.render("out", { cached: true, check: true });
      expect(check).toMatchObject({
        missing: [`a/c1/.sealed/pgp/${pgpDigest(PGP)}.asc`],
        changed: ["a/c1/.sealed/sops/ceph.sops.yaml"],
        extra: ["a/c1/.sealed/sops/stray.yaml"],
      });
      await fleet.render("out", { cached: true });
      expect(filesIn(fleet.path("out"))).toEqual(right);
      fleet.ahead += 1000;
      fleet.put(onDisk("states/rest.yaml", "  pgp: {{ pillar.old | json }}\n"));
      await fleet.render("out", { cached: true });
      expect([...filesIn(fleet.path("out")).keys()].filter((path) => path.includes("/.sealed/"))).toEqual([
        "a/c1/.sealed/sops/ceph.sops.yaml",
      ]);
    } finally {
      fleet.remove();
    }
  });

  test("a file that appears mends what was refused for it", async () => {
    const gone = onDisk();
    gone.delete(SOPS);
    const fleet = new RenderedFleet(gone);
    try {
      const refused = await fleet.render("out", { cached: true });
      expect(JSON.stringify(refused)).toContain("secrets/ceph.sops.yaml does not exist");
      fleet.ahead += 1000;
      fleet.put(onDisk());
      expect(JSON.stringify(await fleet.render("out", { cached: true }))).not.toContain('"error"');
      fleet.ahead += 1000;
      fleet.put(gone);
      expect(JSON.stringify(await fleet.render("out", { cached: true }))).toContain("secrets/ceph.sops.yaml does not exist");
      expect([...filesIn(fleet.path("out")).keys()].filter((path) => path.startsWith("a/c1/"))).toEqual([
        "a/c1/plain/config.yaml",
        "a/c1/release.yaml",
      ]);
    } finally {
      fleet.remove();
    }
  });
});

test("the digest of the inputs is over the sealed files and where they may be used", () => {
  const digest = (files: Files): string => inputDigest(fleetOf(files));
  const config = (text: string): Files => onDisk("halite.yaml", "kubernetes", `${text}\nkubernetes`);
  const all = [
    onDisk(),
    onDisk(SOPS, enc("admin 1"), enc("admin 2")),
    config("sealed: {root: other}"),
    config("sealed: {allow: [{kind: A, path: /b, reason: c}]}"),
  ].map(digest);
  expect(new Set(all).size).toBe(all.length);
});

describe("the command line", () => {
  beforeAll(async () => {
    await build();
  });

  test("impact names what a sealed file reaches", async () => {
    await inTemporaryFolder(async (folder) => {
      write(folder, onDisk());
      const asked = await halite(["impact", "secrets/ceph.sops.yaml"], { cwd: folder });
      await expect(`${asked.stdout}${asked.stderr}`).toMatchFileSnapshot("golden/impact.txt");
      expect(asked.status).toBe(0);
      write(folder, new Map([["secrets/nobody.yaml", "x: y\n"]]));
      const nobody = await halite(["impact", "secrets/nobody.yaml"], { cwd: folder });
      await expect(`${nobody.stdout}${nobody.stderr}`).toMatchFileSnapshot("golden/impact-nothing.txt");
    });
  });

  test("explain shows the reference and where it comes from", async () => {
    await inTemporaryFolder(async (folder) => {
      write(folder, onDisk());
      const line = ["explain", "ceph/secret.yaml:14", "--cluster", "c1"];
      const asked = await halite(line, { cwd: folder });
      await expect(`${asked.stdout}${asked.stderr}`).toMatchFileSnapshot("golden/explain.txt");
    });
  });

  test("watch compiles what a saved sealed file reaches", async () => {
    await inTemporaryFolder(async (folder) => {
      write(folder, onDisk());
      const watch = new Watching(folder);
      const save = (path: string, text: string): void => {
        writeFileSync(join(folder, "saved"), text);
        renameSync(join(folder, "saved"), join(folder, path));
      };
      try {
        const [first = "", ...rest] = (await watch.block()).split("\n");
        expect(first).toContain(" secrets,");
        const blocks = [rest.join("\n")];
        save(SOPS, onDisk(SOPS, enc("rbd 1"), enc("rbd 2")).get(SOPS) ?? "");
        blocks.push(await watch.block());
        save(SOPS, onDisk(SOPS, "userKey:", "userkey:").get(SOPS) ?? "");
        blocks.push(await watch.block());
        await expect(`${blocks.join("\n\n")}\n`).toMatchFileSnapshot("golden/watch.txt");
      } finally {
        await watch.end();
      }
    });
  });

  test("publishes the sealed files, and shards make the same of them", async () => {
    await inTemporaryFolder(async (folder) => {
      write(folder, onDisk());
      for (const shard of ["0", "1"])
        expect(await halite(["render", "--shards", "2", "--shard", shard, "--out", `shard-${shard}`], { cwd: folder })).toMatchObject({
          status: 0,
        });
      const joined = await halite(["publish", "--rendered", "shard-0", "--rendered", "shard-1", "--json"], { cwd: folder });
      expect(joined).toMatchObject({ status: 0 });
      rmSync(join(folder, "shard-1"), { recursive: true });
      rmSync(join(folder, "shard-0"), { recursive: true });
      const again = await halite(["publish", "--json"], { cwd: folder });
      expect(JSON.parse(again.stdout)).toMatchObject({ kind: "unchanged" });
      write(folder, onDisk(SOPS, enc("admin 1"), enc("admin 2")));
      const changed = await halite(["publish", "--json"], { cwd: folder });
      expect(JSON.parse(changed.stdout)).toMatchObject({
        kind: "committed",
        changes: { added: [], changed: ["a/c1/.sealed/sops/ceph.sops.yaml"], removed: [] },
      });
    });
  });
});
