import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { Bundle, bundleConfigMap, configMapName } from "../../src/bundle/index.ts";
import { emit } from "../../src/yaml/index.ts";
import { halite, inTemporaryFolder, newestNode, PROJECT, type Run } from "../cli/halite.ts";
import { buildDemo, daemonSet, DEMO, writeDemoFleet } from "./demo.ts";

interface ConfigMap {
  readonly metadata: { readonly name: string; readonly labels: Record<string, string>; readonly annotations: Record<string, string> };
  readonly immutable: boolean;
  readonly data: Record<string, string>;
  readonly binaryData: Record<string, string>;
}

/** The one object of a file as plain data. */
function objectIn(path: string): unknown {
  return parse(readFileSync(path, "utf8"));
}

function configMapIn(path: string): ConfigMap {
  // The tests look at every field that the type names.
  return objectIn(path) as ConfigMap;
}

/** Lays a ConfigMap's content out as a kubelet does. */
function mount(map: ConfigMap, folder: string): void {
  mkdirSync(folder, { recursive: true });
  for (const [name, text] of Object.entries(map.data)) writeFileSync(join(folder, name), text);
  for (const [name, text] of Object.entries(map.binaryData)) writeFileSync(join(folder, name), Buffer.from(text, "base64"));
}

/** A fleet with the demo addon and the built demo controller. */
async function inDemoFleet<T>(files: Readonly<Record<string, string>>, run: (folder: string) => Promise<T>): Promise<T> {
  return inTemporaryFolder(async (folder) => {
    await buildDemo(join(folder, "bundles"));
    writeDemoFleet(folder, files);
    return run(folder);
  });
}

const render = (cwd: string, ...more: string[]): Promise<Run> => halite(["render", ...more], { cwd });
const IMAGE = { "pillar/p.sls": "addons:\n  demo: {mode: Reconcile}\nhalite:\n  controllers: {delivery: image}\n" };

describe("a bundle's bytes", () => {
  test("are the same from two folders, and on Node 20 and the newest LTS", async () => {
    await inTemporaryFolder(async (folder) => {
      const there = join(folder, "elsewhere/with a space");
      cpSync(DEMO, there, { recursive: true });
      await buildDemo(join(folder, "a"));
      await buildDemo(join(folder, "b"), there);
      const bytes = readFileSync(join(folder, "a/demo.cjs"));
      expect(readFileSync(join(folder, "b/demo.cjs")).equals(bytes)).toBe(true);
      expect(bytes.toString("utf8")).not.toContain(PROJECT);
      const node = newestNode();
      expect(node, "the newest LTS of Node, which npm test installs").toBeDefined();
      const script = `import { bundleControllers } from ${JSON.stringify(join(PROJECT, "scripts/bundle.mjs"))};
await bundleControllers({ root: ${JSON.stringify(there)}, entries: { demo: ${JSON.stringify(join(there, "main.ts"))} }, outdir: ${JSON.stringify(join(folder, "c"))}, version: "1.2.3" });`;
      const done = spawnSync(node ?? "", ["--input-type=module", "-e", script], { encoding: "utf8", cwd: PROJECT });
      expect(done.stderr).toBe("");
      expect(readFileSync(join(folder, "c/demo.cjs")).equals(bytes)).toBe(true);
    });
  });

  test("packed, are what they were: a ConfigMap of one name never changes", () => {
    const text = Array.from({ length: 3000 }, (_, index) => `line ${(index * 7919) % 1013} of a program\n`).join("");
    const bundle = new Bundle("fixed", Buffer.from(text));
    const map = emit([bundleConfigMap({ bundle, addon: "storage", namespace: "kube-system" })]);
    // Other bytes under the same name are refused by every API server that has the ConfigMap: whatever changes them (a newer fflate) needs
    // another name too.
    expect(configMapName(bundle, "storage")).toBe("storage-fixed-318524a70551305a");
    expect(createHash("sha256").update(map).digest("hex")).toBe("0c2297f3480fe7489ae1be469fa22bc33c698961f24e2b89432511bc9989d9b6");
  });
});

