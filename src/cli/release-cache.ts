import { createHash } from "node:crypto";
import { join } from "node:path";
import { readRelease, type Desired } from "../cluster/index.ts";
import { CacheFolder } from "../fleet/index.ts";
import type { CommandContext } from "./command.ts";

/** So many are kept. */
const MOST_RELEASES = 16;

/**
 * Reads what a cluster should hold, as `readRelease` does: from its files or, where an earlier run of this build has read the very same bytes, from what that
 * one has kept in `.halite/cache` below `folder`. Half of what a look at a cluster in which nothing has changed costs otherwise is reading YAML.
 *
 * @throws as `readRelease`, which is asked each time where something is wrong
 */
export function keptRelease(
  { build }: CommandContext,
  folder: string,
  files: ReadonlyMap<string, Uint8Array>,
  cluster: string,
  commit: string | null,
): Desired {
  const hash = createHash("sha256").update(JSON.stringify(cluster));
  for (const [path, bytes] of [...files].sort(([a], [b]) => (a < b ? -1 : 1)))
    hash.update(`${Buffer.byteLength(path)} ${path} ${bytes.length}\n`).update(bytes);
  const name = `release-${hash.digest("hex").slice(0, 40)}`;
  const cache = new CacheFolder(join(folder, ".halite/cache"), build, () => undefined);
  const bytes = cache.read(name);
  if (bytes !== undefined) {
    // Only what this very build wrote, and whose digest is right, comes here.
    const desired: Desired = JSON.parse(bytes.toString("utf8"));
    return { ...desired, commit };
  }
  const desired = readRelease(files, cluster, commit);
  for (const other of cache.names("release-").slice(MOST_RELEASES - 1)) cache.remove(other);
  cache.write(name, Buffer.from(JSON.stringify({ ...desired, commit: null }), "utf8"));
  return desired;
}
