import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { chmodSync, chownSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { PROJECT } from "../cli/halite.ts";
import type { Client, ControlPlane } from "../control-plane/index.ts";

/** A pod's template, as far as a kubelet needs it here. */
export interface PodTemplate {
  readonly spec: {
    readonly serviceAccountName: string;
    readonly automountServiceAccountToken?: boolean;
    readonly securityContext: { readonly runAsUser: number; readonly runAsNonRoot: boolean };
    readonly containers: readonly Container[];
    readonly volumes: readonly Volume[];
  };
}

interface Container {
  readonly image: string;
  readonly command: readonly string[];
  readonly args: readonly string[];
  readonly securityContext: { readonly readOnlyRootFilesystem: boolean };
  readonly env: readonly {
    readonly name: string;
    readonly value?: string;
    readonly valueFrom?: { readonly fieldRef: { readonly fieldPath: string } };
  }[];
  readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string; readonly readOnly?: boolean }[];
  readonly readinessProbe?: { readonly httpGet: { readonly path: string } };
  readonly livenessProbe?: { readonly httpGet: { readonly path: string } };
  readonly ports?: readonly { readonly containerPort: number }[];
}

interface Volume {
  readonly name: string;
  readonly configMap?: { readonly name: string };
  readonly secret?: { readonly secretName: string };
  readonly emptyDir?: object;
}

/** Whether a container can be given a root of its own here. */
export function canRunPods(): boolean {
  return spawnSync("unshare", ["-m", "sh", "-c", "mount -t tmpfs none /mnt"]).status === 0;
}

export interface PodSetting {
  readonly plane: ControlPlane;
  readonly api: Client;
  readonly namespace: string;
  readonly name: string;
  /** An empty folder for the pod's own things. */
  readonly folder: string;
  /** Folders that the container sees besides its volumes, by path there. */
  readonly shared: Readonly<Record<string, string>>;
}

/** A running container, with what it has written. */
export interface RunningPod {
  readonly process: ChildProcess;
  readonly output: () => string;
  readonly ended: Promise<number | null>;
}

/** Starts the one container of a pod as a kubelet does: user, environment, volumes from what the API server has, a token for the ServiceAccount. */
export async function startPod(template: PodTemplate, setting: PodSetting): Promise<RunningPod> {
  const { spec } = template;
  const [container] = spec.containers;
  if (container === undefined || spec.containers.length !== 1) throw new Error("one container is expected");
  const user = spec.securityContext.runAsUser;
  const binds = await volumesOf(spec, container, setting, user);
  for (const [path, folder] of Object.entries(setting.shared)) binds.push(["BIND", folder, path, "rw"]);
  const { hostname, port } = new URL(setting.plane.url);
  const env: Record<string, string> = {
    PATH: "/opt/bin:/opt/node:/usr/bin:/bin",
    KUBERNETES_SERVICE_HOST: hostname,
    KUBERNETES_SERVICE_PORT: port,
  };
  for (const { name, value, valueFrom } of container.env)
    env[name] = value ?? (valueFrom?.fieldRef.fieldPath === "metadata.name" ? setting.name : "");
  const root = join(setting.folder, "root");
  mkdirSync(root);
  // A stock image has Node and git and no more; one's own has the program.
  const program = container.command[0] === "node" ? "none" : PROJECT;
  const script = fileURLToPath(new URL("./pod.sh", import.meta.url));
  const args = [
    "-m",
    "sh",
    script,
    root,
    String(user),
    program,
    process.execPath,
    ...binds.flat(),
    "--",
    ...container.command,
    ...container.args,
  ];
  const child = spawn("unshare", args, {
    cwd: "/",
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...env, PATH: `${env["PATH"] ?? ""}:/usr/sbin:/sbin` },
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (output += chunk.toString("utf8")));
  const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
  return { process: child, output: () => output, ended };
}

type Bind = ["BIND", string, string, "ro" | "rw"];

async function volumesOf(spec: PodTemplate["spec"], container: Container, setting: PodSetting, user: number): Promise<Bind[]> {
  const { api, namespace, folder } = setting;
  const binds: Bind[] = [];
  const read = async (kind: string, name: string): Promise<Readonly<Record<string, Readonly<Record<string, string>> | undefined>>> => {
    const answer = await api.call("GET", `/api/v1/namespaces/${namespace}/${kind}/${name}`);
    if (answer.status !== 200) throw new Error(`${kind} ${name}: ${JSON.stringify(answer.body)}`);
    // The server's own object.
    return answer.body as Readonly<Record<string, Readonly<Record<string, string>> | undefined>>;
  };
  for (const { name, mountPath, readOnly = false } of container.volumeMounts) {
    const volume = spec.volumes.find((each) => each.name === name);
    const path = join(folder, `volume-${name}`);
    mkdirSync(path);
    const files = new Map<string, Buffer>();
    if (volume?.configMap !== undefined) {
      const { data = {}, binaryData = {} } = await read("configmaps", volume.configMap.name);
      for (const [file, text] of Object.entries(data)) files.set(file, Buffer.from(text));
      for (const [file, text] of Object.entries(binaryData)) files.set(file, Buffer.from(text, "base64"));
    } else if (volume?.secret !== undefined) {
      const { data = {} } = await read("secrets", volume.secret.secretName);
      for (const [file, text] of Object.entries(data)) files.set(file, Buffer.from(text, "base64"));
    }
    for (const [file, content] of files) writeFileSync(join(path, file), content, { mode: 0o440 });
    for (const file of files.keys()) chownSync(join(path, file), 0, user);
    chownSync(path, 0, user);
    chmodSync(path, volume?.emptyDir === undefined ? 0o750 : 0o2770);
    // What a kubelet projects is read-only, whatever the mount says.
    binds.push(["BIND", path, mountPath, readOnly || volume?.emptyDir === undefined ? "ro" : "rw"]);
  }
  if (spec.automountServiceAccountToken !== false) {
    const path = join(folder, "account");
    mkdirSync(path);
    const request = { apiVersion: "authentication.k8s.io/v1", kind: "TokenRequest", spec: {} };
    const answer = await api.call("POST", `/api/v1/namespaces/${namespace}/serviceaccounts/${spec.serviceAccountName}/token`, request);
    if (answer.status !== 201) throw new Error(`token: ${JSON.stringify(answer.body)}`);
    // The server's own TokenRequest.
    const { status } = answer.body as { readonly status: { readonly token: string } };
    for (const [file, text] of [
      ["token", status.token],
      ["ca.crt", setting.plane.ca],
      ["namespace", namespace],
    ] as const)
      writeFileSync(join(path, file), text, { mode: 0o444 });
    binds.push(["BIND", path, "/var/run/secrets/kubernetes.io/serviceaccount", "ro"]);
  }
  return binds;
}
