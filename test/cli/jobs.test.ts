import { cpSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { saltTree, writeFiles } from "../../bench/fleet.ts";
import { build } from "../../scripts/build.mjs";
import { threadsFor } from "../../src/fleet/index.ts";
import { halite, HALITE, inTemporaryFolder, PROJECT } from "./halite.ts";

beforeAll(async () => {
  await build();
});

/** Files by path. */
function contents(folder: string): ReadonlyMap<string, string> {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return new Map(
    entries.map((entry): [string, string] => {
      const path = join(entry.parentPath, entry.name);
      return [path.slice(folder.length), readFileSync(path, "utf8")];
    }),
  );
}

/** Seven clusters: four good, one with a bad object, one whose template fails, one whose pillar does. */
function mixedFleet(folder: string): void {
  writeFiles(folder, saltTree({ clusters: 7, variants: 4 }));
  const bad: Readonly<Record<string, string>> = {
    "cluster-00001": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: default}\ndatum: {}\n",
    "cluster-00003": "{{ nope }}\n",
  };
  for (const [id, text] of Object.entries(bad)) {
    writeFiles(
      folder,
      new Map([
        [
          `states/only-${id}.sls`,
          `only ${id}:\n  file.managed:\n    - name: /etc/kubernetes/addons/only/a.yaml\n    - source: salt://${id}.yaml\n    - template: jinja\n    - makedirs: True\n`,
        ],
        [`states/${id}.yaml`, text],
      ]),
    );
  }
  const top = readFileSync(join(folder, "states/top.sls"), "utf8");
  const more = Object.keys(bad).map((id) => `  ${id}:\n    - only-${id}\n`);
  writeFileSync(join(folder, "states/top.sls"), `${top}${more.join("")}`);
  writeFileSync(join(folder, "pillar/top.sls"), `${readFileSync(join(folder, "pillar/top.sls"), "utf8")}  cluster-00005:\n    - absent\n`);
}

describe("--jobs", () => {
  test("the bytes, the findings and the exit code are the same from 1, 2 and 5 threads", async () => {
    await inTemporaryFolder(async (folder) => {
      mixedFleet(folder);
      const results = [];
      for (const jobs of ["1", "2", "5"]) {
        const render = await halite(["render", "--jobs", jobs, "--out", `out-${jobs}`], { cwd: folder });
        const validate = await halite(["validate", "--json", "--jobs", jobs], { cwd: folder });
        results.push({ render, validate, files: contents(join(folder, `out-${jobs}`)) });
      }
      const [one, ...others] = results;
      expect(one?.render).toMatchObject({ status: 1 });
      expect(one?.render.stdout).toMatch(/^7 clusters, 80 addons, \d+ objects; failed: 1 cluster, 2 addons; /);
      expect(one?.render.stderr).toContain("datum");
      for (const other of others) expect(other).toEqual(one);
    });
  });

  test.each(["0", "-1", "two", "1.5"])("--jobs=%s is no number of threads", async (jobs) => {
    await inTemporaryFolder(async (folder) => {
      writeFiles(folder, saltTree({ clusters: 1, variants: 1 }));
      const run = await halite(["render", `--jobs=${jobs}`], { cwd: folder });
      expect(run).toMatchObject({ status: 2, stdout: "" });
      expect(run.stderr).toContain("--jobs takes a number of threads");
    });
  });

  test.each([
    ["throws", 'throw new Error("a canary in the worker");\n', "a canary in the worker"],
    ["ends without a result", "process.exit(0);\n", /a worker thread ended with 0 before it had (?:compiled|rendered) its clusters/],
    ["can't be loaded", "import './nowhere.mjs';\n", "nowhere.mjs"],
  ])("a worker that %s is an internal error; what others wrote are whole clusters", async (_what, worker, said) => {
    await inTemporaryFolder(async (folder) => {
      const program = join(folder, "program");
      cpSync(dirname(HALITE), join(program, "dist"), { recursive: true });
      symlinkSync(join(PROJECT, "schemas"), join(program, "schemas"));
      for (const name of ["compile-worker.mjs", "render-worker.mjs"]) writeFileSync(join(program, "dist", name), worker);
      const fleet = join(folder, "fleet");
      mkdirSync(fleet);
      writeFiles(fleet, saltTree({ clusters: 2, variants: 2 }));
      for (const command of ["validate", "render"]) {
        const run = await halite([command, "--jobs", "2"], { cwd: fleet, program: join(program, "dist/halite.mjs") });
        expect(run.stderr).toContain("internal error; this is a bug in Halite");
        expect(run.stderr).toMatch(said);
        expect(run).toMatchObject({ status: 70, stdout: "" });
      }
      const clusters = readdirSync(join(fleet, "out"), { recursive: true, encoding: "utf8" }).filter((path) =>
        path.endsWith("release.yaml"),
      );
      expect(clusters).toEqual(["az0/cluster-00000/release.yaml"]);
      expect((await halite(["render"], { cwd: fleet })).stdout).toContain("2 clusters, 26 addons");
    });
  });
});

describe("threads by the amount of work", () => {
  test.each([
    [0, 8, 1],
    [1, 8, 1],
    [59, 8, 1],
    [60, 8, 2],
    [60, 1, 1],
    [1000, 8, 8],
  ])("%i clusters on %i processors: %i", (clusters, processors, threads) => {
    expect(threadsFor(clusters, processors)).toBe(threads);
  });
});
