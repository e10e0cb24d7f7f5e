/**
 * What `npm run demo` shows: a real API server with its controllers and nodes that kwok plays, to which one cluster of the shipped fleet is published, planned
 * and applied; drift that is undone; a prune. It works on a copy of the fleet below the temporary folder, and stops and removes everything at the end.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { isObject, numberAt, textAt, type JsonObject } from "../src/kubernetes/index.ts";
import { canBuild, isBuilt } from "../test/control-plane/build.ts";
import { Client, kubeconfigText, startControlPlane, type ControlPlane } from "../test/control-plane/index.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const HALITE = join(ROOT, "dist/halite.mjs");
/** Of the shipped fleet: Kubernetes 1.36, and nothing sealed in it, as nobody has the keys. */
const CLUSTER = "iad1-prod-02";
const NODES = 3;
/** A Deployment of the fleet, and what of it somebody changes. */
const DRIFTING = {
  path: "/apis/apps/v1/namespaces/storage-system/deployments/snapshot-controller",
  name: "Deployment snapshot-controller",
};

const colour = process.stdout.isTTY && (process.env["NO_COLOR"] ?? "") === "";
const bold = (text: string): string => (colour ? `\u001B[1m${text}\u001B[22m` : text);
const say = (text: string): void => void process.stdout.write(`${text}\n`);
const headline = (text: string): void => say(`\n${bold(text)}`);

async function demo(): Promise<void> {
  const stop = new AbortController();
  const end = (): void => stop.abort();
  process.once("SIGINT", end);
  process.once("SIGTERM", end);
  const folder = mkdtempSync(join(tmpdir(), "halite-demo-"));
  let plane: ControlPlane | undefined;
  try {
    if (!(await isBuilt()))
      say("Building kube-apiserver, etcd, the controllers, scheduler and kwok into test/.cache/bin: ten minutes, once …");
    const begun = performance.now();
    plane = await startControlPlane({ controllers: "*", scheduler: true, nodes: NODES });
    say(`A control plane of its own is up: ${plane.url}, ${NODES} nodes played by kwok (${seconds(begun)})`);
    await new Demo(plane, folder, stop.signal).run();
  } catch (error) {
    if (!stop.signal.aborted) throw error;
    process.stderr.write("stopped\n");
    process.exitCode = 1;
  } finally {
    await plane?.stop();
    rmSync(folder, { recursive: true, force: true });
    process.off("SIGINT", end);
    process.off("SIGTERM", end);
  }
  if (process.exitCode === undefined)
    say("\nThe control plane is stopped, and its files are gone. On a cluster of yours it is the same commands: docs/clusters.md");
}

class Demo {
  readonly #plane: ControlPlane;
  readonly #folder: string;
  readonly #signal: AbortSignal;
  readonly #api: Client;

  constructor(plane: ControlPlane, folder: string, signal: AbortSignal) {
    this.#plane = plane;
    this.#folder = folder;
    this.#signal = signal;
    this.#api = new Client(plane);
  }

