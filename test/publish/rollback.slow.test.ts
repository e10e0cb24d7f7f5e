import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { build } from "../../scripts/build.mjs";
import { halite, inTemporaryFolder } from "../cli/halite.ts";
import { bareRepository, FleetRepository, gitIn } from "../git/fleet-repository.ts";

beforeAll(async () => {
  await build();
});

interface Published {
  readonly fleet: FleetRepository;
  readonly at: (...args: string[]) => string;
  /** The source commits of `one`, `two` and `three`, and the commits that they were published with. */
  readonly sources: readonly string[];
  readonly commits: readonly string[];
}

/** A fleet that was published three times: the value is one, then two, then three with an addon less. */
async function inPublished(run: (published: Published) => Promise<void>): Promise<void> {
  await inTemporaryFolder(async (folder) => {
    const bare = bareRepository(join(folder, "remote.git"));
    const fleet = new FleetRepository(join(folder, "fleet"), `{remote: 'file://${bare}'}`);
    const at = (...args: string[]): string => gitIn(bare, ...args).trim();
    const sources: string[] = [];
    const commits: string[] = [];
    for (const value of ["one", "two", "three"]) {
      if (value === "three") fleet.write("states/top.sls", "base:\n  '*': [map]\n");
      sources.push(fleet.commitValue(value));
      expect(await fleet.run(["publish"])).toMatchObject({ status: 0, stderr: "" });
      commits.push(at("rev-parse", "addons"));
    }
    await run({ fleet, at, sources, commits });
  });
}

const trailers = (at: Published["at"]): string[] => at("log", "-1", "--format=%(trailers:unfold)", "addons").split("\n");

