import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { build } from "../../scripts/build.mjs";
import { halite, inTemporaryFolder } from "../cli/halite.ts";
import { bareRepository, FleetRepository, gitIn, state } from "../git/fleet-repository.ts";

beforeAll(async () => {
  await build();
});

interface Published {
  readonly fleet: FleetRepository;
  readonly bare: string;
  readonly head: () => string;
}

/** A fleet, committed, and a remote to publish to; published once. */
async function inPublished(run: (published: Published) => Promise<void>, config = ""): Promise<void> {
  await inTemporaryFolder(async (folder) => {
    const bare = bareRepository(join(folder, "remote.git"));
    const fleet = new FleetRepository(join(folder, "fleet"), `{remote: 'file://${bare}'${config}}`);
    fleet.commit("Fleet");
    expect(await fleet.run(["publish"])).toMatchObject({ status: 0, stderr: "" });
    await run({ fleet, bare, head: () => gitIn(bare, "rev-parse", "addons").trim() });
  });
}

/** Messages without what differs from run to run. */
function said(text: string, bare: string): string {
  return text
    .replaceAll(bare, "/REMOTE")
    .replaceAll(/\b[0-9a-f]{40}\b/g, "COMMIT")
    .replaceAll(/\b[0-9a-f]{12}\b/g, "COMMIT");
}

/** The compile would refuse most of it before publish looks. */
function withoutPolicy(fleet: FleetRepository): void {
  fleet.edit("halite.yaml", "publish:", "policies: {disable: [policy-secret-plain]}\npublish:");
}

interface Case {
  readonly name: string;
  readonly prepare: (published: Published) => void;
  /** Options with which it is published all the same. */
  readonly allow?: readonly string[];
  /** Published twice before. */
  readonly twice?: true;
}

const PEM = `-----BEGIN RSA PRIVATE KEY-----\n${"MIIEpAIBAAKCAQEA".repeat(4)}\n-----END RSA PRIVATE KEY-----\n`;

const CASES: readonly Case[] = [
  {
    name: "changes that are not committed",
    prepare: ({ fleet }) => fleet.write("pillar/p.sls", "value: three\n"),
  },
  {
    name: "a file that git ignores and the compile reads",
    prepare: ({ fleet }) => {
      fleet.write(".gitignore", ".halite/\nout/\nlocal.sls\n");
      fleet.write("pillar/top.sls", "base:\n  '*': [p, local]\n");
      fleet.write("pillar/local.sls", "value: local\n");
      fleet.commit("Local");
    },
  },
  {
    name: "an older source than the published one",
    twice: true,
    prepare: ({ fleet }) => void fleet.git("checkout", "--quiet", "HEAD~1"),
    allow: ["--allow-older"],
  },
  {
    name: "a source that has parted from the published one",
    twice: true,
    prepare: ({ fleet }) => {
      fleet.git("checkout", "--quiet", "-b", "side", "HEAD~1");
      fleet.commitValue("side");
    },
    allow: ["--allow-diverged"],
  },
  {
    name: "a head that Halite has not written",
    prepare: ({ bare, fleet }) => {
      const tree = gitIn(bare, "rev-parse", "addons^{tree}").trim();
      const commit = gitIn(bare, "commit-tree", "-p", "addons", "-m", "By hand", tree).trim();
      gitIn(bare, "update-ref", "refs/heads/addons", commit);
      fleet.commitValue("three");
    },
    allow: ["--allow-foreign"],
  },
  {
    name: "a zone that is gone",
    prepare: ({ fleet }) => {
      fleet.write("pillar/roster.yaml", fleet.read("pillar/roster.yaml").split("az2-a")[0] ?? "");
      fleet.commit("One zone");
    },
    allow: ["--allow-az-deletion", "az2"],
  },
  {
    name: "many objects that are gone",
    prepare: ({ fleet }) => {
      fleet.edit("states/map.yaml", "range(9)", "range(6)");
      fleet.commit("Fewer maps");
    },
    allow: ["--max-deletion", "30"],
  },
  {
    name: "a cluster that is gone",
    prepare: ({ fleet }) => {
      fleet.edit("pillar/roster.yaml", "az2-b:\n  minion_opts: {grains: {az: az2}}\n", "");
      fleet.commit("Three clusters");
    },
    allow: ["--max-deletion", "25"],
  },
  {
    name: "Secrets in plain",
    prepare: ({ fleet }) => {
      withoutPolicy(fleet);
      fleet.write("states/top.sls", "base:\n  '*': [classes, map]\n  'az1*': [secret]\n");
      fleet.write("states/secret.sls", state("secret", "secret.yaml"));
      fleet.write(
        "states/secret.yaml",
        "apiVersion: v1\nkind: Secret\nmetadata: {name: login, namespace: default}\nstringData: {user: admin, password: correct-horse}\n",
      );
      fleet.commit("Secret");
    },
    allow: ["--allow-plain", "az1/az1-a/secret/secret.yaml", "--allow-plain", "az1/az1-b/secret/secret.yaml"],
  },
  {
    name: "private keys and a SOPS file in plain",
    prepare: ({ fleet }) => {
      const maps = { pem: PEM, base64: Buffer.from(PEM).toString("base64"), age: `AGE-SECRET-KEY-1${"Q".repeat(58)}` };
      withoutPolicy(fleet);
      fleet.write("states/top.sls", "base:\n  '*': [classes, map]\n  'az1-a': [keys]\n");
      fleet.write("states/keys.sls", state("keys", "keys.yaml"));
      fleet.write(
        "states/keys.yaml",
        `${Object.entries(maps)
          .map(
            ([name, text]) =>
              `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ${name}\n  namespace: default\n  annotations:\n    halite.dev/allow-secret: /data/key a key for tests, which opens nothing\ndata:\n  key: ${JSON.stringify(text)}\n`,
          )
          .join(
            "---\n",
          )}---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: sops, namespace: default}\ndata:\n  file: |\n    password: open\n    sops:\n      mac: none\n`,
      );
      fleet.commit("Keys");
    },
    allow: ["--allow-plain", "az1/az1-a/keys/keys.yaml"],
  },
  {
    name: "a hook of the remote that declines",
    prepare: ({ fleet, bare }) => {
      mkdirSync(join(bare, "hooks"), { recursive: true });
      writeFileSync(
        join(bare, "hooks/pre-receive"),
        "#!/bin/sh\nprintf '\\033[31mGH006: Protected branch update failed for refs/heads/addons.\\033[0m\\n' >&2\nprintf 'Changes must be made through a pull request.\\n' >&2\nexit 1\n",
        { mode: 0o755 },
      );
      fleet.commitValue("three");
    },
  },
  {
    name: "a release that fails validation",
    prepare: ({ fleet }) => {
      fleet.edit("states/class.yaml", "provisioner:", "provisioned:");
      fleet.commit("Typo");
    },
    allow: ["--partial"],
  },
];

