import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { build } from "../../scripts/build.mjs";
import { halite, PROJECT } from "../cli/halite.ts";
import { Other } from "../cluster/kube.ts";
import { Client, kubeconfigText, startControlPlane, type ControlPlane } from "../control-plane/index.ts";
import { freePorts } from "../control-plane/ports.ts";
import { canHavePlane } from "../control-plane/use-plane.ts";
import { PublishedFleet, type FleetCluster } from "../sync/zone-fleet.ts";
import { canRunPods, startPod, type PodTemplate, type RunningPod } from "./pod.ts";

const possible = (await canHavePlane()) && canRunPods();
const NAMESPACE = "storage-system";
const POLL = { timeout: 240_000, interval: 100 };

/** The rights that docs/clusters.md names, for the kinds of the release that is published here. */
const RULES = [
  { apiGroups: [""], resources: ["configmaps", "namespaces"], verbs: ["get", "list", "watch", "create", "patch", "delete"] },
  { apiGroups: ["halite.dev"], resources: ["addons", "addons/status"], verbs: ["get", "list", "watch", "create", "patch", "delete"] },
  { apiGroups: ["apiextensions.k8s.io"], resources: ["customresourcedefinitions"], verbs: ["get", "create", "patch"] },
  { apiGroups: [""], resources: ["events"], verbs: ["create"] },
];

