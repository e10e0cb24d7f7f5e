import { spawn, type ChildProcess } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { halite, HALITE } from "../cli/halite.ts";
import { FaultProxy, type Fault } from "../cluster/fault-proxy.ts";
import { Other } from "../cluster/kube.ts";
import { kubeconfigText, type Client, type ControlPlane } from "../control-plane/index.ts";
import { canHavePlane } from "../control-plane/use-plane.ts";
import { releaseOf } from "../cluster/releases.ts";
import { PublishedFleet, writeConfig, type FleetCluster } from "./zone-fleet.ts";
import { useZonePlanes } from "./zone-planes.ts";
import { seededNumbers } from "../seeded-numbers.ts";

const possible = await canHavePlane();
/** Minutes of faults; in CI more than on somebody's desk. */
const MINUTES = Number(process.env["HALITE_SOAK_MINUTES"] ?? ((process.env["CI"] ?? "") === "" ? "1" : "3"));

describe.skipIf(!possible)("a zone that everything happens to", () => {
  let folder: string;
  let planes: readonly ControlPlane[];
  let clients: readonly Client[];
  useZonePlanes((started) => ({ folder, planes, clients } = started));

  const both = (value: string): FleetCluster[] => [
    { az: "az1", cluster: "a", value, rollout: "{wave: canary, order: 0, maxUnavailable: 1}" },
    { az: "az1", cluster: "b", value, rollout: "{wave: rest, order: 1, maxUnavailable: 1}" },
  ];

  test(
    "converges when the faults end, and never has anything but a published value",
    async () => {
      const seed = Number(process.env["HALITE_SEED"] ?? "11") || 11;
      console.log(`soak: seed ${seed} (HALITE_SEED), ${MINUTES} minutes (HALITE_SOAK_MINUTES)`);
      const random = seededNumbers(seed);
      const [planeA, planeB] = planes;
      if (planeA === undefined || planeB === undefined) throw new Error("no planes");
      const fleet = new PublishedFleet(join(folder, "git"));
      const zone = join(folder, "zone");
      const proxies = [new FaultProxy(planeA), new FaultProxy(planeB)];
      const kubeconfigs = join(folder, "kubeconfigs-soak");
      mkdirSync(kubeconfigs);
      /** Kubeconfigs as a rotation leaves them: with the token that counts, or with one that does no more. */
      const writeKubeconfigs = (good: boolean): void => {
        for (const [index, plane] of [planeA, planeB].entries()) {
          const url = proxies[index]?.endpoint().server ?? "";
          const text = kubeconfigText({ url, ca: plane.ca, token: good ? plane.token : "expired" });
          writeFileSync(join(kubeconfigs, `${index === 0 ? "a" : "b"}.new`), text);
          renameSync(join(kubeconfigs, `${index === 0 ? "a" : "b"}.new`), join(kubeconfigs, index === 0 ? "a" : "b"));
        }
      };
      const config = "sync: {kubeconfigs: ../kubeconfigs-soak, interval: 1s, resync: 5s}\n";
      writeConfig(zone, `file://${fleet.remote}`, config);
      writeConfig(join(folder, "zone-second"), `file://${fleet.remote}`, config);
      const published = new Set(["v0", "drift"]);
      await fleet.publish(both("v0"));
      const jobs = new Map<string, { readonly child: ChildProcess; speaks: boolean }>();
      let away = false;
      let number = 0;
      const start = (where: string): void => {
        if (jobs.has(where)) return;
        const cwd = join(folder, where);
        const env = { PATH: process.env["PATH"] ?? "", HOME: cwd };
        const child = spawn(process.execPath, [HALITE, "sync", "--az", "az1"], { cwd, stdio: ["ignore", "ignore", "pipe"], env });
        const job = { child, speaks: false };
        child.stderr?.on("data", () => (job.speaks = true));
        jobs.set(where, job);
      };
      /** Ends a job and gives its exit status; of one that is too young to listen to signals, which it does before it logs anything, 0. */
      const end = async (where: string, signal: NodeJS.Signals): Promise<number | null> => {
        const job = jobs.get(where);
        jobs.delete(where);
        if (job === undefined || job.child.exitCode !== null || job.child.signalCode !== null) return 0;
        const ended = new Promise<number | null>((resolve) => job.child.once("exit", (status) => resolve(status)));
        const listens = job.speaks;
        job.child.kill(signal);
        const status = await ended;
        return listens ? status : 0;
      };
      const bring = (): void => {
        if (away) renameSync(`${fleet.remote}.away`, fleet.remote);
        away = false;
      };
      const one = <T>(of: readonly T[]): T => {
        const found = of[Math.floor(random() * of.length)];
        if (found === undefined) throw new Error("nothing to choose from");
        return found;
      };
      const blocked = join(zone, ".halite/sync/az1/state.json.new");
      const apiFaults: readonly Fault[] = [
        { kind: "status", status: 409, reason: "Conflict" },
        { kind: "status", status: 429, retryAfter: 1 },
        { kind: "status", status: 500 },
        { kind: "status", status: 503 },
        { kind: "cut", after: 40 },
        { kind: "lost" },
        { kind: "slow", milliseconds: 1500 },
      ];
      let webhooks = false;
      const stops: (number | null)[] = [];
      const faults: Readonly<Record<string, () => Promise<void> | void>> = {
        publish: async () => {
          bring();
          const value = `v${++number}`;
          published.add(value);
          await fleet.publish(both(value));
        },
        kill: async () => {
          await end("zone", "SIGKILL");
          start("zone");
        },
        stop: async () => {
          stops.push(await end("zone", "SIGTERM"));
          start("zone");
        },
        "a second sync": async () => {
          if (jobs.has("zone-second")) await end("zone-second", "SIGKILL");
          else start("zone-second");
        },
        "git gone": () => {
          if (!away) renameSync(fleet.remote, `${fleet.remote}.away`);
          away = true;
        },
        "git back": bring,
        drift: async () => {
          const other = new Other(one(clients), "halite-test");
          if ((await other.get("configmap", "settings")) !== undefined)
            await other.merge("configmap", "settings", { data: { value: "drift" } });
        },
        deleted: async () => {
          const other = new Other(one(clients), "halite-test");
          if ((await other.get("configmap", "settings")) !== undefined) await other.delete("configmap", "settings");
        },
        "state lost": () => rmSync(join(zone, ".halite/sync/az1/state.json"), { force: true }),
        "state can't be written": () => {
          if (existsSync(blocked)) rmSync(blocked, { recursive: true, force: true });
          else mkdirSync(blocked, { recursive: true });
        },
        "store spoilt": async () => {
          await end("zone", "SIGKILL");
          const objects = join(zone, ".halite/sync/az1/store.git/objects");
          if (existsSync(objects)) {
            const files = readdirSync(objects, { recursive: true, encoding: "utf8" }).filter((name) => /^[0-9a-f]{2}\/|\.pack$/.test(name));
            const file = files[Math.floor(random() * files.length)];
            if (file !== undefined) {
              rmSync(join(objects, file));
              writeFileSync(join(objects, file), "spoilt");
            }
          }
          start("zone");
        },
        "API faults": () => {
          const rate = random() * 0.5;
          one(proxies).fault = () => (random() < rate ? one(apiFaults) : undefined);
        },
        "connections cut": () => one(proxies).cutAll(),
        "watches expire": () => {
          const proxy = one(proxies);
          proxy.fault = ({ query }) => (query.get("watch") === "true" ? { kind: "status", status: 410, reason: "Expired" } : undefined);
          proxy.cutAll();
        },
        "API server killed": async () => {
          await planeB.stopApiserver("kill");
          await planeB.startApiserver();
        },
        "etcd away": async () => {
          await planeA.stopEtcd();
          await wait(1000 + random() * 2000);
          await planeA.startEtcd();
        },
        "tokens expired": () => writeKubeconfigs(false),
        "tokens renewed": () => writeKubeconfigs(true),
        "a webhook that nobody answers": async () => {
          const answer = webhooks
            ? await clients[0]?.call("DELETE", `/${HOOKS}/soak`)
            : await clients[0]?.call("POST", `/${HOOKS}`, UNANSWERED);
          if (answer !== undefined && answer.status < 300) webhooks = !webhooks;
        },
      };
      for (const proxy of proxies) await proxy.start();
      writeKubeconfigs(true);
      start("zone");
      const done: string[] = [];
      try {
        const until = performance.now() + MINUTES * 60_000;
        while (performance.now() < until) {
          const name = one(Object.keys(faults));
          done.push(name);
          // What the fault itself asks of a server that is away may fail.
          await Promise.resolve(faults[name]?.()).catch((error: unknown) => done.push(`${name}: ${String(error).slice(0, 80)}`));
          await wait(random() * 2500);
          for (const client of clients) {
            const value = await valueIn(client);
            if (value !== undefined) expect(published, done.join(", ")).toContain(value);
          }
        }
      } finally {
        for (const where of jobs.keys()) await end(where, "SIGTERM");
        bring();
      }
      expect(
        stops.filter((status) => status !== 0),
        "stops in order",
      ).toEqual([]);
      for (const proxy of proxies) proxy.fault = () => undefined;
      rmSync(blocked, { recursive: true, force: true });
      writeKubeconfigs(true);
      await expect.poll(async () => (await clients[0]?.call("DELETE", `/${HOOKS}/soak`))?.status, { timeout: 100_000 }).toBeLessThan(405);
      let last = "";
      for (let tries = 0; tries < 6; tries++) {
        const run = await halite(["sync", "--az", "az1", "--once"], { cwd: zone });
        last = run.stdout + run.stderr;
        if (run.status === 0) break;
      }
      for (const client of clients)
        expect((await new Other(client, "halite-test").get("configmap", "settings"))?.data, `${done.join(", ")}\n${last}`).toEqual({
          value: `v${number}`,
        });
      for (const proxy of proxies) await proxy.stop();
    },
    (MINUTES + 4) * 60_000,
  );

  test("opens references to sealed values, and nothing of them is in logs or reports", async () => {
    const [client] = clients;
    if (client === undefined) throw new Error("no plane");
    const other = new Other(client, "default");
    await other.create("secret", {
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: "source", namespace: "default" },
      stringData: { password: "hunter2-hunter2" },
    });
    const reference = "?{secret:default/source#password}";
    const manifest = `apiVersion: v1\nkind: Secret\nmetadata: {name: opened, namespace: default}\nstringData: {password: "${reference}"}\n`;
    const fleet = new PublishedFleet(join(folder, "git-sealed"));
    const zone = join(folder, "zone-sealed");
    writeConfig(zone, `file://${fleet.remote}`, "sync: {kubeconfigs: ../kubeconfigs}\n");
    const files = releaseOf(
      { settings: { "a.yaml": manifest } },
      { cluster: "a", pillar: "addons: {settings: {prune: {empty: true, percent: 100, confirm: [Namespace halite-test]}}}" },
    );
    await fleet.publish([{ az: "az1", cluster: "a", value: "", files }], { message: "Change\n\nRollback-To: 0000000\n" });
    const run = await halite(["sync", "--az", "az1", "--once", "--json"], { cwd: zone });
    expect((await other.get("secret", "opened"))?.data?.["password"], run.stdout + run.stderr).toBe(
      Buffer.from("hunter2-hunter2").toString("base64"),
    );
    expect(run.stdout + run.stderr).not.toContain("hunter2");
  });
});

const HOOKS = "apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations";
/** A webhook for every ConfigMap at an address where nobody answers, that is waited for. */
const UNANSWERED = {
  apiVersion: "admissionregistration.k8s.io/v1",
  kind: "ValidatingWebhookConfiguration",
  metadata: { name: "soak" },
  webhooks: [
    {
      name: "soak.example.org",
      clientConfig: { url: "https://127.0.0.1:1/" },
      rules: [{ apiGroups: [""], apiVersions: ["v1"], operations: ["CREATE", "UPDATE"], resources: ["configmaps"] }],
      failurePolicy: "Fail",
      sideEffects: "None",
      admissionReviewVersions: ["v1"],
      timeoutSeconds: 1,
    },
  ],
};

/** The value that a cluster has; undefined where it has none, or its server is away. */
async function valueIn(client: Client): Promise<string | undefined> {
  try {
    return (await new Other(client, "halite-test").get("configmap", "settings"))?.data?.["value"];
  } catch {
    return undefined;
  }
}
