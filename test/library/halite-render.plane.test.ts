import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { build } from "../../scripts/build.mjs";
import { halite, PROJECT, type Run } from "../cli/halite.ts";
import { Client, startControlPlane, type ControlPlane } from "../control-plane/index.ts";
import { canHavePlane } from "../control-plane/use-plane.ts";

const possible = await canHavePlane();

const OUT = join(PROJECT, "out/iad1/iad1-dev-01");
const NAMESPACE = "storage-system";
/** Of kubectl wait. */
const TIMEOUT = "--timeout=110s";

/** A pod as the Job controller has made it, as far as a kubelet needs it here. */
interface Pod {
  readonly metadata: {
    readonly name: string;
    readonly labels: Readonly<Record<string, string>>;
    readonly annotations: Readonly<Record<string, string>>;
  };
  readonly spec: {
    readonly containers: readonly {
      readonly name: string;
      readonly command: readonly string[];
      readonly args: readonly string[];
      readonly env?: readonly {
        readonly name: string;
        readonly value?: string;
        readonly valueFrom?: { readonly fieldRef?: { readonly fieldPath: string } };
      }[];
    }[];
  };
}

interface Job {
  readonly metadata: { readonly name: string; readonly uid: string; readonly labels: Readonly<Record<string, string>> };
  readonly spec: { readonly completions?: number; readonly completionMode: string };
  readonly status: { readonly completedIndexes?: string; readonly failedIndexes?: string; readonly succeeded?: number };
}

