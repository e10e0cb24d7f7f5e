/**
 * A real control plane for tests: etcd, kube-apiserver, and as asked for controller manager, scheduler and kwok's nodes, built from Go modules, on ports
 * of 127.0.0.1 that the kernel chose.
 */
import { execFile } from "node:child_process";
import { generateKeyPairSync, randomBytes } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { buildControlPlane, minorVersion, type Binaries } from "./build.ts";
import { Client, type Address } from "./client.ts";
import { freePorts } from "./ports.ts";
import { Program } from "./process.ts";

export { buildControlPlane } from "./build.ts";
export { Client, type Address, type Answer } from "./client.ts";

export interface ControlPlane extends Address {
  /** Where its etcd listens. */
  readonly store: string;
  /** The minor version of its API server, as the roster names it. */
  readonly kubernetes: string;
  /** A kubeconfig of an administrator; its only context is `plane`. */
  readonly kubeconfig: string;
  /** Its own folder, gone after `stop`. */
  readonly folder: string;
  /** Runs kubectl of the same version as an administrator. Gives its standard output. @throws with what it wrote to standard error */
  kubectl(args: readonly string[], options?: { readonly input?: string; readonly env?: Readonly<Record<string, string>> }): Promise<string>;
  /** Ends the API server, by a signal or as a crash; etcd goes on. */
  stopApiserver(how?: "stop" | "kill"): Promise<void>;
  /** Starts it again on the same port. */
  startApiserver(): Promise<void>;
  stopEtcd(): Promise<void>;
  startEtcd(): Promise<void>;
  /** Stops what was started and removes its files. */
  stop(): Promise<void>;
}

export interface ControlPlaneOptions {
  /** Further flags of kube-apiserver. */
  readonly apiserver?: readonly string[];
  /** `older`: the API server of the minor version before. */
  readonly version?: "current" | "older";
  /** Which controllers run, as `--controllers` has it (`*` for all); none without it. */
  readonly controllers?: string;
  readonly scheduler?: boolean;
  /** How many nodes kwok plays: pods that are bound to them run. */
  readonly nodes?: number;
  /** Another plane whose etcd it shares, so that many fit on one machine; that one is stopped last. */
  readonly beside?: ControlPlane;
}

/** Flags of an API server that is one of many: little memory, nothing kept in it. */
export const LEAN: readonly string[] = [
  "--enable-priority-and-fairness=false",
  "--max-requests-inflight=50",
  "--max-mutating-requests-inflight=25",
];

/** Starts a control plane of its own, builds it first where it is not there, and gives it once it is ready. */
export async function startControlPlane(options: ControlPlaneOptions = {}): Promise<ControlPlane> {
  const binaries = await buildControlPlane();
  const folder = await mkdtemp(join(tmpdir(), "halite-plane-"));
  const plane = new Plane(binaries, folder, options);
  try {
    await plane.start();
    return plane;
  } catch (error) {
    await plane.stop();
    throw error;
  }
}

class Plane implements ControlPlane {
  readonly folder: string;
  readonly token = randomBytes(16).toString("hex");
  readonly #binaries: Binaries;
  readonly #options: ControlPlaneOptions;
  #ports: readonly number[] = [];
  #etcd: Program | undefined;
  #apiserver: Program | undefined;
  #others: Program[] = [];
  ca = "";

  constructor(binaries: Binaries, folder: string, options: ControlPlaneOptions) {
    this.#binaries = binaries;
    this.folder = folder;
    this.#options = options;
  }

  get url(): string {
    return `https://127.0.0.1:${this.#ports[2] ?? 0}`;
  }

  get kubeconfig(): string {
    return join(this.folder, "kubeconfig");
  }

