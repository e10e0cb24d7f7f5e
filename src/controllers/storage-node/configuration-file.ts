import { open, readFile, rename } from "node:fs/promises";
import { dirname } from "node:path";

/** Where the system configuration is written to. */
export interface ConfigurationFile {
  /** Writes it where it holds another text: whole or not at all, whatever happens meanwhile. Whether it had to. */
  write(text: string): Promise<boolean>;
}

/** The file at a path of this mount namespace: a pod has the node's folder mounted. */
export function configurationFile(path: string): ConfigurationFile {
  return {
    write: async (text) => {
      if ((await contentsAt(path)) === text) return false;
      const aside = `${path}.new`;
      const file = await open(aside, "w", 0o644);
      try {
        await file.writeFile(text);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(aside, path);
      const folder = await open(dirname(path), "r");
      try {
        await folder.sync();
      } finally {
        await folder.close();
      }
      return true;
    },
  };
}

async function contentsAt(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
}
