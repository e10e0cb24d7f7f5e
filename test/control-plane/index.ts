/**
 * A real control plane for tests: etcd and kube-apiserver, built from Go modules, on ports of 127.0.0.1 that the kernel chose.
 */
import { generateKeyPairSync, randomBytes } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildControlPlane } from "./build.ts";
import { Client, type Address } from "./client.ts";
import { freePorts } from "./ports.ts";
import { Program } from "./process.ts";

export { canBuild, isBuilt } from "./build.ts";
export { Client, type Address, type Answer } from "./client.ts";

export interface ControlPlane extends Address {
  /** Stops what was started and removes its files. */
  stop(): Promise<void>;
}

export interface ControlPlaneOptions {
  /** Further flags of kube-apiserver. */
  readonly apiserver?: readonly string[];
}

/** Starts a control plane of its own, builds it first where it is not there, and gives it once it is ready. */
export async function startControlPlane(options: ControlPlaneOptions = {}): Promise<ControlPlane> {
  const binaries = await buildControlPlane();
  const folder = await mkdtemp(join(tmpdir(), "halite-plane-"));
  const started: Program[] = [];
  const stop = async (): Promise<void> => {
    // The API server first: without its store it would wait.
    for (const program of started.reverse()) await program.stop();
    await rm(folder, { recursive: true, force: true });
  };
  try {
    const [client = 0, peer = 0, secure = 0] = await freePorts(3);
    const store = `http://127.0.0.1:${client}`;
    const etcd = new Program("etcd", binaries.etcd, etcdFlags(folder, store, `http://127.0.0.1:${peer}`), folder);
    started.push(etcd);
    await etcd.ready(() => isHealthy(store));
    const token = randomBytes(16).toString("hex");
    await writeKeys(folder, token);
    const apiserver = new Program(
      "kube-apiserver",
      binaries.apiserver,
      [...apiserverFlags(folder, store, secure), ...(options.apiserver ?? [])],
      folder,
    );
    started.push(apiserver);
    const address = await apiserverAddress(apiserver, folder, secure, token);
    return { ...address, stop };
  } catch (error) {
    await stop();
    throw error;
  }
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

function apiserverFlags(folder: string, store: string, port: number): string[] {
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
    // No controller makes the default ServiceAccount that this plugin would wait for.
    "--disable-admission-plugins=ServiceAccount",
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

async function apiserverAddress(apiserver: Program, folder: string, port: number, token: string): Promise<Address> {
  let address: Address | undefined;
  await apiserver.ready(async () => {
    try {
      const ca = await readFile(join(folder, "certificates", "apiserver.crt"), "utf8");
      const candidate = { url: `https://127.0.0.1:${port}`, token, ca };
      const client = new Client(candidate);
      const answer = await client.call("GET", "/readyz");
      client.close();
      if (answer.status === 200) address = candidate;
      return answer.status === 200;
    } catch {
      return false;
    }
  });
  if (address === undefined) throw new Error("the API server is ready but has no address");
  return address;
}