  async run(): Promise<void> {
    for (const part of ["halite.yaml", "pillar", "states", "secrets", "schemas"])
      cpSync(join(ROOT, part), join(this.#folder, part), { recursive: true });
    // Its context has the cluster's name, as kubeconfigs of many clusters have it.
    writeFileSync(join(this.#folder, "kubeconfig"), kubeconfigText(this.#plane).replaceAll('"plane"', JSON.stringify(CLUSTER)), {
      mode: 0o600,
    });
    // What the platform team of such a cluster brings.
    const crds = join(ROOT, "schemas/crds");
    await this.#plane.kubectl(["apply", "--server-side", "-f", crds]);
    await this.#plane.kubectl(["create", "namespace", "monitoring"]);
    try {
      headline("1. The fleet is compiled and published to a git branch");
      await this.#halite(["publish"]);
      headline(`2. What an apply would do to ${CLUSTER}`);
      await this.#halite(this.#on("plan"), { lines: 14, status: 1 });
      await this.#registerDrivers();
      headline("3. It is applied: CRDs, namespaces, configuration, workloads, webhooks, and each addon after those that it depends on");
      await this.#halite([...this.#on("apply"), "--wait"], { lines: 14 });
      headline("4. How it is, sync and health apart");
      await this.#halite(this.#on("status"));
      await this.#drift();
      await this.#prune();
      headline("7. And how it is now");
      await this.#halite(this.#on("status"));
    } finally {
      this.#api.close();
    }
  }

  #on(command: string): string[] {
    return [command, "--cluster", CLUSTER, "--context", CLUSTER];
  }

  /** Somebody changes two things while Halite watches. */
  async #drift(): Promise<void> {
    headline("5. Drift is undone while `halite apply --watch` runs");
    const keeping = this.#start([...this.#on("apply"), "--watch"]);
    let output = "";
    keeping.stdout?.on("data", (chunk: Buffer) => (output += chunk.toString("utf8")));
    try {
      await this.#until(() => /addons synced/.test(output), "the first look of --watch");
      say(output.trim().split("\n").at(-1) ?? "");
      const replicas = async (): Promise<number | undefined> => numberAt(await this.#get(DRIFTING.path), "spec", "replicas");
      const wanted = await replicas();
      await this.#api.call("PATCH", DRIFTING.path, { spec: { replicas: 0 } }, "application/merge-patch+json");
      let begun = performance.now();
      await this.#until(async () => (await replicas()) === wanted, `${DRIFTING.name} has its replicas`);
      say(`somebody sets replicas of ${DRIFTING.name} to 0: ${String(wanted)} again after ${seconds(begun)}`);
      const uid = async (): Promise<string | undefined> => textAt(await this.#get(DRIFTING.path), "metadata", "uid");
      const before = await uid();
      await this.#api.call("DELETE", DRIFTING.path);
      begun = performance.now();
      await this.#until(async () => ![undefined, before].includes(await uid()), `${DRIFTING.name} is there again`);
      say(`somebody deletes it: made anew after ${seconds(begun)}`);
    } finally {
      await endOf(keeping);
    }
  }

  /** A storage class is taken out of pillar: what was made for it goes, and nothing else. */
  async #prune(): Promise<void> {
    headline("6. A storage class is taken out of git, and is pruned from the cluster");
    const file = `pillar/cluster/${CLUSTER}.sls`;
    const text = "storage-classes:\n  flavors:\n    hdd-bulk:\n      nfs-bulk: null\n";
    mkdirSync(join(this.#folder, "pillar/cluster"), { recursive: true });
    writeFileSync(join(this.#folder, file), text);
    say(`${file}:\n${text.replaceAll(/^/gm, "  ").trimEnd()}`);
    await this.#halite(["publish"]);
    await this.#halite(this.#on("plan"), { keep: /prune/, status: 1 });
    await this.#halite([...this.#on("apply"), "--wait"], { keep: /pruned|addons synced/ });
  }

  /** What the kubelets of real nodes do when the drivers' pods run: kwok's have none. */
  async #registerDrivers(): Promise<void> {
    const out = join(this.#folder, "plan.json");
    await this.#halite([...this.#on("plan"), "--json"], { file: out, status: 1 });
    const plan: { readonly addons: readonly { readonly operations: readonly { readonly kind: string; readonly name: string }[] }[] } =
      JSON.parse(readFileSync(out, "utf8"));
    const drivers = plan.addons.flatMap(({ operations }) => operations.flatMap(({ kind, name }) => (kind === "CSIDriver" ? [name] : [])));
    for (let number = 0; number < NODES; number++) {
      const node = `node-${number}`;
      const uid = textAt(await this.#get(`/api/v1/nodes/${node}`), "metadata", "uid");
      await this.#api.call("POST", "/apis/storage.k8s.io/v1/csinodes", {
        apiVersion: "storage.k8s.io/v1",
        kind: "CSINode",
        metadata: { name: node, ownerReferences: [{ apiVersion: "v1", kind: "Node", name: node, uid }] },
        spec: { drivers: drivers.map((name) => ({ name, nodeID: node, topologyKeys: [] })) },
      });
    }
  }

  /** What is there; undefined for nothing. */
  async #get(path: string): Promise<JsonObject | undefined> {
    const { status, body } = await this.#api.call("GET", path);
    return status === 200 && isObject(body) ? body : undefined;
  }

  #start(args: readonly string[]): ChildProcess {
    this.#signal.throwIfAborted();
    say(`$ halite ${args.join(" ")}`);
    const env = {
      PATH: process.env["PATH"] ?? "",
      HOME: this.#folder,
      KUBECONFIG: join(this.#folder, "kubeconfig"),
      ...(colour ? { FORCE_COLOR: "1" } : { NO_COLOR: "1" }),
    };
    return spawn(process.execPath, [HALITE, ...args], { cwd: this.#folder, env, stdio: ["ignore", "pipe", "inherit"] });
  }

  /** Runs halite in the copied fleet and prints what it prints: all, the first `lines` and the last, or what matches `keep`. */
  async #halite(
    args: readonly string[],
    show: { readonly lines?: number; readonly keep?: RegExp; readonly file?: string; readonly status?: number } = {},
  ): Promise<void> {
    const child = this.#start(args);
    let output = "";
    child.stdout?.on("data", (chunk: Buffer) => (output += chunk.toString("utf8")));
    const kill = (): void => void child.kill("SIGTERM");
    this.#signal.addEventListener("abort", kill, { once: true });
    const status = await new Promise<number | null>((resolve, reject) => {
      child.once("error", reject);
      child.once("close", resolve);
    });
    this.#signal.removeEventListener("abort", kill);
    this.#signal.throwIfAborted();
    if (show.file === undefined) say(shorten(output, show));
    else writeFileSync(show.file, output);
    if (status !== (show.status ?? 0)) throw new Error(`halite ${args.join(" ")} ended with ${String(status)}`);
  }

  async #until(what: () => boolean | Promise<boolean>, name: string): Promise<void> {
    const until = performance.now() + 120_000;
    while (!(await what())) {
      if (performance.now() > until) throw new Error(`not seen within two minutes: ${name}`);
      await wait(10, undefined, { signal: this.#signal });
    }
  }
}

function shorten(output: string, { lines = Infinity, keep }: { readonly lines?: number; readonly keep?: RegExp }): string {
  const all = output.trimEnd().split("\n");
  if (keep !== undefined) return all.filter((line) => keep.test(line)).join("\n");
  if (all.length <= lines) return all.join("\n");
  return [...all.slice(0, lines - 2), `  … ${all.length - lines + 1} more lines`, ...all.slice(-1)].join("\n");
}

async function endOf(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  child.kill("SIGTERM");
  await ended;
}

function seconds(begun: number): string {
  const passed = (performance.now() - begun) / 1000;
  return passed < 10 ? `${passed.toFixed(2)} s` : `${passed.toFixed(0)} s`;
}

if (!(await isBuilt()) && !(await canBuild())) {
  process.stderr.write(
    [
      "npm run demo: there is no control plane to show anything on, and no Go to build one with.",
      "  It takes kube-apiserver, etcd and their like from test/.cache/bin, and builds them from Go modules where they are not there:",
      "  put `go` (1.26 or newer) on the PATH and try again. That takes ten minutes, 2 GB of memory and a Go module proxy, once.",
      "  What needs no cluster works without it: `npm start`, and `npx halite --help`.",
      "",
    ].join("\n"),
  );
  process.exitCode = 3;
} else await demo();
