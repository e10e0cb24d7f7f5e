import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { copyFile, mkdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { newestNode, PROJECT } from "../cli/halite.ts";
import { aptPackages } from "./apt-packages.ts";
import { haveBuildah, newBuildah, type Buildah } from "./buildah.ts";
import { mustRun } from "./run.ts";

/** The image that the Dockerfile says it stands on. */
export const BASE_IMAGE = /^ARG NODE=(\S+)$/m.exec(readFileSync(join(PROJECT, "Dockerfile"), "utf8"))?.[1] ?? "";

/** What Node's own image has besides Debian's smallest system. */
const LIBRARIES = ["libatomic1", "libstdc++6"];
/** What Debian's slim images leave out. */
const LEFT_OUT = ["/usr/share/doc/*", "/usr/share/locale/*", "/usr/share/man/*"];

/** Where the stand-in for that image lies once it is made: named after what it is made by. */
export function imageBase(): string {
  const hash = createHash("sha256")
    .update(BASE_IMAGE)
    .update(readFileSync(new URL(import.meta.url)));
  return fileURLToPath(new URL(`../.cache/image-base-${hash.digest("hex").slice(0, 12)}.tar`, import.meta.url));
}

/** Whether images can be built here. */
export const haveImageBase = haveBuildah && existsSync(imageBase());

/**
 * Installs buildah, and makes what stands in for Node's own image where no container registry is: Debian's smallest system from packages, the
 * same Node, and the same user, environment and entry point. Gives the reason where that can't be had.
 */
export async function makeImageBase(): Promise<string | undefined> {
  const reason = await aptPackages(["buildah", "mmdebstrap"]);
  if (reason !== undefined) return reason;
  if (process.getuid?.() !== 0) return "only root can build images here";
  const node = newestNode();
  if (node === undefined) return "the newest LTS Node is not in test/.cache";
  const target = imageBase();
  if (existsSync(target)) return undefined;
  const buildah = await newBuildah();
  try {
    await mkdir(join(target, ".."), { recursive: true });
    await make(buildah, node, target);
    return undefined;
  } catch (error) {
    return (error instanceof Error ? error.message : String(error)).slice(-2000);
  } finally {
    await buildah.end();
  }
}

async function make(buildah: Buildah, node: string, target: string): Promise<void> {
  const [, suite = "stable"] = /^VERSION_CODENAME=(\S+)$/m.exec(readFileSync("/etc/os-release", "utf8")) ?? [];
  const system = join(buildah.folder, "system.tar");
  const options = [
    ...LEFT_OUT.map((path) => `--dpkgopt=path-exclude=${path}`),
    "--dpkgopt=force-unsafe-io",
    '--aptopt=Acquire::Languages "none"',
    `--include=${LIBRARIES.join(",")}`,
  ];
  await mustRun("mmdebstrap", ["--quiet", "--mode=root", "--variant=minbase", ...options, suite, system], {
    env: { TMPDIR: buildah.folder },
    timeout: 300_000,
  });
  const container = (await buildah.must(["from", "scratch"])).trim();
  await buildah.must(["add", "--quiet", container, system, "/"]);
  await copyFile(node, join(buildah.folder, "node"));
  await buildah.must(["copy", "--quiet", "--chmod=0755", container, join(buildah.folder, "node"), "/usr/local/bin/node"]);
  const user = "groupadd --gid 1000 node && useradd --uid 1000 --gid node --shell /bin/bash --create-home node";
  await buildah.must(["run", "--isolation", "chroot", container, "--", "sh", "-c", user]);
  const [, version = ""] = /:([\d.]+)/.exec(BASE_IMAGE) ?? [];
  const settings = ["--cmd", "node", "--entrypoint", '["docker-entrypoint.sh"]', "--env", `NODE_VERSION=${version}`];
  await buildah.must(["config", ...settings, container]);
  await buildah.must(["commit", "--quiet", container, BASE_IMAGE]);
  const part = `${target}.${process.pid}`;
  try {
    await buildah.must(["push", "--quiet", BASE_IMAGE, `docker-archive:${part}:${BASE_IMAGE}`]);
    await rename(part, target);
  } finally {
    await rm(part, { force: true });
  }
}
