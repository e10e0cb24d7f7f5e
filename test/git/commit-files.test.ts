import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CommitFiles, resolveCommit } from "../../src/git/index.ts";
import { Disk, DiskFileRoots, type FileSystem } from "../../src/salt/index.ts";

describe("the files of a commit", () => {
  let top: string;
  let fleet: string;
  let files: CommitFiles;

  beforeAll(async () => {
    top = mkdtempSync(join(tmpdir(), "halite-commit-"));
    fleet = join(top, "deep/fleet");
    const texts: Readonly<Record<string, string>> = {
      "deep/fleet/halite.yaml": "roster: roster.yaml\n",
      "deep/fleet/states/top.sls": "base: {}\n",
      "deep/fleet/states/a b/ü.sls": "x: 1\n",
      "deep/fleet/states/tool.sh": "#!/bin/sh\n",
      "deep/fleet/out/az/c/release.yaml": "kind: Release\n",
      "shared/common.sls": "shared: true\n",
      "shared/below/more.sls": "more: true\n",
    };
    for (const [path, text] of Object.entries(texts)) {
      mkdirSync(dirname(join(top, path)), { recursive: true });
      writeFileSync(join(top, path), text);
    }
    writeFileSync(join(fleet, "states/binary"), Buffer.from([0, 255, 10, 0]));
    chmodSync(join(fleet, "states/tool.sh"), 0o755);
    symlinkSync("top.sls", join(fleet, "states/link.sls"));
    symlinkSync("../../../shared", join(fleet, "states/shared"));
    symlinkSync("nowhere", join(fleet, "states/broken"));
    symlinkSync("round", join(fleet, "states/round"));
    symlinkSync(".", join(fleet, "states/self"));
    const git = (...args: readonly string[]): void =>
      void execFileSync("git", ["-c", "user.name=a", "-c", "user.email=a@example.org", ...args], {
        cwd: top,
        env: { PATH: process.env["PATH"], HOME: top },
      });
    git("init", "--quiet");
    git("add", "--all");
    git("commit", "--quiet", "--message=All");
    const { commit } = await resolveCommit(fleet, "HEAD");
    files = await CommitFiles.open({ folder: fleet, commit, except: [join(fleet, "out")], outside: new Disk() });
  });
  afterAll(() => rmSync(top, { recursive: true, force: true }));

  it("answer as the disk of a checkout does", async () => {
    const disk = new Disk();
    const paths = [
      "",
      "/halite.yaml",
      "/states",
      ...[
        "top.sls",
        "a b",
        "a b/ü.sls",
        "tool.sh",
        "binary",
        "link.sls",
        "shared",
        "shared/common.sls",
        "shared/below/more.sls",
        "broken",
        "round",
        "self/top.sls",
        "none",
        "top.sls/x",
      ].map((path) => `/states/${path}`),
    ].map((path) => fleet + path);
    const told = (system: FileSystem): unknown =>
      paths.map((path) => {
        const status = system.status(path);
        return [
          path,
          status?.kind,
          status?.mode,
          system.isLink(path),
          status?.kind === "folder" ? [...system.names(path)].filter((name) => name !== "out").toSorted() : undefined,
          status?.kind === "file" ? Buffer.from(system.read(path)).toString("hex") : undefined,
          status === undefined ? undefined : system.realPath(path),
        ];
      });
    expect(told(files)).toStrictEqual(told(disk));
    await files.prefetch([fleet]);
    expect(told(files)).toStrictEqual(told(disk));
  });

  it("are file roots as those on disk", () => {
    const roots = (system: FileSystem): DiskFileRoots =>
      new DiskFileRoots([{ name: "base", roots: [{ directory: join(fleet, "states"), display: "states" }] }], { files: system });
    const [commit, disk] = [roots(files), roots(new Disk())];
    expect(commit.list("base")).toStrictEqual(disk.list("base"));
    expect(commit.listDirectories("base")).toStrictEqual(disk.listDirectories("base"));
    for (const path of disk.list("base")) {
      const [own, other] = [commit, disk].map((each) => each.find("base", path));
      expect([path, own?.digest, own?.mode, own?.display]).toStrictEqual([path, other?.digest, other?.mode, other?.display]);
    }
  });

  it("leave out what nobody asks for, and ask the disk for what is outside", () => {
    expect(files.status(join(fleet, "out"))).toBeUndefined();
    expect(files.status(tmpdir())?.kind).toBe("folder");
    expect(() => files.read(join(fleet, "none"))).toThrow(/ENOENT/);
  });
});
