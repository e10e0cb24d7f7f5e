import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { parseRemote, PublishedBranch, sourceState, type BranchHead } from "../../src/git/index.ts";
import { publish, type PublishAllowances, type PublishOutcome } from "../../src/publish/index.ts";
import { bareRepository, FleetRepository, gitIn } from "../git/fleet-repository.ts";

const NOTHING: PublishAllowances = {
  older: false,
  diverged: false,
  foreign: false,
  superseded: false,
  plain: [],
  maxDeletion: 100,
  zones: [],
};

let folder: string;
let bare: string;
let origin: FleetRepository;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "halite-races-"));
  bare = bareRepository(join(folder, "remote.git"));
  origin = new FleetRepository(join(folder, "origin"), "{}");
  origin.commit("Fleet");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

let clones = 0;
/** Publishes from a clone of its own that has one source commit and what came before it. */
async function publishFrom(source: string, first: BranchHead | null, allowed: Partial<PublishAllowances> = {}): Promise<PublishOutcome> {
  const clone = join(folder, `clone-${(clones += 1)}`);
  gitIn(folder, "init", "--quiet", clone);
  gitIn(clone, "remote", "add", "origin", `file://${origin.folder}`);
  gitIn(clone, "fetch", "--quiet", "--no-tags", "--refmap=", "origin", source);
  gitIn(clone, "checkout", "--quiet", "--detach", source);
  const branch = await PublishedBranch.open({ remote: parseRemote(`file://${bare}`, clone), branch: "addons", auth: {}, folder: clone });
  try {
    const value = /value: (.*)/.exec(gitIn(clone, "show", "HEAD:pillar/p.sls"))?.[1] ?? "";
    return await publish(branch, first, {
      files: new Map([["az1/a/map/map.yaml", `value: ${value}\n`]]),
      failed: [],
      source: await sourceState(clone, ["pillar"]),
      inputDigest: "0".repeat(64),
      version: "0",
      allowed: { ...NOTHING, ...allowed },
      sign: null,
    });
  } finally {
    branch.close();
  }
}

/** The sources that the branch's commits were made from, the oldest first. */
const history = (): string[] =>
  gitIn(bare, "log", "--reverse", "--format=%(trailers:key=Source,valueonly,separator=)", "addons").trim().split("\n");

describe("another publisher was first, since the branch was looked at", () => {
  test("with a source before ours: ours follows it", async () => {
    const [one, two] = [origin.commitValue("one more"), origin.commitValue("two")];
    await publishFrom(one, null);
    const outcome = await publishFrom(two, null);
    expect(outcome).toMatchObject({ kind: "committed", parent: gitIn(bare, "rev-parse", "addons~1").trim() });
    expect(history()).toEqual([one, two]);
  });

  test("with a source after ours, which our clone does not have: we are superseded, and that is no error", async () => {
    const [one, two] = [origin.commitValue("one more"), origin.commitValue("two")];
    await publishFrom(two, null);
    expect(await publishFrom(one, null)).toEqual({
      kind: "superseded",
      commit: gitIn(bare, "rev-parse", "addons").trim(),
      source: two,
    });
    expect(history()).toEqual([two]);
  });

  test("with our own source: the commit is the very same, and there once", async () => {
    const one = origin.commitValue("one more");
    const first = await publishFrom(one, null);
    expect(await publishFrom(one, null)).toEqual(first);
    expect(history()).toEqual([one]);
  });

  test("with a source that has parted from ours: refused, unless that was allowed", async () => {
    const one = origin.commitValue("one more");
    origin.git("checkout", "--quiet", "-b", "side", "HEAD~1");
    const side = origin.commitValue("side");
    await publishFrom(one, null);
    await expect(publishFrom(side, null)).rejects.toMatchObject({ findings: [{ code: "publish-diverged" }] });
    expect(history()).toEqual([one]);
    expect(await publishFrom(side, null, { diverged: true })).toMatchObject({ kind: "committed" });
    expect(history()).toEqual([one, side]);
  });

  test("all at once: one history in the order of the sources", async () => {
    const sources = ["a", "b", "c", "d"].map((value) => origin.commitValue(value));
    const outcomes = await Promise.all([...sources].reverse().map((source) => publishFrom(source, null)));
    expect(outcomes.every(({ kind }) => kind === "committed" || kind === "superseded")).toBe(true);
    const order = history().map((source) => sources.indexOf(source));
    expect(order).toEqual([...order].sort((a, b) => a - b));
    expect(order.at(-1)).toBe(3);
  });
});
