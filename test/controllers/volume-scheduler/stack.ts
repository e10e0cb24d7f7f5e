import { type ChildProcess, spawn } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse } from "yaml";
import { halite, PROJECT } from "../../cli/halite.ts";
import { buildControlPlane, Client, kubeconfigText, type ControlPlane } from "../../control-plane/index.ts";
import { freePorts } from "../../control-plane/ports.ts";
import { Program } from "../../control-plane/process.ts";
import { until } from "../runtime/api.ts";

const NAMESPACE = "storage-system";
const NAME = "volume-scheduler";

/** What a test has otherwise than the addon has it. */
interface Changes {
  readonly leaderElection?: object;
  readonly extender?: readonly string[];
}

/**
 * The addon volume-scheduler as the shipped fleet compiles it, applied to a control plane; and its pods, played by processes: the very program,
 * configuration and arguments that the cluster holds, with the ServiceAccount's own rights. Only ports and paths are others.
 */
export class SchedulerStack {
  readonly folder = mkdtempSync(join(tmpdir(), "halite-scheduler-"));
  readonly #plane: ControlPlane;
  readonly #api: Client;
  #args: readonly string[] = [];
  #config = "";
  #schedulerArgs: readonly string[] = [];
  #scheduler = "";

  readonly #changes: Changes;

  constructor(plane: ControlPlane, api: Client, changes: Changes = {}) {
    this.#plane = plane;
    this.#api = api;
    this.#changes = changes;
  }

