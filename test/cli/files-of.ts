import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** The files of a folder by path within it, those of shards' records apart. */
export function filesOf(folder: string): ReadonlyMap<string, string> {
  return new Map(
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry): [string, string] => {
        const path = join(entry.parentPath, entry.name);
        return [path.slice(folder.length + 1), readFileSync(path, "utf8")];
      })
      .filter(([path]) => !path.startsWith(".shards/"))
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );
}
