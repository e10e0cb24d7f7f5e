import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { build } from "../../scripts/build.mjs";
import { halite, inTemporaryFolder, type Run } from "./halite.ts";

beforeAll(async () => {
  await build();
});

/** A folder with files, and the command line run in it. */
class Sandbox {
  readonly folder: string;
  constructor(folder: string) {
    this.folder = folder;
  }
  write(path: string, text: string): void {
    mkdirSync(dirname(join(this.folder, path)), { recursive: true });
    writeFileSync(join(this.folder, path), text);
  }
  read(path: string): string {
    return readFileSync(join(this.folder, path), "utf8");
  }
  run(...args: string[]): Promise<Run> {
    return halite(args, { cwd: this.folder });
  }
  out(): string[] {
    return existsSync(join(this.folder, "out"))
      ? readdirSync(join(this.folder, "out"), { recursive: true, encoding: "utf8" })
          .filter((path) => path.endsWith(".yaml"))
          .sort()
      : [];
  }
  git(...args: string[]): string {
    return execFileSync("git", ["-C", join(this.folder, ".halite/addons.git"), ...args], { encoding: "utf8" });
  }
}

/** Two clusters and two addons: `classes` for both, `extra` for prod. */
function twoClusters(sandbox: Sandbox): void {
  sandbox.write("halite.yaml", "kubernetes: '1.36'\n");
  sandbox.write(
    "pillar/roster.yaml",
    "a1:\n  minion_opts: {grains: {az: az1, env: prod}}\nb1:\n  minion_opts: {grains: {az: az2, env: test, kubernetes: '1.35'}}\n",
  );
  sandbox.write("pillar/top.sls", "base:\n  '*': [classes]\n");
  sandbox.write("pillar/classes.sls", "classes:\n  policy: Retain\n");
  sandbox.write("states/top.sls", "base:\n  '*': [classes]\n  'G@env:prod': [extra]\n");
  sandbox.write(
    "states/classes.sls",
    "classes:\n  file.managed:\n    - name: /etc/kubernetes/addons/classes/class.yaml\n    - source: salt://class.yaml\n    - template: jinja\n    - makedirs: True\n",
  );
  sandbox.write(
    "states/class.yaml",
    "apiVersion: storage.k8s.io/v1\nkind: StorageClass\nmetadata:\n  name: local\n  labels: {addonmanager.kubernetes.io/mode: Reconcile}\nprovisioner: kubernetes.io/no-provisioner\nreclaimPolicy: {{ pillar.classes.policy }}\n",
  );
  sandbox.write(
    "states/extra.sls",
    "extra:\n  file.managed:\n    - name: /etc/kubernetes/addons/extra/map.yaml\n    - makedirs: True\n    - contents: |\n        apiVersion: v1\n        kind: ConfigMap\n        metadata:\n          name: extra\n          namespace: default\n          labels: {addonmanager.kubernetes.io/mode: Reconcile}\n",
  );
}

async function inFleet(run: (sandbox: Sandbox) => Promise<void>): Promise<void> {
  await inTemporaryFolder(async (folder) => {
    const sandbox = new Sandbox(folder);
    twoClusters(sandbox);
    await run(sandbox);
  });
}

