import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { mustRun, runReal, type RealRun } from "./run.ts";

export const haveBuildah = existsSync("/usr/bin/buildah") && process.getuid?.() === 0;

/** buildah with a storage of its own, which needs no daemon, no container runtime and no registry. For root alone. */
export interface Buildah {
  /** An empty folder beside the storage. */
  readonly folder: string;
  /** Runs it. @throws Error with its messages */
  must(args: readonly string[]): Promise<string>;
  run(args: readonly string[]): Promise<RealRun>;
  end(): Promise<void>;
}

export async function newBuildah(): Promise<Buildah> {
  const root = await mkdtemp(join(tmpdir(), "halite-images-"));
  const folder = join(root, "work");
  await mkdir(folder);
  // Layers on their way are large: they stay here, and not where a killed run would leave them.
  const options = { cwd: folder, env: { TMPDIR: folder }, timeout: 300_000 };
  const withDriver = (driver: string): readonly string[] => [
    "--root",
    join(root, `storage-${driver}`),
    "--runroot",
    join(root, `run-${driver}`),
    "--storage-driver",
    driver,
  ];
  // What is in a container itself, on an overlay, can't have another one: there every layer is a whole copy.
  const overlay = withDriver("overlay");
  const storage = (await runReal("buildah", [...overlay, "info"], options)).status === 0 ? overlay : withDriver("vfs");
  return {
    folder,
    must: (args) => mustRun("buildah", [...storage, ...args], options),
    run: (args) => runReal("buildah", [...storage, ...args], options),
    end: async () => {
      await runReal("buildah", [...storage, "umount", "--all"], options);
      await rm(root, { recursive: true, force: true });
    },
  };
}
