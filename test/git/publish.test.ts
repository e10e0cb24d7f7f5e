import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { branchHead, commitTree, ensureBareRepository, type CommitOutcome } from "../../src/git/index.ts";

const AUTHOR = { name: "Ada Löwe", email: "ada@example.com", date: "1700000000 +0200" };
const COMMITTER = { name: "Halite", email: "halite@localhost", date: "1700000100 +0000" };

let folder: string;
let repository: string;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "halite-git-"));
  repository = join(folder, "addons.git");
  await ensureBareRepository(repository, "addons");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const commit = (tree: Record<string, string | Uint8Array>): Promise<CommitOutcome> =>
  commitTree({
    repository,
    branch: "addons",
    tree: new Map(Object.entries(tree)),
    message: (changes) => `+${changes.added.length} ~${changes.changed.length} -${changes.removed.length}\n`,
    author: AUTHOR,
    committer: COMMITTER,
  });
const raw = (...args: string[]): string => execFileSync("git", args, { cwd: repository, encoding: "utf8" });

describe("a compiled tree on a branch", () => {
  test("the first commit has the tree, the author, the committer and no parent", async () => {
    const outcome = await commit({ "a/b.yaml": "one\n", "c.yaml": "two\n" });
    expect(outcome).toMatchObject({ kind: "committed", parent: null });
    expect(raw("log", "--format=%an <%ae> %ad|%cn|%B", "--date=raw", "addons").trim()).toBe(
      "Ada Löwe <ada@example.com> 1700000000 +0200|Halite|+2 ~0 -0",
    );
    expect(raw("ls-tree", "-r", "--name-only", "addons")).toBe("a/b.yaml\nc.yaml\n");
  });

  test("an equal tree makes no commit", async () => {
    await commit({ "a.yaml": "one\n" });
    const head = await branchHead(repository, "addons");
    expect(await commit({ "a.yaml": "one\n" })).toMatchObject({ kind: "unchanged", commit: head });
    expect(await branchHead(repository, "addons")).toBe(head);
  });

  test("added, changed and removed paths are told apart and the head is the parent", async () => {
    await commit({ "a.yaml": "one\n", "b.yaml": "two\n" });
    const head = await branchHead(repository, "addons");
    const outcome = await commit({ "b.yaml": "changed\n", "c.yaml": "new\n" });
    expect(outcome).toMatchObject({
      kind: "committed",
      parent: head,
      changes: { added: ["c.yaml"], changed: ["b.yaml"], removed: ["a.yaml"] },
    });
    expect(raw("show", "addons:b.yaml")).toBe("changed\n");
  });

  test("paths and contents of any bytes survive", async () => {
    const tree = { 'we "ird\\ näme.yaml': new Uint8Array([0, 10, 255, 13]), "tab\there": "" };
    await commit(tree);
    expect(await commit(tree)).toMatchObject({ kind: "unchanged" });
  });

  test("a file that becomes a folder and back", async () => {
    await commit({ x: "file\n" });
    await commit({ "x/y": "in a folder\n" });
    expect(raw("ls-tree", "-r", "--name-only", "addons")).toBe("x/y\n");
    await commit({ x: "file again\n" });
    expect(raw("ls-tree", "-r", "--name-only", "addons")).toBe("x\n");
  });

  test("making the repository twice keeps it", async () => {
    expect(await ensureBareRepository(repository, "addons")).toBe(false);
    expect(existsSync(join(repository, "HEAD"))).toBe(true);
  });
});
