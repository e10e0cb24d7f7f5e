import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { runReal, type RealRun } from "../real/run.ts";

/** A container of a compiled workload, as far as a container runtime needs it here. */
export interface PodContainer {
  readonly name: string;
  readonly image: string;
  readonly command?: readonly string[];
  readonly args?: readonly string[];
  readonly securityContext: { readonly readOnlyRootFilesystem?: boolean; readonly runAsUser?: number; readonly privileged?: boolean };
  readonly volumeMounts?: readonly { readonly name: string; readonly mountPath: string }[];
}

export interface PodSpec {
  readonly containers: readonly PodContainer[];
  readonly securityContext?: { readonly runAsUser?: number; readonly runAsNonRoot?: boolean };
  readonly volumes?: readonly { readonly name: string; readonly configMap?: { readonly name: string } }[];
}

/** An image's configuration, as the OCI image specification has it. */
export interface ImageConfig {
  readonly User?: string;
  readonly Entrypoint?: readonly string[];
  readonly Env?: readonly string[];
  readonly Labels?: Readonly<Record<string, string>>;
}

/** Who a container runs as: what it says itself, else its pod, else its image. */
export function userOf(spec: PodSpec, container: PodContainer, { User = "0" }: ImageConfig): number {
  return container.securityContext.runAsUser ?? spec.securityContext?.runAsUser ?? Number(User.split(":")[0]);
}

export interface ContainerRun {
  /** The image's files, which belong to this run. */
  readonly root: string;
  readonly config: ImageConfig;
  readonly user: number;
  /** What takes the place of the entry point. */
  readonly command?: readonly string[];
  readonly args: readonly string[];
  /** Folders by the path where the container has them. */
  readonly volumes?: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
}

/**
 * As a container runtime: mount points are made, then nothing of the root can be written but what is mounted into it. A mount namespace of its own, the
 * machine's processes and network.
 */
const SCRIPT = `set -eu
root=$1 user=$2
shift 2
mount --make-rprivate /
mount --bind "$root" "$root"
for name in proc dev; do mkdir -p "$root/$name"; mount --rbind "/$name" "$root/$name"; done
while [ "$1" != -- ]; do
  mkdir -p "$root$2"
  mount --bind "$1" "$root$2"
  shift 2
done
shift
mount -o remount,bind,ro "$root"
exec chroot --userspec="$user:$user" "$root" "$@"`;

/** Runs a container to its end; of the environment it has the image's and what is given. */
export function runContainer({ root, config, user, command, args, volumes = {}, env = {} }: ContainerRun): Promise<RealRun> {
  const own = Object.fromEntries((config.Env ?? []).map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]));
  const binds = Object.entries(volumes).flatMap(([path, folder]) => [folder, path]);
  const argv = [root, String(user), ...binds, "--", ...(command ?? config.Entrypoint ?? []), ...args];
  return runReal("unshare", ["--mount", "sh", "-c", SCRIPT, "container", ...argv], { env: { ...own, ...env } });
}

/** A folder for each of a container's volumes, with what its ConfigMap holds. */
export async function volumesOf(
  { volumes = [] }: PodSpec,
  { volumeMounts = [] }: PodContainer,
  configMaps: Readonly<Record<string, Readonly<Record<string, string>>>>,
  folder: string,
): Promise<Readonly<Record<string, string>>> {
  const paths: Record<string, string> = {};
  for (const { name, mountPath } of volumeMounts) {
    const path = join(folder, name);
    await mkdir(path, { recursive: true });
    const map = volumes.find((volume) => volume.name === name)?.configMap?.name;
    for (const [file, text] of Object.entries(map === undefined ? {} : (configMaps[map] ?? {}))) await writeFile(join(path, file), text);
    paths[mountPath] = path;
  }
  return paths;
}