describe("a new fleet", () => {
  test("init, render, render --check, publish twice", async () => {
    await inTemporaryFolder(async (folder) => {
      const sandbox = new Sandbox(folder);
      expect(await sandbox.run("init", ".")).toMatchObject({ status: 0, stderr: "" });
      expect(await sandbox.run("render")).toEqual({ status: 0, stdout: "1 cluster, 1 addon, 1 object; 2 files new\n", stderr: "" });
      expect(sandbox.out()).toEqual(["az1/az1-test-01/release.yaml", "az1/az1-test-01/storage-classes/classes.yaml"]);
      expect(await sandbox.run("render", "--check")).toEqual({ status: 0, stdout: "out/ is fresh\n", stderr: "" });
      expect((await sandbox.run("publish")).stdout).toMatch(
        /^published [0-9a-f]{12} to \.halite\/addons\.git branch addons: 2 new, 0 changed, 0 removed files\n$/,
      );
      expect((await sandbox.run("publish")).stdout).toMatch(
        /^nothing changed: \.halite\/addons\.git branch addons stays at [0-9a-f]{12}\n$/,
      );
      expect(sandbox.git("rev-list", "--count", "addons").trim()).toBe("1");
    });
  });

  test("init overwrites nothing", async () => {
    await inTemporaryFolder(async (folder) => {
      const sandbox = new Sandbox(folder);
      sandbox.write("fleet/halite.yaml", "mine\n");
      expect(await sandbox.run("init", "fleet")).toEqual({
        status: 3,
        stdout: "",
        stderr: "halite: fleet already holds halite.yaml\nnothing was written; take an empty folder, or remove these files first\n",
      });
      expect(sandbox.read("fleet/halite.yaml")).toBe("mine\n");
      expect(existsSync(join(folder, "fleet/states"))).toBe(false);
    });
  });

  test("without a fleet every command says so and exits 3", async () => {
    await inTemporaryFolder(async (folder) => {
      for (const command of ["render", "watch", "validate", "publish", "start"]) {
        expect(await halite([command], { cwd: folder })).toEqual({
          status: 3,
          stdout: "",
          stderr:
            "halite: there is no halite.yaml here or in any folder above\n`halite init DIR` makes a new fleet; --config names another file\n",
        });
      }
    });
  });
});

describe("render", () => {
  test("--check names what is missing, differs and is extra, and writes nothing", async () => {
    await inFleet(async (sandbox) => {
      await sandbox.run("render");
      rmSync(join(sandbox.folder, "out/az2/b1/classes/class.yaml"));
      sandbox.write("out/az1/a1/classes/class.yaml", "edited\n");
      sandbox.write("out/az9/gone/release.yaml", "old\n");
      const before = sandbox.out();
      const check = await sandbox.run("render", "--check");
      expect(check).toMatchObject({
        status: 1,
        stdout:
          "missing  az2/b1/classes/class.yaml\ndiffers  az1/a1/classes/class.yaml\nextra    az9/gone/release.yaml\nout/ is stale: run `halite render` and commit the result\n",
      });
      expect(sandbox.out()).toEqual(before);
      await sandbox.run("render");
      expect(await sandbox.run("render", "--check")).toMatchObject({ status: 0 });
      expect(existsSync(join(sandbox.folder, "out/az9"))).toBe(false);
    });
  });

  test("--clusters leaves the others' files alone", async () => {
    await inFleet(async (sandbox) => {
      await sandbox.run("render");
      sandbox.write("out/az2/b1/classes/class.yaml", "edited\n");
      sandbox.write("pillar/classes.sls", "classes:\n  policy: Delete\n");
      expect((await sandbox.run("render", "--clusters", "G@env:prod")).stdout).toBe("1 cluster, 2 addons, 2 objects; 2 files changed\n");
      expect(sandbox.read("out/az2/b1/classes/class.yaml")).toBe("edited\n");
      expect(sandbox.read("out/az1/a1/classes/class.yaml")).toContain("reclaimPolicy: Delete");
    });
  });

  test("a target that matches nothing is an error", async () => {
    await inFleet(async (sandbox) => {
      const run = await sandbox.run("render", "--clusters", "zz*");
      expect(run.status).toBe(1);
      expect(run.stderr).toContain('no cluster of the roster matches "zz*"');
    });
  });

  test("the same bytes whatever the time zone, locale, umask and order of files on disk", async () => {
    await inFleet(async (sandbox) => {
      await sandbox.run("render");
      const bytes = sandbox.out().map((path) => [path, sandbox.read(join("out", path))]);
      rmSync(join(sandbox.folder, "out"), { recursive: true });
      await halite(["render"], { cwd: sandbox.folder, env: { TZ: "Pacific/Kiritimati", LANG: "tr_TR.UTF-8", LC_ALL: "tr_TR.UTF-8" } });
      expect(sandbox.out().map((path) => [path, sandbox.read(join("out", path))])).toEqual(bytes);
    });
  });
});