describe("a rendered bundle", () => {
  test("is an immutable ConfigMap named after its content, which the DaemonSet mounts and runs", async () => {
    await inDemoFleet({}, async (folder) => {
      expect(await render(folder)).toMatchObject({ status: 0 });
      const addon = join(folder, "out/z1/c1/demo");
      expect(readdirSync(addon)).toEqual(["bundles", "demo.yaml"]);
      const map = configMapIn(join(addon, "bundles/demo.yaml"));
      const digest = createHash("sha256")
        .update(readFileSync(join(folder, "bundles/demo.cjs")))
        .digest("hex");
      expect(map).toMatchObject({
        metadata: {
          namespace: "kube-system",
          labels: { "addonmanager.kubernetes.io/mode": "Reconcile", "halite.dev/bundle": "demo" },
          annotations: { "halite.dev/bundle-digest": `sha256:${digest}`, "halite.dev/prune": "after-rollout" },
        },
        immutable: true,
      });
      expect(map.metadata.name).toMatch(/^demo-[0-9a-f]{16}$/);
      expect(objectIn(join(addon, "demo.yaml"))).toMatchObject({
        spec: {
          template: {
            spec: {
              containers: [
                {
                  name: "controller",
                  command: ["node", "/halite/demo/start.cjs"],
                  args: ["--node=n1"],
                  volumeMounts: [{ name: "bundle-demo", mountPath: "/halite/demo", readOnly: true }],
                },
              ],
              volumes: [{ name: "bundle-demo", configMap: { name: map.metadata.name, defaultMode: 0o444 } }],
            },
          },
        },
      });
      const release = readFileSync(join(folder, "out/z1/c1/release.yaml"), "utf8");
      expect(release).toContain(`    bundles:\n      demo: sha256:${digest}\n`);
      expect(release).toContain(`name: ${map.metadata.name}\n`);
      expect(await halite(["render", "--check", "--no-cache"], { cwd: folder, node: newestNode() ?? "" })).toMatchObject({ status: 0 });

      mount(map, join(folder, "mounted"));
      for (const node of [process.execPath, newestNode() ?? ""]) {
        const ran = spawnSync(node, [join(folder, "mounted/start.cjs"), "--node=n1"], { encoding: "utf8" });
        expect(ran.stderr).toBe("");
        expect(JSON.parse(ran.stdout)).toEqual({ greeting: "grüße, Lustre", args: ["--node=n1"], file: "demo.cjs" });
      }
      mount(
        { ...map, binaryData: { "demo.cjs.deflate": Buffer.from(new Bundle("x", Buffer.from("1")).packed).toString("base64") } },
        join(folder, "mounted"),
      );
      const refused = spawnSync(process.execPath, [join(folder, "mounted/start.cjs")], { encoding: "utf8" });
      expect(refused.status).toBe(78);
      expect(refused.stderr).toContain("demo: the bundle's digest is sha256:");
    });
  });

  test("a bundle that changes is another ConfigMap and another pod template, also with what was kept between runs", async () => {
    await inDemoFleet({}, async (folder) => {
      await render(folder);
      const before = readFileSync(join(folder, "out/z1/c1/demo/demo.yaml"), "utf8");
      expect((await render(folder)).stdout).toContain("out/ was up to date");
      writeFileSync(join(folder, "bundles/demo.cjs"), "console.log('another')\n");
      await render(folder);
      const after = readFileSync(join(folder, "out/z1/c1/demo/demo.yaml"), "utf8");
      expect(after).not.toBe(before);
      const name = configMapIn(join(folder, "out/z1/c1/demo/bundles/demo.yaml")).metadata.name;
      expect(after).toContain(`name: ${name}\n`);
      expect(await render(folder, "--check", "--no-cache", "--no-memo")).toMatchObject({ status: 0 });
    });
  });

  test("out/ is fresh without its bundles, which git does not keep, and not with another one in its place", async () => {
    await inDemoFleet({}, async (folder) => {
      await render(folder);
      const file = join(folder, "out/z1/c1/demo/bundles/demo.yaml");
      writeFileSync(file, `${readFileSync(file, "utf8")}# edited\n`);
      const stale = await render(folder, "--check");
      expect(stale.status).toBe(1);
      expect(stale.stdout).toContain("differs  z1/c1/demo/bundles/demo.yaml");
      rmSync(join(folder, "out/z1/c1/demo/bundles"), { recursive: true });
      expect(await render(folder, "--check")).toMatchObject({ status: 0, stdout: expect.stringContaining("out/ is fresh") });
      expect((await render(folder)).stdout).toContain("1 file new");
    });
  });

  test("publishing carries the bundles", async () => {
    await inDemoFleet({}, async (folder) => {
      expect(await halite(["publish"], { cwd: folder })).toMatchObject({ status: 0 });
      const listed = spawnSync("git", ["--git-dir", join(folder, ".halite/addons.git"), "ls-tree", "-r", "--name-only", "addons"], {
        encoding: "utf8",
      });
      expect(listed.stdout.split("\n")).toContain("z1/c1/demo/bundles/demo.yaml");
    });
  });

  test("with the delivery `image` there is no ConfigMap: the image has the bundle", async () => {
    await inDemoFleet(IMAGE, async (folder) => {
      expect(await render(folder)).toMatchObject({ status: 0 });
      expect(readdirSync(join(folder, "out/z1/c1/demo"))).toEqual(["demo.yaml"]);
      const text = readFileSync(join(folder, "out/z1/c1/demo/demo.yaml"), "utf8");
      expect(text).toContain("- /opt/halite/demo.cjs");
      expect(text).not.toContain("volumes");
      expect(readFileSync(join(folder, "out/z1/c1/release.yaml"), "utf8")).not.toContain("bundles:");
    });
  });

  test("explain tells what the bundle wrote from what the manifest has", async () => {
    await inDemoFleet({}, async (folder) => {
      await render(folder);
      const lines = readFileSync(join(folder, "out/z1/c1/demo/demo.yaml"), "utf8").split("\n");
      const explain = (line: number): Promise<Run> => halite(["explain", `demo/demo.yaml:${line}`, "--cluster", "c1"], { cwd: folder });
      expect((await explain(lines.findIndex((line) => line.includes("start.cjs")) + 1)).stdout).toContain("halite.dev/bundle");
      expect((await explain(lines.findIndex((line) => line.includes("--node=n1")) + 1)).stdout).toContain("states/demo.yaml:18");
      const bundle = await halite(["explain", "demo/bundles/demo.yaml", "--cluster", "c1"], { cwd: folder });
      expect(bundle.status).toBe(1);
      expect(bundle.stderr).toContain("is a bundle: no state has written it");
    });
  });
});