  /** Compiles the addon, applies it, and fetches what a pod of it would run. */
  async install(): Promise<void> {
    const fleet = join(this.folder, "fleet");
    for (const part of ["states", "pillar", "schemas", "secrets", "halite.yaml"])
      cpSync(join(PROJECT, part), join(fleet, part), { recursive: true });
    writeFileSync(
      join(fleet, "pillar/roster.yaml"),
      `c1: {host: "${this.#plane.url}", minion_opts: {grains: {region: us-west, az: sjc1, kubernetes: "1.36", env: dev, flavors: []}}}\n`,
    );
    writeFileSync(join(fleet, "pillar/cluster/c1.sls"), "components:\n  volume-scheduler: true\n");
    const rendered = await halite(["render"], { cwd: fleet });
    if (rendered.status !== 0) throw new Error(rendered.stdout + rendered.stderr);
    const applied = await halite(["apply", "--cluster", "c1", "--local", "--kubeconfig", this.#plane.kubeconfig], { cwd: fleet });
    await this.take(applied.stdout + applied.stderr);
  }

  /**
   * Fetches from the cluster what a pod of the addon would run.
   *
   * @param how what was said when it was applied
   */
  async take(how = ""): Promise<void> {
    const { body: deployment } = await this.#api.call("GET", `/apis/apps/v1/namespaces/${NAMESPACE}/deployments/${NAME}`);
    // oxlint-disable-next-line typescript/no-explicit-any -- the server's answer, read field by field
    const { containers, volumes } = (deployment as any).spec?.template.spec ?? {};
    if (containers === undefined) throw new Error(`the addon was not applied:\n${how}`);
    const [extender, scheduler] = containers;
    this.#args = extender.args;
    this.#schedulerArgs = scheduler.command.slice(1);
    const bundle = volumes.find((each: { readonly name: string }) => each.name !== "config").configMap.name;
    const held = await this.#configMap(bundle);
    const mounted = join(this.folder, "bundle");
    mkdirSync(mounted);
    for (const [name, text] of Object.entries(held.data ?? {})) writeFileSync(join(mounted, name), text);
    for (const [name, text] of Object.entries(held.binaryData ?? {})) writeFileSync(join(mounted, name), Buffer.from(text, "base64"));
    this.#config = (await this.#configMap(NAME)).data?.["scheduler.yaml"] ?? "";
    this.#scheduler = (await buildControlPlane()).scheduler;
    const token = await this.#token();
    await this.#hasRights(token);
    mkdirSync(join(this.folder, "account"));
    writeFileSync(join(this.folder, "account/token"), token);
    writeFileSync(join(this.folder, "account/ca.crt"), this.#plane.ca);
    writeFileSync(join(this.folder, "kubeconfig"), kubeconfigText({ url: this.#plane.url, token, ca: this.#plane.ca }));
  }

  /** Starts one pod of the Deployment. */
  async start(name: string): Promise<SchedulerPod> {
    const [port = 0, health = 0, secure = 0] = await freePorts(3);
    const replaced = { "--port": port, "--health-port": health, "--health-host": "127.0.0.1", "--identity": name };
    const args = this.#args.filter((each) => !Object.keys(replaced).includes(each.split("=")[0] ?? ""));
    const configuration = parse(this.#config);
    Object.assign(configuration.leaderElection, this.#changes.leaderElection);
    configuration.clientConnection = { kubeconfig: join(this.folder, "kubeconfig"), qps: 500, burst: 1000 };
    for (const extender of configuration.extenders) extender.urlPrefix = `http://127.0.0.1:${port}`;
    writeFileSync(join(this.folder, `${name}.yaml`), JSON.stringify(configuration));
    const schedulerArgs = this.#schedulerArgs
      .filter((each) => !each.startsWith("--config=") && !each.startsWith("--secure-port="))
      .concat(`--config=${join(this.folder, `${name}.yaml`)}`, `--secure-port=${secure}`, "--bind-address=127.0.0.1");
    const pod = new SchedulerPod(
      name,
      {
        file: join(this.folder, "bundle/start.cjs"),
        args: [
          ...args,
          ...Object.entries(replaced).map(([flag, value]) => `${flag}=${value}`),
          `--account=${join(this.folder, "account")}`,
          ...(this.#changes.extender ?? []),
        ],
      },
      { file: this.#scheduler, args: schedulerArgs },
      { port, health, folder: this.folder, server: new URL(this.#plane.url) },
    );
    await pod.startExtender();
    pod.startScheduler();
    return pod;
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** The API server learns of roles and bindings by watches of its own: a pod, which takes longer to start than a process, finds that it has. */
  async #hasRights(token: string): Promise<void> {
    const { url, ca } = this.#plane;
    const account = new Client({ url, ca, token });
    const paths = [
      "/api/v1/persistentvolumes?limit=1",
      "/api/v1/nodes?limit=1",
      "/apis/storage.k8s.io/v1/csistoragecapacities?limit=1",
      `/apis/coordination.k8s.io/v1/namespaces/${NAMESPACE}/leases/${NAME}`,
    ];
    try {
      for (const path of paths) await until(`${NAME} may read ${path}`, async () => (await account.call("GET", path)).status !== 403);
    } finally {
      account.close();
    }
  }

  async #configMap(name: string): Promise<{ data?: Record<string, string>; binaryData?: Record<string, string> }> {
    return (await this.#api.call("GET", `/api/v1/namespaces/${NAMESPACE}/configmaps/${name}`)).body as never;
  }

  async #token(): Promise<string> {
    const path = `/api/v1/namespaces/${NAMESPACE}/serviceaccounts/${NAME}/token`;
    const { body } = await this.#api.call("POST", path, {
      apiVersion: "authentication.k8s.io/v1",
      kind: "TokenRequest",
      spec: { expirationSeconds: 36_000 },
    });
    return (body as { readonly status: { readonly token: string } }).status.token;
  }
}

interface Command {
  readonly file: string;
  readonly args: readonly string[];
}

/** A pod's two containers. */
export class SchedulerPod {
  readonly name: string;
  readonly #extender: Command;
  readonly #scheduler: Command;
  readonly #at: { readonly port: number; readonly health: number; readonly folder: string; readonly server: URL };
  #program: Program | undefined;
  #child: ChildProcess | undefined;
  log = "";

  constructor(
    name: string,
    extender: Command,
    scheduler: Command,
    at: { readonly port: number; readonly health: number; readonly folder: string; readonly server: URL },
  ) {
    this.name = name;
    this.#extender = extender;
    this.#scheduler = scheduler;
    this.#at = at;
  }

  async startExtender(): Promise<void> {
    const { server, health } = this.#at;
    const child = spawn(process.execPath, [this.#extender.file, ...this.#extender.args], {
      env: { KUBERNETES_SERVICE_HOST: server.hostname, KUBERNETES_SERVICE_PORT: server.port },
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#child = child;
    child.stdout.on("data", (chunk: Buffer) => (this.log += chunk.toString("utf8")));
    child.stderr.on("data", (chunk: Buffer) => (this.log += chunk.toString("utf8")));
    await until("the extender is ready", async () => {
      if (child.exitCode !== null) throw new Error(`the extender has ended:\n${this.log.slice(-4000)}`);
      try {
        return (await fetch(`http://127.0.0.1:${health}/readyz`)).ok;
      } catch {
        return false;
      }
    });
  }

  startScheduler(): void {
    this.#program = new Program("kube-scheduler", this.#scheduler.file, this.#scheduler.args, this.#at.folder);
  }

  async killExtender(): Promise<void> {
    await end(this.#child, "SIGKILL");
  }

  async killScheduler(): Promise<void> {
    await this.#program?.kill();
  }

  /** Asks the extender as the scheduler does. */
  // oxlint-disable-next-line typescript/no-explicit-any -- the extender's answer, read field by field by expectations
  async asks(verb: string, body: object): Promise<any> {
    const answer = await fetch(`http://127.0.0.1:${this.#at.port}/${verb}`, { method: "POST", body: JSON.stringify(body) });
    return await answer.json();
  }

  async metrics(): Promise<string> {
    return await (await fetch(`http://127.0.0.1:${this.#at.health}/metrics`)).text();
  }

  /** Ends both in order; gives the extender's exit status. */
  async stop(): Promise<number | null> {
    await this.#program?.stop();
    await end(this.#child, "SIGTERM");
    return this.#child?.exitCode ?? null;
  }

  async kill(): Promise<void> {
    await this.killScheduler();
    await this.killExtender();
  }
}

async function end(child: ChildProcess | undefined, signal: "SIGTERM" | "SIGKILL"): Promise<void> {
  if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise<void>((resolve) => {
    child.once("close", () => resolve());
  });
  child.kill(signal);
  await gone;
}