describe("fail closed, per addon", () => {
  const broken: [string, (sandbox: Sandbox) => void, { a1: string; b1: string }][] = [
    ["a bad enum", (sandbox) => sandbox.write("pillar/classes.sls", "classes:\n  policy: Retian\n"), { a1: "partial", b1: "partial" }],
    ["a template that fails", (sandbox) => sandbox.write("states/class.yaml", "{{ pillar.nowhere }}\n"), { a1: "partial", b1: "partial" }],
    [
      "an SLS that fails, its addon readable from its text",
      (sandbox) =>
        sandbox.write(
          "states/extra.sls",
          "x:\n  file.managed:\n    - name: /etc/kubernetes/addons/extra/map.yaml\n    - contents: {{ pillar.nowhere }}\n",
        ),
      { a1: "partial", b1: "complete" },
    ],
    [
      "an SLS that fails and could write anything",
      (sandbox) => sandbox.write("states/extra.sls", "{{ pillar.nowhere }}\n"),
      { a1: "failed", b1: "complete" },
    ],
    [
      "an SLS that fails and is declared in pillar",
      (sandbox) => {
        sandbox.write("pillar/classes.sls", "classes:\n  policy: Retain\naddons:\n  extra: {sls: [extra]}\n");
        sandbox.write("states/extra.sls", "{{ pillar.nowhere }}\n");
      },
      { a1: "partial", b1: "complete" },
    ],
    [
      "pillar that does not fit the schema of an addon's key",
      (sandbox) => {
        sandbox.write(
          "schemas/pillar/classes.schema.json",
          '{"type": "object", "properties": {"policy": {"enum": ["Delete"], "description": "What becomes of the data."}}}',
        );
      },
      { a1: "partial", b1: "partial" },
    ],
    [
      "pillar that does not fit the schema of a key that is no addon's",
      (sandbox) => {
        sandbox.write(
          "schemas/pillar/other.schema.json",
          '{"type": "object", "properties": {"size": {"type": "integer"}}, "additionalProperties": false}',
        );
        sandbox.write("pillar/classes.sls", "classes:\n  policy: Retain\nother:\n  size: big\n  siez: 1\n");
      },
      { a1: "failed", b1: "failed" },
    ],
    [
      "a refused value of pillar that a template stumbles over",
      (sandbox) => {
        sandbox.write(
          "schemas/pillar/classes.schema.json",
          '{"type": "object", "properties": {"policy": {"type": "string", "description": "What becomes of the data."}}}',
        );
        sandbox.write("pillar/classes.sls", "classes:\n  policy: {is: Retain}\n");
      },
      { a1: "partial", b1: "partial" },
    ],
    [
      "the settings of one cluster's wave",
      (sandbox) => {
        sandbox.write(
          "schemas/pillar/rollout.schema.json",
          '{"properties": {"waves": {"additionalProperties": {"properties": {"order": {"type": "integer", "description": "Waves go in this order."}}}}}}',
        );
        sandbox.write(
          "pillar/classes.sls",
          "classes:\n  policy: Retain\nrollout:\n  wave: {{ grains.az }}\n  waves:\n    az1: {order: first}\n    az2: {order: 2}\n    az3: {order: third}\n",
        );
      },
      { a1: "failed", b1: "complete" },
    ],
    ["a pillar SLS that fails", (sandbox) => sandbox.write("pillar/classes.sls", "classes: [\n"), { a1: "failed", b1: "failed" }],
    ["a pillar SLS that is missing", (sandbox) => rmSync(join(sandbox.folder, "pillar/classes.sls")), { a1: "failed", b1: "failed" }],
    ["a top file that fails", (sandbox) => sandbox.write("states/top.sls", "base: {{ nope }}\n"), { a1: "failed", b1: "failed" }],
    [
      "an unknown Kubernetes version",
      (sandbox) =>
        sandbox.write(
          "pillar/roster.yaml",
          "a1:\n  minion_opts: {grains: {az: az1, env: prod, kubernetes: '1.99'}}\nb1:\n  minion_opts: {grains: {az: az2}}\n",
        ),
      { a1: "failed", b1: "complete" },
    ],
  ];
  test.each(broken)("%s", async (name, breakIt, states) => {
    await inFleet(async (sandbox) => {
      await sandbox.run("render");
      breakIt(sandbox);
      const run = await sandbox.run("render");
      expect(run.status).toBe(1);
      for (const [id, az] of [
        ["a1", "az1"],
        ["b1", "az2"],
      ] as const)
        expect([id, sandbox.read(`out/${az}/${id}/release.yaml`)]).toEqual([
          id,
          expect.stringMatching(new RegExp(`^state: ${states[id]}$`, "m")),
        ]);
      await expect(`${run.stderr}${run.stdout}`).toMatchFileSnapshot(`golden/broken/${name.replaceAll(/[^a-zA-Z0-9]+/g, "-")}.txt`);
      const publish = await sandbox.run("publish");
      expect(publish.status).toBe(1);
      expect(publish.stderr).toContain("nothing was published");
    });
  });

  test("publish --partial carries the published files of failed addons over", async () => {
    await inFleet(async (sandbox) => {
      await sandbox.run("publish");
      const before = sandbox.git("show", "addons:az1/a1/classes/class.yaml");
      sandbox.write("pillar/classes.sls", "classes:\n  policy: Retian\n");
      sandbox.write("states/extra.sls", sandbox.read("states/extra.sls").replaceAll("name: extra\n", "name: renamed\n"));
      const run = await sandbox.run("publish", "--partial", "--max-deletion", "50");
      expect(run).toMatchObject({ status: 0 });
      expect(run.stderr).toContain("what is published of 2 addons stays as it is\n");
      expect(sandbox.git("show", "addons:az1/a1/classes/class.yaml")).toBe(before);
      expect(sandbox.git("show", "addons:az1/a1/extra/map.yaml")).toContain("name: renamed");
      expect(sandbox.git("show", "addons:az1/a1/release.yaml")).toContain("state: failed");
    });
  });
});

