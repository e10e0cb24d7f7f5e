import { spawn, type ChildProcess } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Client, ControlPlane } from "../control-plane/index.ts";

export interface PodOptions {
  readonly plane: ControlPlane;
  readonly api: Client;
  /** For the files that the kubelet would mount. */
  readonly folder: string;
  readonly namespace: string;
  /** A DaemonSet or Deployment as the cluster has it. */
  readonly workload: "daemonsets" | "deployments";
  readonly name: string;
  /** Arguments after its own, where later ones win. */
  readonly args: readonly string[];
  /** Values of the fields that its environment is made of: `spec.nodeName`. */
  readonly fields: Readonly<Record<string, string>>;
}

export interface Pod {
  readonly child: ChildProcess;
  readonly output: { text: string };
  /** Asks it to end, or makes it; done when it has. */
  stop(signal?: NodeJS.Signals): Promise<void>;
}

interface Container {
  readonly command: readonly string[];
  readonly args?: readonly string[];
  readonly env?: readonly {
    readonly name: string;
    readonly value?: string;
    readonly valueFrom?: { readonly fieldRef?: { readonly fieldPath: string } };
  }[];
  readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string }[];
}

/** Runs a workload's one container as a kubelet would: its ConfigMaps as files, its ServiceAccount's token, its arguments. Nothing of it is the test's own. */
export async function runPod(options: PodOptions): Promise<Pod> {
  const { plane, api, folder, namespace, workload, name, args, fields } = options;
  const get = async (path: string): Promise<unknown> => (await api.call("GET", path)).body;
  // The API server's answer, whose shape is its schema's.
  const { spec } = (
    (await get(`/apis/apps/v1/namespaces/${namespace}/${workload}/${name}`)) as {
      readonly spec: { readonly template: { readonly spec: unknown } };
    }
  ).spec.template as {
    readonly spec: {
      readonly serviceAccountName: string;
      readonly containers: readonly Container[];
      readonly volumes: readonly { readonly name: string; readonly configMap?: { readonly name: string } }[];
    };
  };
  const [container] = spec.containers;
  if (container === undefined) throw new Error(`${name} has no container`);
  const places = new Map<string, string>();
  for (const { name: volume, configMap } of spec.volumes) {
    if (configMap === undefined) continue;
    const place = join(folder, name, volume);
    await mkdir(place, { recursive: true });
    const { data = {}, binaryData = {} } = (await get(`/api/v1/namespaces/${namespace}/configmaps/${configMap.name}`)) as {
      readonly data?: Readonly<Record<string, string>>;
      readonly binaryData?: Readonly<Record<string, string>>;
    };
    for (const [file, text] of Object.entries(data)) await writeFile(join(place, file), text);
    for (const [file, text] of Object.entries(binaryData)) await writeFile(join(place, file), Buffer.from(text, "base64"));
    const at = container.volumeMounts.find((mount) => mount.name === volume)?.mountPath;
    if (at !== undefined) places.set(at, place);
  }
  const account = join(folder, name, "account");
  await mkdir(account, { recursive: true });
  await writeFile(join(account, "token"), (await plane.kubectl(["create", "token", spec.serviceAccountName, "-n", namespace])).trim());
  await writeFile(join(account, "ca.crt"), plane.ca);
  const environment = new Map(
    (container.env ?? []).map(({ name: key, value, valueFrom }) => [key, value ?? fields[valueFrom?.fieldRef?.fieldPath ?? ""] ?? ""]),
  );
  const local = (word: string): string => {
    const named = word.replace(/\$\((\w+)\)/g, (whole, key: string) => environment.get(key) ?? whole);
    const at = [...places].find(([mountPath]) => named.includes(`${mountPath}/`));
    return at === undefined ? named : named.replace(at[0], at[1]);
  };
  const { hostname, port } = new URL(plane.url);
  const [, ...command] = [...container.command, ...(container.args ?? [])].map(local);
  const child = spawn(process.execPath, [...command, `--account=${account}`, "--host=127.0.0.1", "--port=0", ...args], {
    env: { KUBERNETES_SERVICE_HOST: hostname, KUBERNETES_SERVICE_PORT: port, ...Object.fromEntries(environment) },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const output = { text: "" };
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (output.text += chunk.toString("utf8")));
  const ended = new Promise<void>((resolve) => {
    child.once("close", () => resolve());
  });
  return {
    child,
    output,
    stop: async (signal = "SIGTERM") => {
      child.kill(signal);
      await ended;
    },
  };
}
