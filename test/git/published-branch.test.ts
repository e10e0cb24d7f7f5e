import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { parseRemote, PublishedBranch, type BranchHead, type TreeChanges } from "../../src/git/index.ts";
import { bareRepository, gitIn } from "./fleet-repository.ts";

const AUTHOR = { name: "Ada Löwe", email: "ada@example.com", date: "1700000000 +0200" };
const COMMITTER = { name: "Halite", email: "halite@localhost", date: "1700000100 +0000" };

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "halite-git-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const open = (remote: string): Promise<PublishedBranch> =>
  PublishedBranch.open({ remote: parseRemote(remote, folder), branch: "addons", auth: {}, folder });

interface Made {
  readonly commit: string;
  readonly parent: string | null;
  readonly changes: TreeChanges;
}

async function make(branch: PublishedBranch, head: BranchHead | null, files: Record<string, string | Uint8Array>): Promise<Made> {
  const tree = new Map(Object.entries(files));
  const changes = branch.changes(head, tree);
  const message = `+${changes.added.length} ~${changes.changed.length} -${changes.removed.length}\n`;
  const commit = await branch.commit(head, { tree, changes, message, author: AUTHOR, committer: COMMITTER, sign: null });
  return { commit, parent: head?.commit ?? null, changes };
}

async function publish(branch: PublishedBranch, files: Record<string, string | Uint8Array>): Promise<Made> {
  const made = await make(branch, await branch.head(), files);
  expect(await branch.push(made.commit, made.parent)).toEqual({ kind: "pushed" });
  return made;
}