describe("a wave that is set wrong", () => {
  const waves = (order: string, policy: string): string =>
    `classes: {policy: ${policy}}\nrollout:\n  wave: {{ grains.az }}\n  waves: {az1: {order: ${order}}, az2: {order: 2}}\n`;

  test("holds its clusters back, where they get nothing of what the others get", async () => {
    await inFleet(async (sandbox) => {
      sandbox.write("pillar/classes.sls", waves("1", "Retain"));
      expect(await sandbox.run("publish")).toMatchObject({ status: 0 });
      const published = (path: string): string => sandbox.git("show", `addons:${path}`);
      const before = published("az1/a1/classes/class.yaml");
      sandbox.write("pillar/classes.sls", waves("first", "Delete"));
      const refused = await sandbox.run("publish");
      expect(refused.status).toBe(1);
      expect(refused.stderr).toContain("its whole release fails, and no other cluster's");
      expect(refused.stderr).toContain("in cluster a1\n");
      expect(await sandbox.run("publish", "--partial")).toMatchObject({
        status: 0,
        stderr: expect.stringContaining("what is published of 1 cluster stays as it is; waves after a cluster's that failed wait for it\n"),
      });
      expect(published("az1/a1/classes/class.yaml")).toBe(before);
      // Its order is what is wrong, so that all others wait for it.
      expect(published("az1/a1/release.yaml")).toMatch(/^state: failed$[^]*^rollout:\n {2}wave: az1\n {2}order: 0\n/m);
      expect(published("az2/b1/classes/class.yaml")).toContain("reclaimPolicy: Delete");
      expect(published("az2/b1/release.yaml")).toContain("order: 2");
    });
  });
});

