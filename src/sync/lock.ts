import { createHash } from "node:crypto";
import { mkdirSync, realpathSync } from "node:fs";
import { createServer } from "node:net";
import { FindingError } from "../finding/index.ts";

/**
 * Makes sure that one process of this machine works with a folder. It is a socket's name that the kernel gives to one process at a time and takes back
 * however that one ends (unix(7), abstract sockets); on systems without such names nothing is locked. Replicas on several machines have a Lease for that.
 *
 * @returns what ends it
 * @throws FindingError `sync-locked`
 */
export async function lockFolder(folder: string): Promise<() => Promise<void>> {
  mkdirSync(folder, { recursive: true });
  if (process.platform !== "linux") return async () => Promise.resolve();
  const name = createHash("sha256").update(realpathSync(folder)).digest("hex").slice(0, 40);
  const server = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error) => {
      const taken = "code" in error && error.code === "EADDRINUSE";
      const finding = {
        code: "sync-locked",
        severity: "error",
        message: `another halite sync of this machine works with ${folder}`,
        advice: "One process keeps a zone. End the other one, or give this one a folder of its own: sync.state in halite.yaml, or --state.",
      } as const;
      reject(taken ? new FindingError(finding) : error);
    });
    server.listen(`\0halite-sync-${name}`, resolve);
  });
  server.unref();
  return async () => await new Promise<void>((resolve) => server.close(() => resolve()));
}