describe.skipIf(!possible)("the Jobs of halite-render under a real API server and Job controller", () => {
  let plane: ControlPlane;
  let api: Client;
  let folder = "";

  beforeAll(async () => {
    await build();
    plane = await startControlPlane({ controllers: "job-controller,serviceaccount-controller" });
    api = new Client(plane);
    folder = mkdtempSync(join(tmpdir(), "halite-plane-jobs-"));
    // What the Jobs name: the namespace, the priority class.
    for (const path of ["storage-base/namespaces.yaml", "storage-base"])
      await plane.kubectl(["apply", "--server-side", "-R", "-f", join(OUT, path)]);
  });
  afterAll(async () => {
    api?.close();
    await plane?.stop();
    if (folder !== "") rmSync(folder, { recursive: true, force: true });
  });

  /** The shipped fleet and a folder for what is rendered, as the pods' volumes hold them. */
  function volumes(name: string): { readonly fleet: string; readonly rendered: string } {
    const [fleet, rendered] = [join(folder, name, "fleet"), join(folder, name, "rendered")];
    for (const path of [fleet, rendered]) mkdirSync(path, { recursive: true });
    for (const part of ["states", "pillar", "schemas/pillar", "schemas/crds", "secrets", "halite.yaml"])
      cpSync(join(PROJECT, part), join(fleet, part), { recursive: true });
    return { fleet, rendered };
  }

  async function items<T>(path: string): Promise<readonly T[]> {
    const answer = await api.call("GET", path);
    expect(answer.status).toBe(200);
    // The server's own lists.
    return (answer.body as { readonly items: readonly T[] }).items;
  }

  async function jobOf(component: string): Promise<Job> {
    const query = `labelSelector=app.kubernetes.io%2Fcomponent%3D${component}`;
    const [job] = await items<Job>(`/apis/batch/v1/namespaces/${NAMESPACE}/jobs?${query}`);
    if (job === undefined) throw new Error(`there is no Job of ${component}`);
    return job;
  }

  /** A Job's pods once the controller has made all that run at a time; no others of its name, which it may have made for a Job that was just deleted. */
  async function podsOf({ metadata: { name, uid } }: Job, active: number): Promise<readonly Pod[]> {
    await plane.kubectl(["wait", "-n", NAMESPACE, `--for=jsonpath={.status.active}=${active}`, `job/${name}`, TIMEOUT]);
    return items<Pod>(`/api/v1/namespaces/${NAMESPACE}/pods?labelSelector=batch.kubernetes.io%2Fcontroller-uid%3D${uid}`);
  }

  /** What a kubelet would run: the container's own command, with the environment that the pod names. */
  async function runs({ metadata, spec }: Pod, { fleet, rendered }: ReturnType<typeof volumes>): Promise<Run> {
    const [container] = spec.containers;
    expect(container?.command).toEqual(["halite"]);
    const args = (container?.args ?? []).map((arg) => arg.replace("=/fleet", `=${fleet}`).replace("=/rendered", `=${rendered}`));
    const env = Object.fromEntries(
      (container?.env ?? []).map(({ name, value: literal, valueFrom }) => {
        if (literal !== undefined) return [name, name === "HOME" ? folder : literal];
        const [, from = "", key = ""] = /^metadata\.(labels|annotations)\['(.+)'\]$/.exec(valueFrom?.fieldRef?.fieldPath ?? "") ?? [];
        const value = from === "labels" ? metadata.labels[key] : metadata.annotations[key];
        expect(value, `${name} of pod ${metadata.name}`).toBeDefined();
        return [name, value ?? ""];
      }),
    );
    return halite(args, { cwd: folder, env });
  }

  /** Tells the server how a pod's container ended. */
  async function ended({ metadata: { name }, spec }: Pod, { status: exitCode }: Run): Promise<void> {
    const terminated = { exitCode, startedAt: "2026-01-01T00:00:00Z", finishedAt: "2026-01-01T00:00:01Z" };
    const containerStatuses = spec.containers.map((container) => ({
      name: container.name,
      image: "halite",
      imageID: "halite",
      ready: false,
      restartCount: 0,
      state: { terminated },
    }));
    const status = { phase: exitCode === 0 ? "Succeeded" : "Failed", containerStatuses };
    const path = `/api/v1/namespaces/${NAMESPACE}/pods/${name}/status`;
    expect((await api.call("PATCH", path, { status }, "application/merge-patch+json")).status).toBe(200);
  }

  afterEach(remove);

  const indexOf = ({ metadata }: Pod): string | undefined => metadata.annotations["batch.kubernetes.io/job-completion-index"];

  async function apply(): Promise<void> {
    await plane.kubectl(["apply", "--server-side", "-R", "-f", join(OUT, "halite-render")]);
  }

  async function remove(): Promise<void> {
    await plane.kubectl(["delete", "-R", "-f", join(OUT, "halite-render"), "--wait=false"]);
    for (const { metadata } of await items<Pod>(`/api/v1/namespaces/${NAMESPACE}/pods`)) {
      // No kubelet confirms that it is gone, and without the garbage collector nobody asks for it.
      const path = `/api/v1/namespaces/${NAMESPACE}/pods/${metadata.name}`;
      await api.call("PATCH", path, { metadata: { finalizers: null } }, "application/merge-patch+json");
      await api.call("DELETE", path, { gracePeriodSeconds: 0 });
    }
    await plane.kubectl(["wait", "-n", NAMESPACE, "--for=delete", "jobs", "--all", TIMEOUT]);
  }

  test("the pods that the controller makes render a shard each, and what they leave is published", async () => {
    expect(readdirSync(join(OUT, "halite-render"))).toContain("jobs.yaml");
    await apply();
    const disks = volumes("whole");
    const render = await jobOf("render");
    const completions = render.spec.completions ?? 0;
    expect(render.spec.completionMode).toBe("Indexed");
    expect(completions).toBeGreaterThan(1);
    const pods = await podsOf(render, completions);
    expect(pods.map(indexOf).sort((a, b) => Number(a) - Number(b))).toEqual(
      Array.from({ length: completions }, (_, index) => String(index)),
    );
    const [publish] = await podsOf(await jobOf("publish"), 1);
    if (publish === undefined) throw new Error("the controller has made no pod that publishes");
    // Tried before all is rendered, as the controller starts both at once.
    expect(await runs(publish, disks)).toMatchObject({ status: 1 });
    for (const pod of pods) {
      const run = await runs(pod, disks);
      expect(run).toMatchObject({ status: 0, stderr: "" });
      await ended(pod, run);
    }
    await plane.kubectl(["wait", "-n", NAMESPACE, "--for=condition=complete", `job/${render.metadata.name}`, TIMEOUT]);
    expect((await jobOf("render")).status).toMatchObject({ succeeded: completions });
    const published = await runs(publish, disks);
    expect(published).toMatchObject({ status: 0, stderr: "" });
    await ended(publish, published);
    const { name } = (await jobOf("publish")).metadata;
    await plane.kubectl(["wait", "-n", NAMESPACE, "--for=condition=complete", `job/${name}`, TIMEOUT]);
    const tree = (): string =>
      execFileSync("git", ["-C", join(disks.fleet, ".halite/addons.git"), "rev-parse", "addons^{tree}"], { encoding: "utf8" });
    const sharded = tree();
    rmSync(join(disks.fleet, ".halite"), { recursive: true });
    expect(await halite(["publish"], { cwd: disks.fleet })).toMatchObject({ status: 0 });
    expect(tree()).toBe(sharded);
  });

  test("a shard that can't be rendered fails its index, once, and the others go on", async () => {
    await apply();
    const disks = volumes("broken");
    const render = await jobOf("render");
    const pods = await podsOf(render, render.spec.completions ?? 0);
    for (const pod of pods) {
      const isBroken = indexOf(pod) === "1";
      if (isBroken) cpSync(join(PROJECT, "README.md"), join(disks.fleet, "pillar/top.sls"));
      const run = await runs(pod, disks);
      expect(run.status).toBe(isBroken ? 1 : 0);
      await ended(pod, run);
    }
    await plane.kubectl(["wait", "-n", NAMESPACE, "--for=condition=failed", `job/${render.metadata.name}`, TIMEOUT]);
    expect((await jobOf("render")).status).toMatchObject({ failedIndexes: "1" });
  });
});