describe.each([
  ["the embedded repository", (): string => ".halite/addons.git"],
  ["a remote", (): string => `file://${bareRepository(join(folder, "remote.git"))}`],
])("a branch of %s", (_kind, remote) => {
  let branch: PublishedBranch;
  let raw: (...args: string[]) => string;
  beforeEach(async () => {
    const name = remote();
    branch = await open(name);
    const repository = name.startsWith("file://") ? name.slice("file://".length) : join(folder, name);
    raw = (...args) => gitIn(repository, ...args);
  });
  afterEach(() => branch.close());

  test("the first commit has the tree, the author, the committer and no parent", async () => {
    expect(await branch.head()).toBeNull();
    const made = await publish(branch, { "a/b.yaml": "one\n", "c.yaml": "two\n" });
    expect(made.changes).toEqual({ added: ["a/b.yaml", "c.yaml"], changed: [], removed: [] });
    expect(raw("log", "--format=%an <%ae> %ad|%cn %cd|%P|%B", "--date=raw", "addons").trim()).toBe(
      "Ada Löwe <ada@example.com> 1700000000 +0200|Halite 1700000100 +0000||+2 ~0 -0",
    );
    expect(raw("ls-tree", "-r", "--name-only", "addons")).toBe("a/b.yaml\nc.yaml\n");
  });

  test("added, changed and removed paths are told apart, and the head is the parent", async () => {
    const first = await publish(branch, { "a.yaml": "one\n", "b.yaml": "two\n" });
    const { parent, changes } = await publish(branch, { "b.yaml": "changed\n", "c.yaml": "new\n" });
    expect({ parent, changes }).toEqual({ parent: first.commit, changes: { added: ["c.yaml"], changed: ["b.yaml"], removed: ["a.yaml"] } });
    expect(raw("show", "addons:b.yaml")).toBe("changed\n");
    expect(raw("rev-list", "--count", "addons")).toBe("2\n");
  });

  test("paths and contents of any bytes survive, and are equal to themselves", async () => {
    const tree = { 'we "ird\\ näme.yaml': new Uint8Array([0, 10, 255, 13]), "tab\there": "", "line\nfeed": "x" };
    await publish(branch, tree);
    const head = await branch.head();
    expect(branch.changes(head, new Map(Object.entries(tree)))).toEqual({ added: [], changed: [], removed: [] });
    const blobs = await branch.read(head?.files.values() ?? []);
    const texts = Object.fromEntries([...(head?.files ?? [])].map(([path, id]) => [path, blobs.get(id)?.toString("latin1")]));
    expect(texts).toEqual({ "line\nfeed": "x", "tab\there": "", 'we "ird\\ näme.yaml': "\0\n\u00ff\r" });
  });

  test("a file that becomes a folder and back", async () => {
    await publish(branch, { x: "file\n" });
    await publish(branch, { "x/y": "in a folder\n" });
    expect(raw("ls-tree", "-r", "--name-only", "addons")).toBe("x/y\n");
    await publish(branch, { x: "file again\n" });
    expect(raw("ls-tree", "-r", "--name-only", "addons")).toBe("x\n");
  });

  test("the branch moves only from where it was last seen; two who make the same make the same commit", async () => {
    await publish(branch, { a: "1" });
    const head = await branch.head();
    const [mine, same, other] = [
      await make(branch, head, { a: "2" }),
      await make(branch, head, { a: "2" }),
      await make(branch, head, { a: "3" }),
    ];
    expect(mine.commit).toBe(same.commit);
    expect(await branch.push(mine.commit, head?.commit ?? null)).toEqual({ kind: "pushed" });
    expect(await branch.push(other.commit, head?.commit ?? null)).toEqual({ kind: "moved" });
    expect(await branch.push(other.commit, null)).toEqual({ kind: "moved" });
    expect(raw("rev-parse", "addons").trim()).toBe(mine.commit);
    const late = await make(branch, null, { a: "first" });
    expect(await branch.push(late.commit, null)).toEqual({ kind: "moved" });
  });

  test("nothing of a run stays, and nothing but the branch is in the repository", async () => {
    await publish(branch, { a: "1" });
    branch.close();
    expect(readdirSync(join(branch.store, "halite-runs"))).toEqual([]);
    expect(raw("for-each-ref", "--format=%(refname)")).toBe("refs/heads/addons\n");
    expect(raw("fsck", "--strict", "--full")).toBe("");
  });

  test("what a killed run left is taken away; what others are at is not", async () => {
    await publish(branch, { a: "1" });
    const dead = execFileSync("sh", ["-c", "echo $$"], { encoding: "utf8" }).trim();
    const [objects, now] = [join(branch.store, "objects"), Date.now() / 1000];
    mkdirSync(join(branch.store, `halite-runs/${dead}-0123456789ab/refs`), { recursive: true });
    const left = ["pack/tmp_pack_old", "pack/tmp_idx_old"].map((name) => join(objects, name));
    const lock = join(branch.store, "refs/heads/addons.lock");
    for (const path of [...left, lock]) {
      writeFileSync(path, "half");
      utimesSync(path, now - 7200, now - 7200);
    }
    writeFileSync(join(objects, "pack/tmp_pack_new"), "being written");
    const next = await open(branch.setting.remote.kind === "embedded" ? ".halite/addons.git" : `file://${join(folder, "remote.git")}`);
    try {
      expect([...left, lock].filter((path) => existsSync(path))).toEqual([]);
      expect(existsSync(join(objects, "pack/tmp_pack_new"))).toBe(true);
      expect(readdirSync(join(branch.store, "halite-runs")).filter((name) => name.startsWith(`${dead}-`))).toEqual([]);
      expect(existsSync(branch.options.cwd)).toBe(true);
      await publish(next, { a: "2" });
    } finally {
      next.close();
    }
  });
});

test("a repository that names its objects by SHA-256", async () => {
  mkdirSync(join(folder, ".halite"));
  gitIn(folder, "init", "--quiet", "--bare", "--object-format=sha256", "--initial-branch=addons", ".halite/addons.git");
  const branch = await open(".halite/addons.git");
  try {
    await publish(branch, { a: "1" });
    const { commit, changes } = await publish(branch, { a: "1", b: "2" });
    expect(changes).toEqual({ added: ["b"], changed: [], removed: [] });
    expect(commit).toHaveLength(64);
  } finally {
    branch.close();
  }
});

test("many at once make the repository once", async () => {
  const branches = await Promise.all(Array.from({ length: 6 }, () => open(".halite/addons.git")));
  for (const branch of branches) branch.close();
  expect(readdirSync(join(folder, ".halite"))).toEqual(["addons.git"]);
});