describe("halite rollback", () => {
  test("as a whole: the tree of then in a new commit, whose trailers say so; later publishes go on from there", async () => {
    await inPublished(async ({ fleet, at, sources, commits }) => {
      const run = await fleet.run(["rollback", "--to", "~2"]);
      expect(run).toMatchObject({ status: 0, stderr: "" });
      expect(run.stdout).toMatch(
        /^rolled back to [0-9a-f]{12} with [0-9a-f]{12} on file:\S+ branch addons: 4 new, 8 changed, 0 removed files\n/,
      );
      expect(at("rev-parse", "addons^{tree}", "addons~1")).toBe(`${at("rev-parse", `${commits[0]}^{tree}`)}\n${commits[2]}`);
      expect(at("log", "-1", "--format=%an|%cn|%s", "addons")).toBe(`Ada Löwe|Halite|Roll back to ${commits[0]?.slice(0, 12)}: Value one`);
      expect(trailers(at)).toEqual([
        `Source: ${sources[0]}`,
        expect.stringMatching(/^Compiler: halite /),
        expect.stringMatching(/^Input-Digest: sha256:[0-9a-f]{64}$/),
        `Rollback-To: ${commits[0]}`,
        `Rolled-Back: ${sources[2]}`,
      ]);
      // What was rolled back is what later sources must come after.
      fleet.git("checkout", "--quiet", sources[1] ?? "");
      expect((await fleet.run(["publish"])).stderr).toContain("[publish-older]");
      fleet.git("checkout", "--quiet", "main");
      fleet.commitValue("four");
      expect(await fleet.run(["publish", "--max-deletion", "20"])).toMatchObject({ status: 0, stderr: "" });
      expect(at("show", "addons:az1/az1-a/map/map.yaml")).toContain("value: four");
    });
  });

  test("by a published commit and by a source commit; nothing differs, nothing committed", async () => {
    await inPublished(async ({ fleet, at, sources, commits }) => {
      expect(await fleet.run(["rollback", "--to", commits[1]?.slice(0, 9) ?? ""])).toMatchObject({ status: 0 });
      const head = at("rev-parse", "addons");
      expect((await fleet.run(["rollback", "--to", sources[1] ?? ""])).stdout).toContain("nothing to roll back");
      expect(at("rev-parse", "addons")).toBe(head);
      expect(await fleet.run(["rollback", "--to", "addons~1", "--max-deletion", "20", "--json"])).toMatchObject({ status: 0 });
      expect(at("rev-parse", "addons^{tree}")).toBe(at("rev-parse", `${commits[2]}^{tree}`));
    });
  });

  test("one zone: the other stays as it is", async () => {
    await inPublished(async ({ fleet, at, sources, commits }) => {
      expect(await fleet.run(["rollback", "--to", "~2", "--az", "az1"])).toMatchObject({ status: 0 });
      expect(at("rev-parse", "addons:az1", "addons:az2")).toBe(at("rev-parse", `${commits[0]}:az1`, `${commits[2]}:az2`));
      expect(trailers(at)).toEqual(expect.arrayContaining([`Source: ${sources[2]}`, `Rollback-To: ${commits[0]}`, "Rollback-Az: az1"]));
    });
  });

  test("one addon in one zone: its files and its part of release.yaml, which is what a compile would have written", async () => {
    await inPublished(async ({ fleet, at, commits }) => {
      expect(await fleet.run(["rollback", "--to", "~1", "--az", "az2", "--addon", "classes"])).toMatchObject({ status: 0, stderr: "" });
      // The addon is there again, beside the map of the third value.
      expect(at("show", "addons:az2/az2-a/classes/class.yaml")).toContain("kind: StorageClass");
      expect(at("show", "addons:az2/az2-a/map/map.yaml")).toContain("value: three");
      expect(at("rev-parse", "addons:az1")).toBe(at("rev-parse", `${commits[2]}:az1`));
      // The same by a compile: both addons, the third value.
      fleet.write("states/top.sls", "base:\n  '*': [classes, map]\n");
      await fleet.run(["render"]);
      expect(at("show", "addons:az2/az2-a/release.yaml")).toBe(fleet.read("out/az2/az2-a/release.yaml").trim());
      expect(trailers(at)).toEqual(expect.arrayContaining(["Rollback-Az: az2", "Rollback-Addon: classes"]));
    });
  });

  test("an addon that was not there then goes; too much of that is refused", async () => {
    await inPublished(async ({ fleet, at, commits }) => {
      fleet.write("states/top.sls", "base:\n  '*': [classes, map]\n");
      fleet.commit("Classes again");
      expect(await fleet.run(["publish"])).toMatchObject({ status: 0 });
      expect(await fleet.run(["rollback", "--to", commits[2] ?? "", "--addon", "classes", "--max-deletion", "5"])).toMatchObject({
        status: 1,
      });
      expect(await fleet.run(["rollback", "--to", commits[2] ?? "", "--addon", "classes"])).toMatchObject({ status: 0 });
      expect(at("rev-parse", "addons^{tree}")).toBe(at("rev-parse", `${commits[2]}^{tree}`));
    });
  });

  test("what can't be done is said, and nothing is committed", async () => {
    const cases: [args: string[], status: number, message: string][] = [
      [[], 2, "name what to restore with --to"],
      [["abc"], 2, "rollback takes no arguments; name what to restore with --to abc"],
      [["--to", "deadbeef"], 1, '"deadbeef" names nothing that was published'],
      [["--to", "~9"], 1, "the branch has 3 commits"],
      [["--to", "~1", "--az", "az9"], 1, 'there is no zone "az9" in what is published, now or then'],
      [["--to", "~1", "--addon", "clases"], 1, "There is classes, map."],
    ];
    await inPublished(async ({ fleet, at, commits }) => {
      for (const [args, status, message] of cases) {
        const run = await fleet.run(["rollback", ...args]);
        expect(run).toMatchObject({ status, stdout: "" });
        expect(run.stderr).toContain(message);
      }
      expect(at("rev-parse", "addons")).toBe(commits[2]);
    });
  });

  test("nothing is published, or nobody is known to do it", async () => {
    await inTemporaryFolder(async (folder) => {
      const fleet = new FleetRepository(folder);
      expect((await fleet.run(["rollback", "--to", "~1"])).stderr).toContain(
        "nothing is published: .halite/addons.git has no branch addons",
      );
      const env = { GIT_CONFIG_COUNT: "1", GIT_CONFIG_KEY_0: "user.useConfigOnly", GIT_CONFIG_VALUE_0: "true", GIT_CONFIG_NOSYSTEM: "1" };
      const run = await halite(["rollback", "--to", "~1"], { cwd: folder, env });
      expect(run).toMatchObject({ status: 3 });
      expect(run.stderr).toContain("git does not know who you are, and a rollback names who did it");
    });
  });
});