  get kubernetes(): string {
    return minorVersion(this.#options.version ?? "current");
  }

  get store(): string {
    return this.#options.beside?.store ?? `http://127.0.0.1:${this.#ports[0] ?? 0}`;
  }

  async start(): Promise<void> {
    this.#ports = await freePorts(6);
    await writeKeys(this.folder, this.token);
    if (this.#options.beside === undefined) await this.startEtcd();
    await this.startApiserver();
    await writeFile(this.kubeconfig, kubeconfigText(this), { mode: 0o600 });
    const { controllers, scheduler = false, nodes = 0 } = this.#options;
    if (controllers !== undefined) await this.#startControllers(controllers);
    if (scheduler) this.#others.push(new Program("kube-scheduler", this.#binaries.scheduler, this.#schedulerFlags(), this.folder));
    if (nodes > 0) await this.#startNodes(nodes);
  }

  async startEtcd(): Promise<void> {
    const peer = `http://127.0.0.1:${this.#ports[1] ?? 0}`;
    const etcd = new Program("etcd", this.#binaries.etcd, etcdFlags(this.folder, this.store, peer), this.folder);
    this.#etcd = etcd;
    await etcd.ready(() => isHealthy(this.store));
  }

  async stopEtcd(): Promise<void> {
    await this.#etcd?.stop();
    this.#etcd = undefined;
  }

  async startApiserver(): Promise<void> {
    const { apiserver: flags = [], version = "current" } = this.#options;
    const binary = version === "older" ? this.#binaries.apiserverOlder : this.#binaries.apiserver;
    const prefix = this.#options.beside === undefined ? [] : [`--etcd-prefix=/${basename(this.folder)}`];
    const own = apiserverFlags(this.folder, this.store, this.#ports[2] ?? 0, this.#options.controllers !== undefined);
    const apiserver = new Program("kube-apiserver", binary, [...own, ...prefix, ...flags], this.folder);
    this.#apiserver = apiserver;
    await apiserver.ready(async () => {
      try {
        this.ca = await readFile(join(this.folder, "certificates", "apiserver.crt"), "utf8");
      } catch {
        return false;
      }
      // The namespaces of the cluster itself are made beside its start; `default` is the last of them.
      return (await answers(this, "/readyz")) && (await answers(this, "/api/v1/namespaces/default"));
    });
  }

  async stopApiserver(how: "stop" | "kill" = "stop"): Promise<void> {
    await (how === "kill" ? this.#apiserver?.kill() : this.#apiserver?.stop());
    this.#apiserver = undefined;
  }

  async stop(): Promise<void> {
    for (const program of this.#others.reverse()) await program.stop();
    this.#others = [];
    // The API server before its store: without that it would wait.
    await this.stopApiserver();
    await this.stopEtcd();
    await rm(this.folder, { recursive: true, force: true });
  }

  kubectl(
    args: readonly string[],
    options: { readonly input?: string; readonly env?: Readonly<Record<string, string>> } = {},
  ): Promise<string> {
    const env = { PATH: process.env["PATH"] ?? "", HOME: this.folder, KUBECONFIG: this.kubeconfig, ...options.env };
    return new Promise((resolve, reject) => {
      const child = execFile(this.#binaries.kubectl, args, { env, maxBuffer: 2 ** 26, timeout: 240_000 }, (error, stdout, stderr) => {
        if (error === null) resolve(stdout);
        else reject(new Error(`kubectl ${args.join(" ")}: ${stderr.trim() === "" ? error.message : stderr.trim()}`));
      });
      // It may end before it has read everything; its status says why.
      child.stdin?.on("error", () => undefined);
      child.stdin?.end(options.input ?? "");
    });
  }

  async #startControllers(controllers: string): Promise<void> {
    const flags = [
      `--kubeconfig=${this.kubeconfig}`,
      "--bind-address=127.0.0.1",
      `--secure-port=${this.#ports[3] ?? 0}`,
      `--cert-dir=${join(this.folder, "controller-certificates")}`,
      `--service-account-private-key-file=${join(this.folder, "sa.key")}`,
      `--root-ca-file=${join(this.folder, "certificates", "apiserver.crt")}`,
      "--use-service-account-credentials=true",
      `--controllers=${controllers}`,
      `--flex-volume-plugin-dir=${join(this.folder, "flex")}`,
      "--leader-elect=false",
      // With the 20 a second that are the default, hundreds of volumes and claims wait for this controller rather than for what is tested.
      "--kube-api-qps=500",
      "--kube-api-burst=1000",
      "--concurrent-gc-syncs=4",
    ];
    const program = new Program("kube-controller-manager", this.#binaries.controllerManager, flags, this.folder);
    this.#others.push(program);
    await program.ready(() => answers(this, "/api/v1/namespaces/default/serviceaccounts/default"));
  }

  #schedulerFlags(): string[] {
    return [
      `--kubeconfig=${this.kubeconfig}`,
      "--bind-address=127.0.0.1",
      `--secure-port=${this.#ports[4] ?? 0}`,
      `--cert-dir=${join(this.folder, "scheduler-certificates")}`,
      "--leader-elect=false",
    ];
  }

  async #startNodes(count: number): Promise<void> {
    const port = this.#ports[5] ?? 0;
    const flags = [
      `--config=${join(this.#binaries.scripts, "stages.yaml")}`,
      `--kubeconfig=${this.kubeconfig}`,
      "--manage-all-nodes=true",
      `--server-address=127.0.0.1:${port}`,
      `--node-port=${port}`,
      "--node-ip=127.0.0.1",
      "--node-lease-duration-seconds=40",
    ];
    this.#others.push(new Program("kwok", this.#binaries.kwok, flags, this.folder));
    const client = new Client(this);
    try {
      for (let number = 0; number < count; number++) {
        const resources = { cpu: "32", memory: "256Gi", pods: "110" };
        const made = await client.call("POST", "/api/v1/nodes", {
          apiVersion: "v1",
          kind: "Node",
          metadata: {
            name: `node-${number}`,
            labels: {
              "kubernetes.io/hostname": `node-${number}`,
              "kubernetes.io/os": "linux",
              "kubernetes.io/arch": "amd64",
              type: "kwok",
            },
            annotations: { "kwok.x-k8s.io/node": "fake" },
          },
          status: { allocatable: resources, capacity: resources },
        });
        if (made.status !== 201) throw new Error(`node-${number}: ${JSON.stringify(made.body)}`);
      }
    } finally {
      client.close();
    }
  }
}

/** Whether a path answers 200. */
async function answers(address: Address, path: string): Promise<boolean> {
  const client = new Client(address);
  try {
    return (await client.call("GET", path)).status === 200;
  } catch {
    return false;
  } finally {
    client.close();
  }
}

/** A kubeconfig with one context, `plane`. */
export function kubeconfigText({ url, token, ca }: Address): string {
  const data = Buffer.from(ca, "utf8").toString("base64");
  return JSON.stringify({
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name: "plane", cluster: { server: url, "certificate-authority-data": data } }],
    users: [{ name: "admin", user: { token } }],
    contexts: [{ name: "plane", context: { cluster: "plane", user: "admin" } }],
    "current-context": "plane",
  });
}

function etcdFlags(folder: string, client: string, peer: string): string[] {
  return [
    "--name=plane",
    `--data-dir=${join(folder, "etcd")}`,
    `--listen-client-urls=${client}`,
    `--advertise-client-urls=${client}`,
    `--listen-peer-urls=${peer}`,
    `--initial-advertise-peer-urls=${peer}`,
    `--initial-cluster=plane=${peer}`,
    "--unsafe-no-fsync",
    "--log-level=warn",
  ];
}

function apiserverFlags(folder: string, store: string, port: number, controllers: boolean): string[] {
  return [
    "--bind-address=127.0.0.1",
    `--secure-port=${port}`,
    // A loopback address is refused in the `kubernetes` Endpoints, so nobody keeps those.
    "--advertise-address=127.0.0.1",
    "--endpoint-reconciler-type=none",
    `--etcd-servers=${store}`,
    "--service-cluster-ip-range=10.96.0.0/16",
    "--service-account-issuer=https://kubernetes.default.svc.cluster.local",
    `--service-account-key-file=${join(folder, "sa.pub")}`,
    `--service-account-signing-key-file=${join(folder, "sa.key")}`,
    // It makes its own certificate there.
    `--cert-dir=${join(folder, "certificates")}`,
    `--token-auth-file=${join(folder, "tokens.csv")}`,
    "--anonymous-auth=false",
    "--authorization-mode=RBAC",
    "--allow-privileged=true",
    "--profiling=false",
    "--shutdown-delay-duration=0s",
    // Where no controller makes the default ServiceAccount, this plugin would wait for it.
    ...(controllers ? [] : ["--disable-admission-plugins=ServiceAccount"]),
  ];
}

async function writeKeys(folder: string, token: string): Promise<void> {
  const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  await writeFile(join(folder, "sa.key"), privateKey.export({ type: "pkcs1", format: "pem" }), { mode: 0o600 });
  await writeFile(join(folder, "sa.pub"), publicKey.export({ type: "spki", format: "pem" }));
  await writeFile(join(folder, "tokens.csv"), `${token},admin,admin,"system:masters"\n`, { mode: 0o600 });
}

async function isHealthy(store: string): Promise<boolean> {
  try {
    return (await fetch(`${store}/health`)).ok;
  } catch {
    return false;
  }
}