describe("what is refused", () => {
  const huge = Buffer.from(
    Array.from({ length: 40_000 }, (_, index) => createHash("sha256").update(String(index)).digest("base64")).join("\n"),
  );
  for (const [name, { manifest, bundle, says, pillar }] of Object.entries<{
    readonly manifest: string;
    readonly bundle?: Buffer;
    readonly pillar?: Record<string, string>;
    readonly says: readonly string[];
  }>({
    "a bundle that is not there": {
      manifest: daemonSet({ annotation: "demos" }),
      says: ["demo.yaml:7:5: error: there is no bundle demos", "did you mean demo?"],
    },
    "a container with a command": {
      manifest: daemonSet({ more: "\n          command: [sh]" }),
      says: ["error: container controller has a command, and is to run the bundle demo", "leave `command` out"],
    },
    "several containers, none of the bundle's name": {
      manifest: daemonSet({ more: "\n        - {name: b, image: x}" }),
      says: ["error: no container is named demo, as the bundle is; there are controller, b"],
    },
    "an object without pods": {
      manifest: "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: default, annotations: {halite.dev/bundle: demo}}\n",
      says: ["error: halite.dev/bundle stands on a ConfigMap, which runs no pods"],
    },
    "more than a ConfigMap takes": {
      manifest: daemonSet(),
      bundle: huge,
      says: ["KiB when it is packed; a ConfigMap takes 900 KiB of it", "halite:controllers:delivery: image"],
    },
    "another word for the delivery": {
      manifest: daemonSet(),
      pillar: { "pillar/p.sls": "halite: {controllers: {delivery: oci}}\n" },
      says: ["halite:controllers:delivery: must be configmap or image"],
    },
  })) {
    test(name, async () => {
      await inDemoFleet({ "states/demo.yaml": manifest, ...pillar }, async (folder) => {
        if (bundle !== undefined) writeFileSync(join(folder, "bundles/demo.cjs"), bundle);
        const done = await render(folder);
        expect(done.status).toBe(1);
        for (const text of says) expect(done.stderr).toContain(text);
        expect(done.stderr).not.toMatch(/^ +at /m);
      });
    });
  }

  test("the same size in an image is fine", async () => {
    await inDemoFleet(IMAGE, async (folder) => {
      writeFileSync(join(folder, "bundles/demo.cjs"), huge);
      expect(await render(folder)).toMatchObject({ status: 0 });
    });
  });
});
