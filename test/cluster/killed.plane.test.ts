import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { build } from "../../scripts/build.mjs";
import { HALITE, halite } from "../cli/halite.ts";
import { writeSmallFleet } from "../cli/small-fleet.ts";
import { Client, startControlPlane, type ControlPlane } from "../control-plane/index.ts";
import { canHavePlane } from "../control-plane/use-plane.ts";
import { seededNumbers } from "../seeded-numbers.ts";
import { FaultProxy } from "./fault-proxy.ts";

const possible = await canHavePlane();

describe.skipIf(!possible)("applies that are killed", () => {
  let plane: ControlPlane;
  let api: Client;
  let proxy: FaultProxy;
  let folder: string;
  beforeAll(async () => {
    await build();
    plane = await startControlPlane();
    api = new Client(plane);
    proxy = new FaultProxy(plane);
    await proxy.start();
    folder = mkdtempSync(join(tmpdir(), "halite-killed-"));
    writeFileSync(join(folder, "proxy.kubeconfig"), readFileSync(plane.kubeconfig, "utf8").replace(plane.url, proxy.endpoint().server), {
      mode: 0o600,
    });
  });
  afterAll(async () => {
    await proxy?.stop();
    api?.close();
    await plane?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const args = (): string[] => ["apply", "--cluster", "c0", "--local", "--kubeconfig", join(folder, "proxy.kubeconfig")];
  const values = async (): Promise<Readonly<Record<string, string>>> => {
    const { body } = await api.call("GET", "/api/v1/namespaces/default/configmaps");
    const { items } = body as { items: { metadata: { name: string }; data?: { value?: string } }[] };
    return Object.fromEntries(
      items.flatMap(({ metadata, data }) => (/^f\d+$/.test(metadata.name) ? [[metadata.name, data?.value ?? ""]] : [])),
    );
  };

  test("kill -9 anywhere, again and again: what is left is always known to the inventory, and the next apply finishes it", async () => {
    const random = seededNumbers(fc.readConfigureGlobal().seed ?? 1);
    const foreign = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "foreign", namespace: "default" } };
    expect((await api.call("POST", "/api/v1/namespaces/default/configmaps", foreign)).status).toBe(201);
    const releases: readonly (readonly [number, string])[] = [
      [60, "one"],
      [60, "two"],
      [42, "three"],
      [60, "four"],
      [42, "five"],
    ];
    for (const [files, value] of releases) {
      writeSmallFleet(folder, { clusters: 1, files }, value);
      expect((await halite(["render", "--no-cache"], { cwd: folder })).status).toBe(0);
      let killed = 0;
      for (let attempt = 0; attempt < 4; attempt++) {
        const child = spawn(process.execPath, [HALITE, ...args()], { cwd: folder, stdio: "ignore" });
        const ended = new Promise<void>((resolve) => child.once("close", () => resolve()));
        // By what it has asked for, not by a clock, so that a fast machine's are killed too.
        let left = 1 + Math.floor(random() * files);
        proxy.fault = () => {
          if (--left === 0 && child.kill("SIGKILL")) killed += 1;
          return undefined;
        };
        await ended;
        proxy.fault = () => undefined;
        const known = new Set(
          (
            (await api.call("GET", "/apis/halite.dev/v1alpha1/addons")).body as { items?: { spec: { members: { name: string }[] } }[] }
          ).items?.flatMap(({ spec }) => spec.members.map(({ name }) => name)) ?? [],
        );
        for (const name of Object.keys(await values()))
          expect(known.has(name), `${name} is in no inventory (${value}, kill ${attempt})`).toBe(true);
      }
      expect(killed).toBeGreaterThan(0);
      const done = await halite(args(), { cwd: folder });
      expect(done.status, done.stdout + done.stderr).toBe(0);
      const found = await values();
      expect(Object.keys(found).length).toBe(files);
      expect(new Set(Object.values(found))).toEqual(new Set([value]));
      expect((await api.call("GET", "/api/v1/namespaces/default/configmaps/foreign")).status).toBe(200);
    }
  });
});
