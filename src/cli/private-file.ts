import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { EnvironmentError } from "./command.ts";

/** Numbers of file systems that are in memory (statfs(2)): tmpfs and ramfs. */
const IN_MEMORY = new Set([0x01021994, 0x858458f6]);

/** A file that only this user can read, in memory. */
export interface PrivateFile {
  readonly path: string;
  /** Removes it with its folder, and what an editor has put beside it. */
  remove(): void;
}

/**
 * Puts a plain text into a file in memory, in a folder of its own that nobody else can look into. It is removed by `remove`, and if this process
 * is killed, be it with SIGKILL, by a process that waits for nothing else.
 *
 * @throws EnvironmentError where there is no folder in memory
 */
export function privateFile(name: string, content: Uint8Array, env: Readonly<Record<string, string | undefined>>): PrivateFile {
  const top = [env["XDG_RUNTIME_DIR"] ?? "", "/dev/shm", "/run/shm"].find((folder) => folder !== "" && isInMemory(folder));
  if (top === undefined)
    throw new EnvironmentError(
      "there is no folder in memory for the plain text: neither XDG_RUNTIME_DIR nor /dev/shm is a tmpfs",
      "mount one, or change single values with `halite secret seal`; plain text is never written to a disk",
    );
  const folder = mkdtempSync(join(top, "halite-edit-"));
  try {
    const remover = spawn(process.execPath, ["-e", REMOVER, folder], { detached: true, stdio: ["pipe", "ignore", "ignore"], env: {} });
    remover.on("error", () => undefined);
    if (remover.pid === undefined)
      throw new EnvironmentError("nothing can be started that removes the plain text if this process is killed", "nothing was changed");
    remover.unref();
    // The remover's end of the pipe closes when this process does, however it ends.
    remover.stdin.on("error", () => undefined);
    const path = join(folder, name);
    writeFileSync(path, content, { mode: 0o600, flag: "wx" });
    return {
      path,
      remove: () => {
        rmSync(folder, { recursive: true, force: true });
        remover.stdin.end();
      },
    };
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
}

const REMOVER = `process.stdin.on("close", () => require("fs").rmSync(process.argv[1], { recursive: true, force: true })).resume()`;

function isInMemory(folder: string): boolean {
  try {
    return IN_MEMORY.has(statfsSync(folder).type);
  } catch {
    return false;
  }
}
