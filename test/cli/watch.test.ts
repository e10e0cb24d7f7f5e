import { appendFileSync, cpSync, existsSync, mkdirSync, readFileSync, renameSync, unlinkSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { saltTree, writeFiles } from "../../bench/fleet.ts";
import { build } from "../../scripts/build.mjs";
import { halite, inTemporaryFolder } from "./halite.ts";
import { Watching } from "./watching.ts";

beforeAll(async () => {
  await build();
});

const ROSTER =
  "a1:\n  minion_opts: {grains: {az: az1, kubernetes: '1.36', env: prod}}\na2:\n  minion_opts: {grains: {az: az1, kubernetes: '1.36', env: prod}}\nb1:\n  minion_opts: {grains: {az: az2, kubernetes: '1.36', env: test}}\n";

/** Three clusters; `classes` for all, `extra` for the two of prod. */
const FLEET: ReadonlyMap<string, string> = new Map([
  ["halite.yaml", "kubernetes: '1.36'\n"],
  ["pillar/roster.yaml", ROSTER],
  ["pillar/top.sls", "base:\n  '*': [classes]\n"],
  ["pillar/classes.sls", "classes:\n  policy: Retain\n"],
  ["states/top.sls", "base:\n  '*': [classes]\n  'G@env:prod': [extra]\n"],
  [
    "states/classes.sls",
    "classes:\n  file.managed:\n    - name: /etc/kubernetes/addons/classes/class.yaml\n    - source: salt://class.yaml\n    - template: jinja\n    - makedirs: True\n",
  ],
  [
    "states/class.yaml",
    "apiVersion: storage.k8s.io/v1\nkind: StorageClass\nmetadata:\n  name: local\n  labels: {addonmanager.kubernetes.io/mode: Reconcile}\nprovisioner: kubernetes.io/no-provisioner\nreclaimPolicy: {{ pillar.classes.policy }}\n",
  ],
  ["states/extra/init.sls", "include: [extra.map, extra.more]\n"],
  ...["map", "more"].map((name): [string, string] => [
    `states/extra/${name}.sls`,
    `${name}:\n  file.managed:\n    - name: /etc/kubernetes/addons/extra/${name}.yaml\n    - makedirs: True\n    - contents: |\n        apiVersion: v1\n        kind: ConfigMap\n        metadata:\n          name: ${name}\n          namespace: default\n          labels: {addonmanager.kubernetes.io/mode: Reconcile}\n        data: {word: one}\n`,
  ]),
]);

interface Watched {
  readonly folder: string;
  readonly watch: Watching;
  readonly write: (path: string, text: string) => void;
}

/** Watches the fleet and hands on when it was compiled for the first time. */
async function watched(args: readonly string[], run: (watched: Watched) => Promise<void>): Promise<void> {
  await inTemporaryFolder(async (folder) => {
    writeFiles(folder, new Map(FLEET));
    const watch = new Watching(folder, ...args);
    // In one step, so that a test that has to wait for its turn is not seen half way.
    const write = (path: string, text: string): void => {
      writeFileSync(join(folder, "saved"), text);
      renameSync(join(folder, "saved"), join(folder, path));
    };
    try {
      await run({ folder, watch, write });
    } finally {
      await watch.end();
    }
  });
}

const policy = (name: string): string => `classes:\n  policy: ${name}\n`;

describe("a block a save", () => {
  test("what was saved, what it changes in which clusters, what it took", async () => {
    await watched([], async ({ folder, watch, write }) => {
      const blocks = [await watch.block()];
      write("pillar/classes.sls", policy("Delete"));
      blocks.push(await watch.block());
      // A file for two clusters, one for all, in one save each.
      write("states/extra/map.sls", (FLEET.get("states/extra/map.sls") ?? "").replace("one}", 'two, more: "3"}'));
      blocks.push(await watch.block());
      write("states/top.sls", "base:\n  '*': [classes, extra]\n");
      blocks.push(await watch.block());
      // Nothing of out/ hangs on it.
      write("states/unused.sls", "{}\n");
      blocks.push(await watch.block());
      // What is not right, and right again.
      write("pillar/classes.sls", policy("Retian"));
      blocks.push(await watch.block());
      write("pillar/classes.sls", policy("Retain"));
      blocks.push(await watch.block());
      await expect(`${blocks.join("\n\n")}\n`).toMatchFileSnapshot("golden/watch/saves.txt");
      expect(await halite(["render", "--check"], { cwd: folder })).toMatchObject({ status: 0 });
      expect(watch.rest).toBe("");
    });
  });

  test("clusters come and go with the roster", async () => {
    await watched([], async ({ folder, watch, write }) => {
      await watch.block();
      write("pillar/roster.yaml", `${ROSTER}c1:\n  minion_opts: {grains: {az: az3, kubernetes: '1.36', env: prod}}\n`);
      const blocks = [await watch.block()];
      expect(existsSync(join(folder, "out/az3/c1/release.yaml"))).toBe(true);
      write("pillar/roster.yaml", ROSTER.replace("az: az2", "az: az4"));
      blocks.push(await watch.block());
      expect(existsSync(join(folder, "out/az3"))).toBe(false);
      await expect(`${blocks.join("\n\n")}\n`).toMatchFileSnapshot("golden/watch/roster.txt");
    });
  });

  test("a folder is gone, and there again as another", async () => {
    await watched([], async ({ folder, watch, write }) => {
      await watch.block();
      renameSync(join(folder, "states/extra"), join(folder, "elsewhere"));
      const blocks = [await watch.block()];
      cpSync(join(folder, "elsewhere"), join(folder, "copy"), { recursive: true });
      renameSync(join(folder, "copy"), join(folder, "states/extra"));
      blocks.push(await watch.block());
      write("states/extra/more.sls", (FLEET.get("states/extra/more.sls") ?? "").replace("one", "two"));
      blocks.push(await watch.block());
      await expect(`${blocks.join("\n\n")}\n`).toMatchFileSnapshot("golden/watch/folder.txt");
    });
  });

  test("what can't be read is said, and watched on: config, roster, all of pillar", async () => {
    await watched([], async ({ folder, watch, write }) => {
      await watch.block();
      const blocks = [];
      for (const path of ["halite.yaml", "pillar/roster.yaml"]) {
        write(path, "a: [\n");
        blocks.push(await watch.block());
        unlinkSync(join(folder, path));
        blocks.push(await watch.block());
        write(path, FLEET.get(path) ?? "");
        blocks.push(await watch.block());
      }
      renameSync(join(folder, "pillar"), join(folder, "elsewhere"));
      blocks.push(await watch.block());
      renameSync(join(folder, "elsewhere"), join(folder, "pillar"));
      blocks.push(await watch.block());
      write("pillar/classes.sls", policy("Delete"));
      blocks.push(await watch.block());
      await expect(`${blocks.join("\n\n")}\n`).toMatchFileSnapshot("golden/watch/unreadable.txt");
    });
  });

  test("editors save by rename, again and again; their own files and what holds what it held are no saves", async () => {
    await watched([], async ({ folder, watch, write }) => {
      await watch.block();
      for (const name of ["Delete", "Retain", "Delete", "Retain"]) {
        writeFileSync(join(folder, "pillar/.classes.sls.swp"), name);
        utimesSync(join(folder, "states/class.yaml"), 1_000_000_000, 1_000_000_000);
        write("pillar/roster.yaml", ROSTER);
        writeFileSync(join(folder, "pillar/classes.sls~"), policy(name));
        renameSync(join(folder, "pillar/classes.sls~"), join(folder, "pillar/classes.sls"));
        expect((await watch.block()).split("\n").slice(0, 2)).toEqual([
          "pillar/classes.sls",
          "  changed  classes/class.yaml  +1 -1  all 3 clusters",
        ]);
      }
    });
  });

  test("a checkout that writes hundreds of files is a few saves at most", async () => {
    await watched(["--json"], async ({ folder, watch }) => {
      await watch.json();
      const begun = performance.now();
      for (let index = 0; index < 300; index++) {
        mkdirSync(join(folder, `states/many/${index % 10}`), { recursive: true });
        writeFileSync(join(folder, `states/many/${index % 10}/${index}.sls`), "{}\n");
      }
      const took = performance.now() - begun;
      // A file can be seen before its content is in it: it is new then, and changed once more.
      const seen = new Set<string>();
      let saves = 0;
      for (; seen.size < 300; saves++) for (const { path } of (await watch.json<{ inputs: { path: string }[] }>()).inputs) seen.add(path);
      // Nobody saves before it has been quiet for 50 ms: a machine that writes slowly may have more of such moments.
      expect({ seen: seen.size, few: saves <= Math.max(5, took / 50) }, `${saves} saves`).toEqual({ seen: 300, few: true });
    });
  });
});

describe("options", () => {
  test("--json: one object a recompile", async () => {
    await watched(["--json"], async ({ watch, write, folder }) => {
      expect(await watch.json()).toMatchObject({ inputs: [], clusters: 3, failed: false, findings: [], unchanged: 0 });
      write("pillar/classes.sls", policy("Delete"));
      expect(await watch.json()).toEqual({
        inputs: [{ path: "pillar/classes.sls", change: "changed" }],
        clusters: 3,
        failed: false,
        files: [
          { path: "classes/class.yaml", change: "changed", added: 1, removed: 1, clusters: ["a1", "a2", "b1"] },
          { path: "release.yaml", change: "changed", added: 2, removed: 2, clusters: ["a1", "a2", "b1"] },
        ],
        findings: [],
        unchanged: 0,
        computed: expect.any(Number),
        taken: expect.any(Number),
        milliseconds: expect.any(Number),
      });
      unlinkSync(join(folder, "pillar/roster.yaml"));
      expect(await watch.json()).toMatchObject({
        inputs: [{ path: "pillar/roster.yaml", change: "removed" }],
        failed: true,
        findings: [{ code: "roster-missing" }],
      });
    });
  });

  test("--clusters and --out: these clusters, there, in two threads", async () => {
    await watched(["--clusters", "G@env:prod", "--out", "there", "--jobs", "2"], async ({ watch, write, folder }) => {
      expect(await watch.block()).toContain("2 clusters, 4 addons, 6 objects; ");
      write("pillar/classes.sls", policy("Delete"));
      expect(await watch.block()).toContain("  changed  classes/class.yaml  +1 -1  all 2 clusters\n");
      expect(readFileSync(join(folder, "there/az1/a1/classes/class.yaml"), "utf8")).toContain("Delete");
      expect(existsSync(join(folder, "out"))).toBe(false);
    });
  });

  test("only what the save reaches is compiled", async () => {
    await inTemporaryFolder(async (folder) => {
      writeFiles(folder, saltTree({ clusters: 20, variants: 4 }));
      const watch = new Watching(folder, "--json");
      expect(await watch.json()).toMatchObject({ clusters: 20, unchanged: 0 });
      const zone = join(folder, "pillar/zones/az0.sls");
      // In one step: a file that is written anew is empty for a moment.
      appendFileSync(zone, "# a remark\n");
      expect(await watch.json()).toMatchObject({ unchanged: 17, files: [] });
      expect(await watch.end()).toBe(0);
    });
  });
});

describe("the end", () => {
  test.each(["SIGINT", "SIGTERM"] as const)("%s ends it with 0, at rest and in the middle of a compile", async (signal) => {
    await inTemporaryFolder(async (folder) => {
      writeFiles(folder, saltTree({ clusters: 200, variants: 200 }));
      const busy = new Watching(folder, "--jobs", "1");
      // It watches before it compiles; 200 clusters take seconds, which are not waited for.
      await busy.line();
      expect(await busy.end(signal)).toBe(0);
      expect(busy.rest).not.toContain("200 clusters");
      writeFiles(folder, new Map(FLEET));
      const idle = new Watching(folder);
      await idle.block();
      expect(await idle.end(signal)).toBe(0);
    });
  });

  test.each([
    [["--jobs", "none"], 2, '--jobs takes a number of threads from 1 to 999, not "none"'],
    [["a1"], 2, 'watch takes no arguments; pick clusters with --clusters "a1"'],
    [["--config", "nowhere.yaml"], 3, "nowhere.yaml does not exist"],
  ])("%j ends it at once", async (args, status, message) => {
    await inTemporaryFolder(async (cwd) => {
      writeFiles(cwd, new Map(FLEET));
      const run = await halite(["watch", ...args], { cwd });
      expect(run).toMatchObject({ status, stdout: "" });
      expect(run.stderr).toContain(message);
    });
  });
});
