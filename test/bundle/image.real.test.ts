import { createHash } from "node:crypto";
import {
  chmodSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { inflateRawSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { build } from "../../scripts/build.mjs";
import { PROJECT } from "../cli/halite.ts";
import { OwnFleet } from "../library/own-fleet.ts";
import { newBuildah, type Buildah } from "../real/buildah.ts";
import { BASE_IMAGE, haveImageBase, imageBase } from "../real/image-base.ts";
import { mustRun } from "../real/run.ts";
import { runContainer, userOf, volumesOf, type ImageConfig, type PodContainer, type PodSpec } from "./image-pod.ts";

const COMPONENTS = ["storage-node", "localvolume-provisioner", "local-volume-dynamic-provisioner", "volume-scheduler", "halite-sync"];
const WORKLOADS = {
  "storage-node": "storage-node/daemonsets.yaml",
  "local-volume-provisioner": "localvolume-provisioner/daemonset.yaml",
  "lvm-csi": "local-volume-dynamic-provisioner/daemonset.yaml",
  "volume-scheduler": "volume-scheduler/scheduler.yaml",
  "halite-sync": "halite-sync/sync.yaml",
} as const;
const IMAGES = { controllers: "registry.example.net/halite-controllers:0.1.0", halite: "registry.example.net/halite:0.1.0" } as const;
const LABELS = {
  "org.opencontainers.image.licenses": "Apache-2.0",
  "org.opencontainers.image.version": "0.1.0",
  "org.opencontainers.image.revision": "0123456789abcdef",
  "org.opencontainers.image.source": "https://git.example.net/storage/halite",
};
const ARGUMENTS = [`REVISION=${LABELS["org.opencontainers.image.revision"]}`, `SOURCE=${LABELS["org.opencontainers.image.source"]}`];

/** An image as it would be pushed. */
interface Pushed {
  readonly config: ImageConfig;
  /** Files with the layers, the lowest first. */
  readonly layers: readonly string[];
  /** SHA-256 of each layer, unpacked. */
  readonly digests: readonly string[];
}

describe.skipIf(!haveImageBase)("the Dockerfile, built by buildah", () => {
  let buildah: Buildah;
  let controllers: Pushed;
  let whole: Pushed;
  /** The files of each image, for containers to run in. */
  const roots: Record<string, string> = {};
  const fleets: Record<"image" | "configmap", OwnFleet | undefined> = { image: undefined, configmap: undefined };
  const ids: Record<string, string> = {};

  beforeAll(async () => {
    await build();
    for (const delivery of ["image", "configmap"] as const)
      fleets[delivery] = new OwnFleet([{ id: "home", version: "1.36", flavors: ["nvme-db"], pillar: pillar(delivery) }]);
    buildah = await newBuildah();
    await buildah.must(["pull", "--quiet", `docker-archive:${imageBase()}`]);
    ids["controllers"] = await built("controllers", IMAGES.controllers, PROJECT);
    ids["halite"] = await built("halite", IMAGES.halite, PROJECT);
    controllers = await pushed(IMAGES.controllers);
    whole = await pushed(IMAGES.halite);
    for (const image of Object.values(IMAGES)) {
      const container = (await buildah.must(["from", "--pull-never", image])).trim();
      roots[image] = (await buildah.must(["mount", container])).trim();
    }
  });
  afterAll(async () => {
    await buildah?.end();
  });

  function pillar(delivery: string): string {
    const named = delivery === "image" ? "image: {repository: registry.example.net/halite-controllers, tag: 0.1.0}" : "";
    return [
      `components: {${COMPONENTS.map((each) => `${each}: true`).join(", ")}}`,
      "halite-sync: {remote: https://git.example.net/addons.git, delivery: bundle}",
      `halite: {controllers: {delivery: ${delivery}${named === "" ? "" : `, ${named}`}}}`,
      "",
    ].join("\n");
  }

  const fleet = (delivery: "image" | "configmap"): OwnFleet => {
    const found = fleets[delivery];
    if (found === undefined) throw new Error(`no fleet with ${delivery}`);
    return found;
  };

  /** Builds a stage from a folder, as the docs say, and gives the image's id: the digest of its configuration, which has those of the layers. */
  async function built(target: string, image: string, folder: string): Promise<string> {
    const args = ["bud", "--quiet", "--isolation", "chroot", "--pull-never", "--layers", "--timestamp", "0"];
    const given = ARGUMENTS.flatMap((each) => ["--build-arg", each]);
    return (await buildah.must([...args, ...given, "--target", target, "--tag", image, folder])).trim();
  }

  async function pushed(image: string): Promise<Pushed> {
    const folder = join(buildah.folder, `pushed-${image.replaceAll(/\W/g, "-")}`);
    await buildah.must(["push", "--quiet", "--disable-compression", image, `dir:${folder}`]);
    const blob = (digest: string): string => join(folder, digest.replace("sha256:", ""));
    const manifest = JSON.parse(readFileSync(join(folder, "manifest.json"), "utf8"));
    const { config, rootfs } = JSON.parse(readFileSync(blob(manifest.config.digest), "utf8"));
    return { config, layers: manifest.layers.map(({ digest }: { readonly digest: string }) => blob(digest)), digests: rootfs.diff_ids };
  }

  /** What a layer puts into the image: mode, owner, time and path of each entry. */
  async function entries(
    layer: string,
  ): Promise<readonly { readonly mode: string; readonly owner: string; readonly time: string; readonly path: string }[]> {
    const listed = await mustRun("tar", ["--list", "--verbose", "--numeric-owner", "--full-time", "--file", layer], { env: { TZ: "UTC" } });
    return listed
      .trimEnd()
      .split("\n")
      .map((line) => {
        const [, mode = "", owner = "", time = "", path = ""] = /^(\S+) +(\S+) +\d+ (\S+ \S+) (.+?)(?: link to .+)?$/.exec(line) ?? [];
        return { mode, owner, time, path };
      });
  }

  /** The container of a compiled workload that runs a bundle or the program, with its pod. */
  function workload(bundle: keyof typeof WORKLOADS): { readonly spec: PodSpec; readonly container: PodContainer } {
    const object = fleet("image")
      .objects("home", WORKLOADS[bundle])
      .find(({ kind }) => ["DaemonSet", "Deployment"].includes(kind));
    const spec: PodSpec = object.spec.template.spec;
    const container = spec.containers.find(({ command = [] }) => command[1] === `/opt/halite/${bundle}.cjs`);
    if (container === undefined) throw new Error(`no container runs ${bundle}: ${JSON.stringify(spec.containers)}`);
    return { spec, container };
  }

  test("stands on the image that is named, and one layer is ours", async () => {
    expect([controllers.layers.length, whole.layers.length]).toEqual([2, 6]);
    expect(whole.digests.slice(0, 2)).toEqual(controllers.digests);
    const other = await buildah.run([
      "bud",
      "--pull-never",
      "--target",
      "controllers",
      "--build-arg",
      "NODE=registry.invalid/node:1",
      PROJECT,
    ]);
    expect(other.status).not.toBe(0);
    expect(other.stderr).toContain("registry.invalid/node:1");
    // What `--pull-never` found by the Dockerfile's own name.
    expect(await buildah.must(["images", "--format", "{{.Name}}:{{.Tag}}", BASE_IMAGE])).toContain(BASE_IMAGE);
  });

  test("says what it is, and runs as nobody of importance", () => {
    for (const { config } of [controllers, whole]) {
      expect(config.Labels).toMatchObject(LABELS);
      expect(config.User).toBe("1000:1000");
      // What Node's image has, and no more: nothing was handed to the build that stays.
      expect(config.Env?.map((line) => line.split("=")[0]).sort()).toEqual(["NODE_VERSION", "PATH"]);
    }
    expect(controllers.config).toMatchObject({
      Entrypoint: ["node"],
      Labels: { "org.opencontainers.image.title": "Halite's controllers" },
    });
    expect(whole.config).toMatchObject({ Entrypoint: ["halite"], Labels: { "org.opencontainers.image.title": "Halite" } });
    const { version } = JSON.parse(readFileSync(join(PROJECT, "package.json"), "utf8"));
    expect(LABELS["org.opencontainers.image.version"]).toBe(version);
  });

  test("has every controller's bundle, of the bytes that ConfigMaps have, and beside it the licence", async () => {
    const [, layer = ""] = controllers.layers;
    const bundles = readdirSync(join(PROJECT, "dist/bundles")).map((name) => ({ mode: "-r--r--r--", path: `opt/halite/${name}` }));
    const listed = (await entries(layer)).map(({ mode, path, owner, time }) => {
      expect({ path, owner, time }).toEqual({ path, owner: "0/0", time: "1970-01-01 00:00:00" });
      return { mode, path };
    });
    expect(listed.sort((a, b) => (a.path < b.path ? -1 : 1))).toEqual(
      [
        { mode: "drwxr-xr-x", path: "opt/" },
        { mode: "drwxr-xr-x", path: "opt/halite/" },
        { mode: "-r--r--r--", path: "opt/halite/LICENSE" },
        ...bundles,
      ].sort((a, b) => (a.path < b.path ? -1 : 1)),
    );
    expect(fleet("image").errors).toEqual([]);
    expect(fleet("configmap").errors).toEqual([]);
    for (const [bundle, file] of Object.entries(WORKLOADS)) {
      const addon = file.split("/")[0] ?? "";
      const [configMap] = fleet("configmap").objects("home", `${addon}/bundles/${bundle}.yaml`);
      const bytes = inflateRawSync(Buffer.from(configMap.binaryData[`${bundle}.cjs.deflate`], "base64"));
      const own = readFileSync(join(roots[IMAGES.controllers] ?? "", `opt/halite/${bundle}.cjs`));
      expect(own.equals(bytes), bundle).toBe(true);
      expect(configMap.metadata.annotations["halite.dev/bundle-digest"]).toBe(`sha256:${createHash("sha256").update(own).digest("hex")}`);
    }
    expect(bundles).toHaveLength(Object.keys(WORKLOADS).length);
  });

  test("is the same image whoever builds it, and when", async () => {
    const copy = join(buildah.folder, "copy");
    for (const name of ["Dockerfile", ".dockerignore", "LICENSE", "ci", "dist", "schemas"])
      cpSync(join(PROJECT, name), join(copy, name), { recursive: true });
    // As somebody with another umask has it, at another time; and what lies about there is no part of it.
    for (const entry of readdirSync(copy, { recursive: true, withFileTypes: true })) {
      const path = join(entry.parentPath, entry.name);
      chmodSync(path, entry.isDirectory() ? 0o700 : 0o600);
      utimesSync(path, 1_000_000_000, 1_000_000_000);
    }
    mkdirSync(join(copy, "secrets"));
    writeFileSync(join(copy, "secrets/age.key"), "AGE-SECRET-KEY-OF-SOMEBODY");
    expect(await built("controllers", "example.net/again:1", copy)).toBe(ids["controllers"]);
    const again = await pushed("example.net/again:1");
    expect(again.digests).toEqual(controllers.digests);
  });

  test("a build is handed nothing but what images are made of", async () => {
    const probe = join(buildah.folder, "probe");
    writeFileSync(probe, "FROM scratch\nCOPY . /\n");
    await buildah.must(["bud", "--quiet", "--file", probe, "--tag", "example.net/probe:1", PROJECT]);
    const { layers } = await pushed("example.net/probe:1");
    const paths = (await entries(layers[0] ?? "")).map(({ path }) => path);
    expect([...new Set(paths.map((path) => path.replace(/\/.*/, "")))].sort()).toEqual(["LICENSE", "ci", "dist", "schemas"]);
  });

  test("the other image has the program, git and ssh, and nothing of how they came", async () => {
    const root = roots[IMAGES.halite] ?? "";
    for (const name of ["ci", "dist", "schemas"]) {
      const files = (folder: string): string[] => readdirSync(folder, { recursive: true, encoding: "utf8" }).sort();
      expect(files(join(root, "usr/local/lib/halite", name))).toEqual(files(join(PROJECT, name)));
    }
    expect(readFileSync(join(root, "usr/local/lib/halite/dist/halite.cjs")).equals(readFileSync(join(PROJECT, "dist/halite.cjs")))).toBe(
      true,
    );
    expect(readlinkSync(join(root, "usr/local/bin/halite"))).toBe("../lib/halite/dist/halite.mjs");
    const [, , ...own] = whole.layers;
    const paths = (await Promise.all(own.map(entries))).flat().map(({ path }) => path);
    const kept =
      /^(?:var\/lib\/apt\/lists|var\/cache\/apt|var\/log|tmp|var\/tmp|root|home|run)\/.*[^/]$|\.deb$|(?:^|\/)(?:node_modules|\.npm|\.cache|\.git|secrets|pillar)(?:\/|$)/;
    const others = paths.filter((path) => !/^usr\/local\/lib\/halite\/(?:ci|dist|schemas)\//.test(path));
    expect(others.filter((path) => kept.test(path) && lstatSync(join(root, path), { throwIfNoEntry: false }) !== undefined)).toEqual([]);
    expect(paths).toContain("usr/bin/git");
    expect(paths).toContain("usr/bin/ssh");
  });

  test.each(["storage-node", "local-volume-provisioner", "lvm-csi", "volume-scheduler"] as const)(
    "%s: its container finds its program there, as the user that its pod says",
    async (bundle) => {
      const { spec, container } = workload(bundle);
      const { config } = controllers;
      expect(container.image).toBe(IMAGES.controllers);
      expect(container.securityContext.readOnlyRootFilesystem).toBe(true);
      const user = userOf(spec, container, config);
      // Root is who enters the namespaces of the node's process 1, and nobody else.
      expect(user).toBe(container.securityContext.privileged === true ? 0 : 1000);
      if (spec.securityContext?.runAsNonRoot === true) expect(user).not.toBe(0);
      const root = roots[IMAGES.controllers] ?? "";
      const run = (args: readonly string[], volumes = {}): ReturnType<typeof runContainer> =>
        runContainer({ root, config, user, ...(container.command !== undefined && { command: container.command }), args, volumes });
      expect(text(await run(["--version"]))).toEqual({ status: 0, stdout: `${bundle} 0.1.0\n`, stderr: "" });
      expect(text(await run(["--help"]))).toMatchObject({
        status: 0,
        stdout: expect.stringMatching(new RegExp(`^${bundle}: `)),
        stderr: "",
      });
      // With the arguments and files of its pod it comes as far as asking for its cluster.
      const maps = Object.fromEntries(
        COMPONENTS.flatMap((addon) => fleet("image").names("home", addon))
          .flatMap((file) => fleet("image").objects("home", file))
          .filter((object) => object?.kind === "ConfigMap")
          .map((object) => [object.metadata.name, object.data]),
      );
      const volumes = await volumesOf(spec, container, maps, join(buildah.folder, `volumes-${bundle}`));
      const args = (container.args ?? []).map((arg) => arg.replace("$(NODE_NAME)", "n1").replace("$(POD_NAME)", "p1"));
      const outside = text(await run(args, volumes));
      expect(outside).toMatchObject({ status: 3, stdout: "" });
      expect(outside.stderr).toBe(`${bundle}: KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set: this is no pod\n`);
    },
  );

  test("what enters the node's namespaces is there", async () => {
    const root = roots[IMAGES.controllers] ?? "";
    const { config } = controllers;
    const entered = await runContainer({ root, config, user: 0, command: ["nsenter", "--version"], args: [] });
    expect(text(entered)).toMatchObject({ status: 0, stderr: "" });
    expect(text(await runContainer({ root, config, user: 1000, args: ["--version"] }))).toEqual({
      status: 0,
      stdout: "v26.10.0\n",
      stderr: "",
    });
    // Nothing of it can be written, and what is not there can't be run.
    const script = "require('node:fs').writeFileSync('/opt/halite/storage-node.cjs', '')";
    expect(text(await runContainer({ root, config, user: 0, args: ["-e", script] })).stderr).toContain("EROFS: read-only file system");
  });

  test("halite-sync, as a bundle where controllers come in images, runs in the image that has git", async () => {
    const { spec, container } = workload("halite-sync");
    const { config } = whole;
    expect(container.image).toBe(IMAGES.halite);
    const user = userOf(spec, container, config);
    expect(user).toBe(1000);
    const root = roots[IMAGES.halite] ?? "";
    const run = (command: readonly string[], args: readonly string[]): ReturnType<typeof runContainer> =>
      runContainer({ root, config, user, command, args, env: { HOME: "/tmp" } });
    expect(text(await run(container.command ?? [], ["--version"]))).toEqual({ status: 0, stdout: "halite-sync 0.1.0\n", stderr: "" });
    expect(text(await run(container.command ?? [], container.args ?? [])).stderr).toContain("/etc/halite/halite.yaml");
    expect(text(await run(["git", "--version"], [])).stdout).toMatch(/^git version 2\./);
    expect(text(await run(["ssh", "-V"], [])).stderr).toMatch(/^OpenSSH/);
    expect(existsSync(join(root, "etc/ssl/certs/ca-certificates.crt"))).toBe(true);
  });

  test("the program in it makes and compiles a fleet, bundles and all, as that user", async () => {
    const root = roots[IMAGES.halite] ?? "";
    const { config } = whole;
    const folder = join(buildah.folder, "fleet");
    mkdirSync(folder);
    chmodSync(buildah.folder, 0o755);
    await mustRun("chown", ["1000:1000", folder]);
    const run = (args: readonly string[]): ReturnType<typeof runContainer> =>
      runContainer({ root, config, user: 1000, args, volumes: { "/fleet": folder }, env: { HOME: "/tmp" } });
    expect(text(await run(["--version"]))).toEqual({ status: 0, stdout: "halite 0.1.0\n", stderr: "" });
    expect(text(await run(["init", "/fleet/own"]))).toMatchObject({ status: 0 });
    expect(text(await run(["render", "--config", "/fleet/own/halite.yaml"]))).toMatchObject({ status: 0, stderr: "" });
    expect(existsSync(join(folder, "own/out"))).toBe(true);
  });

  function text({ status, stdout, stderr }: Awaited<ReturnType<typeof runContainer>>): {
    status: number | null;
    stdout: string;
    stderr: string;
  } {
    return { status, stdout: stdout.toString("utf8"), stderr };
  }
});