describe.skipIf(!possible)("the pods of halite-sync under real API servers that enforce its rights", () => {
  let folder: string;
  let port: number;
  let fleet: PublishedFleet;
  const planes: ControlPlane[] = [];
  const clients: Client[] = [];
  const pods: RunningPod[] = [];
  let number = 0;

  beforeAll(async () => {
    await build();
    folder = mkdtempSync(join(tmpdir(), "halite-sync-pod-"));
    [port = 0] = await freePorts(1);
    const home = await startControlPlane({ controllers: "serviceaccount-controller" });
    planes.push(home);
    planes.push(await startControlPlane({ controllers: "serviceaccount-controller", beside: home }));
    for (const plane of planes) clients.push(new Client(plane));
    fleet = new PublishedFleet(join(folder, "git"));
    const [api] = clients;
    if (api === undefined) throw new Error("no plane");
    await home.kubectl(["create", "namespace", NAMESPACE]);
    const kubeconfigs: Record<string, string> = {};
    for (const [index, plane] of planes.entries()) {
      const token = await restrictedToken(plane);
      kubeconfigs[index === 0 ? "home" : "far"] = kubeconfigText({ url: plane.url, ca: plane.ca, token });
    }
    await new Other(api, NAMESPACE).create("secret", {
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: "halite-sync-kubeconfigs", namespace: NAMESPACE },
      stringData: kubeconfigs,
    });
  });
  afterAll(async () => {
    for (const pod of pods) pod.process.kill("SIGKILL");
    await Promise.all(pods.map(({ ended }) => ended));
    for (const client of clients) client.close();
    for (const plane of planes.reverse()) await plane.stop();
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  });

  const homePlane = (): ControlPlane => {
    const [plane] = planes;
    if (plane === undefined) throw new Error("no plane");
    return plane;
  };

  /** A ServiceAccount of the cluster that may do what the docs say and no more, and its token. */
  async function restrictedToken(plane: ControlPlane): Promise<string> {
    const subject = { kind: "ServiceAccount", name: "halite", namespace: "default" };
    const roleRef = { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "halite" };
    const objects = [
      { apiVersion: "v1", kind: "ServiceAccount", metadata: { name: "halite", namespace: "default" } },
      { apiVersion: "rbac.authorization.k8s.io/v1", kind: "ClusterRole", metadata: { name: "halite" }, rules: RULES },
      {
        apiVersion: "rbac.authorization.k8s.io/v1",
        kind: "ClusterRoleBinding",
        metadata: { name: "halite" },
        roleRef,
        subjects: [subject],
      },
    ];
    for (const object of objects) await plane.kubectl(["create", "-f", "-"], { input: JSON.stringify(object) });
    return (await plane.kubectl(["create", "token", "halite", "--duration=1h"])).trim();
  }

  /** The addon as the shipped fleet's states compile it, applied to the cluster that it runs in; gives the pods' template as the cluster has it. */
  async function installed(pillar: string): Promise<PodTemplate> {
    const copy = join(folder, `fleet-${number++}`);
    for (const part of ["states", "pillar", "schemas/pillar", "schemas/crds", "secrets", "halite.yaml"])
      cpSync(join(PROJECT, part), join(copy, part), { recursive: true });
    writeFileSync(
      join(copy, "pillar/roster.yaml"),
      'home:\n  minion_opts:\n    grains: {region: us-east, az: iad1, kubernetes: "1.36", env: dev, flavors: []}\n',
    );
    const setting = `components: {halite-sync: true}\nhalite-sync:\n  remote: file:///remote/git/remote.git\n  interval: 1s\n  port: ${port}\n${pillar}`;
    writeFileSync(join(copy, "pillar/cluster/home.sls"), setting);
    const rendered = await halite(["render"], { cwd: copy });
    expect(rendered.status, rendered.stdout + rendered.stderr).toBe(0);
    const out = join(copy, "out/iad1/home");
    await homePlane().kubectl(["apply", "--server-side", "-f", join(out, "storage-base/priority-classes.yaml")]);
    await homePlane().kubectl(["apply", "--server-side", "--force-conflicts", "-R", "-f", join(out, "halite-sync")]);
    const kind = pillar.includes("schedule:") ? "cronjob" : "deployment";
    // The API server learns of roles by a watch of its own: a pod takes longer to start than a process does.
    if (kind === "deployment") await expect.poll(() => may("update", "leases/halite-sync"), POLL).toBe("yes");
    const made: unknown = JSON.parse(await homePlane().kubectl(["get", kind, "halite-sync", "-n", NAMESPACE, "-o", "json"]));
    // The server's own workload.
    const { spec } = made as {
      readonly spec: { readonly template: PodTemplate; readonly jobTemplate: { readonly spec: { readonly template: PodTemplate } } };
    };
    return kind === "cronjob" ? spec.jobTemplate.spec.template : spec.template;
  }

  /** What the addon's account may do. */
  const may = async (...what: string[]): Promise<string> =>
    (
      await homePlane()
        .kubectl(["auth", "can-i", "-n", NAMESPACE, "--as", `system:serviceaccount:${NAMESPACE}:halite-sync`, ...what])
        .catch((error: unknown) => String(error))
    ).trim();

  /** Publishes, to a remote that is the pods' user's, as a server's would be. */
  async function publish(clusters: readonly FleetCluster[], options?: { readonly message: string }): Promise<void> {
    await fleet.publish(clusters, options);
    const served = join(folder, "served/remote.git");
    const git = (...args: string[]): void => void execFileSync("git", ["-c", "safe.directory=*", ...args], { stdio: "pipe" });
    if (!existsSync(served)) git("init", "--quiet", "--bare", served);
    git("-C", served, "fetch", "--quiet", fleet.remote, "+refs/heads/addons:refs/heads/addons");
    execFileSync("chown", ["-R", "1000:1000", join(folder, "served")]);
  }

  async function start(template: PodTemplate, name: string): Promise<RunningPod> {
    const own = join(folder, `pod-${number++}`);
    mkdirSync(own);
    const [api] = clients;
    if (api === undefined) throw new Error("no plane");
    const pod = await startPod(template, {
      plane: homePlane(),
      api,
      namespace: NAMESPACE,
      name,
      folder: own,
      shared: { "/remote/git": join(folder, "served") },
    });
    pods.push(pod);
    return pod;
  }

  const both = (value: string): FleetCluster[] => ["home", "far"].map((cluster) => ({ az: "iad1", cluster, value }));
  const stated = { message: "Change\n\nRollback-To: 0000000\n" };
  const settings = async (): Promise<(string | undefined)[]> =>
    await Promise.all(
      clients.map(async (client) => (await new Other(client, "halite-test").get("configmap", "settings"))?.data?.["value"]),
    );

  test.each(["image", "bundle"])("a Deployment with the delivery %s keeps the zone, with the rights that it has", async (delivery) => {
    await publish(both(`${delivery}-1`), stated);
    const template = await installed(`  delivery: ${delivery}\n`);
    const [container] = template.spec.containers;
    expect(container?.command).toEqual(delivery === "image" ? ["halite"] : ["node", "/halite/halite-sync/start.cjs"]);
    expect(container?.securityContext.readOnlyRootFilesystem).toBe(true);
    const pod = await start(template, `halite-sync-${delivery}`);
    const probe = async (path: string): Promise<number> => {
      try {
        return (await fetch(`http://127.0.0.1:${port}${path}`)).status;
      } catch {
        return 0;
      }
    };
    await expect.poll(() => probe(container?.readinessProbe?.httpGet.path ?? ""), { ...POLL, message: pod.output() }).toBe(200);
    await expect.poll(settings, POLL).toEqual([`${delivery}-1`, `${delivery}-1`]);
    expect(await probe(container?.livenessProbe?.httpGet.path ?? "")).toBe(200);
    const status = async (): Promise<unknown> => JSON.parse(await (await fetch(`http://127.0.0.1:${port}/status`)).text());
    const well = { synced: true, healthy: true, reason: "" };
    await expect.poll(status, POLL).toMatchObject({
      az: "iad1",
      git: { error: null, report: null },
      clusters: [
        { cluster: "far", ...well },
        { cluster: "home", ...well },
      ],
    });
    // One of the two pods works, and it is the one of the Lease.
    const lease = await homePlane().kubectl(["get", "lease", "halite-sync", "-n", NAMESPACE, "-o", "jsonpath={.spec.holderIdentity}"]);
    expect(lease).toMatch(new RegExp(`^halite-sync-${delivery}-\\d+$`));
    const root = readFileSync(`/proc/${pod.process.pid ?? 0}/mountinfo`, "utf8")
      .split("\n")
      .find((line) => line.split(" ")[4] === "/");
    expect(root?.split(" ")[5]).toMatch(/^ro\b/);
    await new Other(clients[1] as Client, "halite-test").merge("configmap", "settings", { data: { value: "drift" } });
    await publish(both(`${delivery}-2`));
    await expect.poll(settings, POLL).toEqual([`${delivery}-2`, `${delivery}-2`]);
    pod.process.kill("SIGTERM");
    expect(await pod.ended, pod.output()).toBe(0);
    expect(pod.output()).not.toMatch(/Forbidden|forbidden|EROFS|EACCES/);
    expect(await may("update", "leases/halite-sync")).toBe("yes");
    for (const what of [
      ["get", "secrets"],
      ["list", "leases"],
      ["update", "leases/other"],
      ["list", "pods"],
    ])
      expect(await may(...what)).not.toBe("yes");
  });

  test.each(["image", "bundle"])("a CronJob with the delivery %s makes one round and ends", async (delivery) => {
    await publish(both(`cron-${delivery}`), stated);
    const template = await installed(`  delivery: ${delivery}\n  schedule: '*/5 * * * *'\n`);
    expect(template.spec.automountServiceAccountToken).toBe(false);
    expect(template.spec.containers[0]?.args).toContain("--once");
    const pod = await start(template, "halite-sync-28000000-abcde");
    expect(await pod.ended, pod.output()).toBe(0);
    expect(pod.output()).toContain("2 of 2 clusters have this release, synced and healthy");
    expect(await settings()).toEqual([`cron-${delivery}`, `cron-${delivery}`]);
  });
});
