import { cpSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll } from "vitest";
import { Client, LEAN, startControlPlane, type ControlPlane } from "../control-plane/index.ts";

/** What a zone's suite works on. */
export interface ZonePlanes {
  /** Of the suite alone, with the kubeconfigs of clusters `a` and `b` in `kubeconfigs`. */
  readonly folder: string;
  readonly planes: readonly ControlPlane[];
  readonly clients: readonly Client[];
}

/** Two control planes on one etcd for the tests of a suite, which are handed over before the first one. */
export function useZonePlanes(take: (started: ZonePlanes) => void): void {
  const planes: ControlPlane[] = [];
  const clients: Client[] = [];
  let folder: string | undefined;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "halite-zone-"));
    mkdirSync(join(folder, "kubeconfigs"));
    for (const name of ["a", "b"]) {
      const [first] = planes;
      const plane = await startControlPlane({ apiserver: LEAN, ...(first === undefined ? {} : { beside: first }) });
      planes.push(plane);
      clients.push(new Client(plane));
      cpSync(plane.kubeconfig, join(folder, "kubeconfigs", name));
    }
    take({ folder, planes, clients });
  });
  afterAll(async () => {
    for (const client of clients) client.close();
    for (const plane of planes.reverse()) await plane.stop();
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  });
}