describe("a publish that is refused says what, why and what to do, and publishes nothing", () => {
  test.each(CASES)("$name", async ({ name, prepare, allow, twice }) => {
    await inPublished(async (published) => {
      const { fleet, bare, head } = published;
      if (twice === true) {
        fleet.commitValue("two");
        expect(await fleet.run(["publish"])).toMatchObject({ status: 0, stderr: "" });
      }
      prepare(published);
      const before = head();
      const run = await fleet.run(["publish"]);
      expect(run).toMatchObject({ status: 1, stdout: "" });
      expect(head()).toBe(before);
      expect(run.stderr).not.toContain("correct-horse");
      await expect(said(run.stderr, bare)).toMatchFileSnapshot(`golden/refusals/${name.replaceAll(/[^a-zA-Z0-9]+/g, "-")}.txt`);
      if (allow === undefined) return;
      expect(await fleet.run(["publish", ...allow])).toMatchObject({ status: 0 });
      expect(head()).not.toBe(before);
      expect(gitIn(bare, "rev-parse", "addons~1").trim()).toBe(before);
    });
  });

  test("in a shallow clone, which can't tell what is older", async () => {
    await inPublished(async ({ fleet, bare }) => {
      fleet.commitValue("two");
      fleet.git("clone", "--quiet", "--depth=1", `file://${fleet.folder}`, join(fleet.folder, "../shallow"));
      const run = await halite(["publish"], { cwd: join(fleet.folder, "../shallow") });
      expect(run).toMatchObject({ status: 1, stdout: "" });
      await expect(said(run.stderr, bare)).toMatchFileSnapshot("golden/refusals/shallow.txt");
    });
  });

  test("from a repository that does not have what is published", async () => {
    await inPublished(async ({ bare, fleet }) => {
      const other = new FleetRepository(join(fleet.folder, "../other"), `{remote: 'file://${bare}'}`);
      other.commit("Another fleet");
      const run = await other.run(["publish"]);
      expect(run).toMatchObject({ status: 1, stdout: "" });
      await expect(said(run.stderr, bare)).toMatchFileSnapshot("golden/refusals/another-repository.txt");
      expect(await other.run(["publish", "--allow-diverged"])).toMatchObject({ status: 0 });
    });
  });

  test("a password in the remote's URL, which is not shown", async () => {
    await inTemporaryFolder(async (folder) => {
      const fleet = new FleetRepository(folder, "{remote: 'https://ada:hunter2@git.example.com/addons.git'}");
      fleet.commit("Fleet");
      const run = await fleet.run(["publish"]);
      expect(run.status).toBe(1);
      expect(run.stderr).not.toContain("hunter2");
      await expect(run.stderr).toMatchFileSnapshot("golden/refusals/password.txt");
    });
  });

  test.each([
    ["a variable that is not set", "{tokenEnv: HALITE_TEST_TOKEN}"],
    ["a file that is not there", "{tokenFile: token}"],
  ])("a token: %s", async (name, auth) => {
    await inTemporaryFolder(async (folder) => {
      const fleet = new FleetRepository(folder, `{remote: 'https://git.example.com/addons.git', auth: ${auth}}`);
      fleet.commit("Fleet");
      const run = await fleet.run(["publish"]);
      expect(run.status).toBe(3);
      await expect(run.stderr).toMatchFileSnapshot(`golden/refusals/${name.replaceAll(" ", "-")}.txt`);
    });
  });

  test("a limit that is none", async () => {
    await inPublished(async ({ fleet }) => {
      const run = await fleet.run(["publish", "--max-deletion", "all"]);
      expect(run).toMatchObject({
        status: 2,
        stderr: 'halite: --max-deletion takes a number of a hundred, from 0 to 100, not "all"\nTry `halite publish --help`.\n',
      });
    });
  });

  test("the config's own limit", async () => {
    await inPublished(async ({ fleet }) => {
      fleet.edit("states/map.yaml", "range(9)", "range(6)");
      fleet.commit("Fewer maps");
      expect(await fleet.run(["publish"])).toMatchObject({ status: 0 });
    }, ", maxDeletion: 30");
  });
});