describe("publish to a remote", () => {
  const inRepository = async (
    run: (sandbox: Sandbox, remote: (...args: string[]) => string, commit: (message: string) => string) => Promise<void>,
  ): Promise<void> => {
    await inFleet(async (sandbox) => {
      const bare = join(sandbox.folder, "elsewhere/remote.git");
      mkdirSync(bare, { recursive: true });
      const git = (folder: string, ...args: string[]): string => execFileSync("git", ["-C", folder, ...args], { encoding: "utf8" });
      git(bare, "init", "--quiet", "--bare", "--initial-branch=addons", ".");
      git(sandbox.folder, "init", "--quiet", "--initial-branch=main", ".");
      sandbox.write(".gitignore", ".halite/\nelsewhere/\nout/\n");
      sandbox.write("halite.yaml", `kubernetes: '1.36'\npublish: {remote: 'file://${bare}', branch: addons}\n`);
      const commit = (message: string): string => {
        git(sandbox.folder, "add", "-A");
        git(sandbox.folder, "-c", "user.name=Ada", "-c", "user.email=ada@example.com", "commit", "--quiet", "-m", message);
        return git(sandbox.folder, "rev-parse", "HEAD").trim();
      };
      await run(sandbox, (...args) => git(bare, ...args), commit);
    });
  };

  test("a commit of the source becomes a commit of the branch, with its author and its name in the trailers", async () => {
    await inRepository(async (sandbox, remote, commit) => {
      const source = commit("Storage classes");
      expect(await sandbox.run("publish")).toMatchObject({ status: 0, stderr: "" });
      const message = remote("log", "-1", "--format=%an|%cn|%B", "addons");
      expect(message).toMatch(/^Ada\|Halite\|Storage classes\n\naz1: classes \(1 file\), extra \(1 file\)\naz2: classes \(1 file\)\n\n/);
      expect(message).toContain(`Source: ${source}\n`);
      expect(message).toMatch(/\nCompiler: halite \S+\nInput-Digest: sha256:[0-9a-f]{64}\n/);
      expect((await sandbox.run("publish")).stdout).toContain("nothing changed");
      sandbox.write("pillar/classes.sls", "classes:\n  policy: Delete\n");
      commit("Delete");
      expect((await sandbox.run("publish")).stdout).toContain("0 new, 4 changed, 0 removed files");
      expect(remote("rev-list", "--count", "addons").trim()).toBe("2");
    });
  });

  test("changes that are not committed are refused and named", async () => {
    await inRepository(async (sandbox, remote, commit) => {
      commit("Storage classes");
      sandbox.write("pillar/classes.sls", "classes:\n  policy: Delete\n");
      const run = await sandbox.run("publish");
      expect(run).toMatchObject({ status: 1, stdout: "" });
      expect(run.stderr).toContain("the tree has changes that are not committed: pillar/classes.sls");
      expect(remote("for-each-ref").trim()).toBe("");
    });
  });

  test("a remote that is not there: git's own words, exit 3", async () => {
    await inRepository(async (sandbox, _remote, commit) => {
      sandbox.write("halite.yaml", "kubernetes: '1.36'\npublish: {remote: 'file:///nonexistent/addons.git', branch: addons}\n");
      commit("Elsewhere");
      const run = await sandbox.run("publish");
      expect(run.status).toBe(3);
      expect(run.stderr).toContain("git fetch failed");
    });
  });
});

describe("validate", () => {
  test("every finding once, with its clusters, its template line, and exit 1", async () => {
    await inFleet(async (sandbox) => {
      sandbox.write("pillar/classes.sls", "classes:\n  policy: Retian\n");
      const run = await sandbox.run("validate");
      expect(run.status).toBe(1);
      await expect(run.stderr).toMatchFileSnapshot("golden/validate.txt");
      const json: { valid: boolean; findings: { code: string; clusters: string[]; sources: { file: string; line: number }[] }[] } =
        JSON.parse((await sandbox.run("validate", "--json")).stdout);
      expect(json.valid).toBe(false);
      expect(json.findings.filter((finding) => finding.code === "schema-enum")).toMatchObject([
        {
          clusters: ["a1", "b1"],
          sources: [
            { file: "states/class.yaml", line: 7 },
            { file: "states/classes.sls", line: 1 },
          ],
        },
      ]);
    });
  });
});

describe("start", () => {
  test("says per zone, cluster and addon what it did; the second run commits nothing; no control codes in a pipe", async () => {
    await inFleet(async (sandbox) => {
      const first = await sandbox.run("start");
      expect(first).toMatchObject({ status: 0, stderr: expect.not.stringContaining("\u001b") });
      expect(first.stdout).not.toContain("\u001b");
      await expect(
        first.stdout.replaceAll(/\d+(?:\.\d+)? m?s\b/g, "TIME").replace(/published [0-9a-f]{12}/, "published COMMIT"),
      ).toMatchFileSnapshot("golden/start.txt");
      const head = sandbox.git("rev-parse", "addons");
      const second = await sandbox.run("start");
      expect(second.stdout).toContain("nothing changed");
      expect(sandbox.git("rev-parse", "addons")).toBe(head);
    });
  });
});

describe("show", () => {
  test("a Salt tree as it stands, by its minion config", async () => {
    await inFleet(async (sandbox) => {
      sandbox.write("minion", "id: m1\ngrains: {env: prod}\nfile_roots: {base: [states]}\npillar_roots: {base: [pillar]}\n");
      rmSync(join(sandbox.folder, "halite.yaml"));
      const low: { __id__: string; state: string }[] = JSON.parse(
        (await sandbox.run("show", "low", "--minion-config", "minion", "--json")).stdout,
      );
      expect(low.map((chunk) => [chunk.__id__, chunk.state])).toEqual([
        ["classes", "file"],
        ["extra", "file"],
      ]);
      expect((await sandbox.run("show", "low", "extra", "--minion-config", "minion")).stdout).toContain(
        "name: /etc/kubernetes/addons/extra/map.yaml",
      );
      const files: Record<string, { content: string }> = JSON.parse(
        (await sandbox.run("show", "files", "--minion-config", "minion", "--json")).stdout,
      );
      expect(Object.keys(files)).toEqual(["/etc/kubernetes/addons/classes/class.yaml", "/etc/kubernetes/addons/extra/map.yaml"]);
      expect((await sandbox.run("show", "top", "--minion-config", "minion", "--json")).stdout).toBe(
        '{\n  "base": [\n    "classes",\n    "extra"\n  ]\n}\n',
      );
      expect((await sandbox.run("show", "pillar", "--minion-config", "minion", "--pillar", '{"classes": {"more": 1}}')).stdout).toBe(
        "classes:\n  policy: Retain\n  more: 1\n",
      );
    });
  });

  test("errors go to standard error with Salt's first line, exit 1", async () => {
    await inFleet(async (sandbox) => {
      sandbox.write("states/extra.sls", "{{ nope }}\n");
      const run = await sandbox.run("show", "low", "--cluster", "a1");
      expect(run.stdout).toBe("");
      expect(run.stderr.split("\n")[0]).toBe("Rendering SLS 'base:extra' failed: Jinja variable 'nope' is undefined; line 1");
      expect(run.status).toBe(1);
    });
  });

  test.each<[string[], string]>([
    [["show"], "name a stage: pillar, top, high, low, files"],
    [["show", "lwo", "--cluster", "a1"], "did you mean low?"],
    [["show", "low"], "name a cluster with --cluster; the roster has a1, b1"],
    [["show", "low", "--cluster", "a2"], "the roster has no cluster a2; did you mean a1?"],
    [["show", "pillar", "x", "--cluster", "a1"], "show pillar takes no SLS"],
    [["show", "pillar", "--cluster", "a1", "--pillar", "[1]"], "--pillar takes a mapping"],
  ])("%j", async (args, expected) => {
    await inFleet(async (sandbox) => {
      const run = await sandbox.run(...args);
      expect(run.stderr).toContain(expected);
      expect(run).toMatchObject({ status: 2, stdout: "" });
    });
  });
});
