import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { NODE } from "../controllers/lvm-csi/lvm-node.ts";
import type { Client, ControlPlane } from "../control-plane/index.ts";
import type { StorageNode } from "../node-vm/index.ts";

/** A storage node in a virtual machine, and the Node object that it is to the cluster. */
export interface ClusterNode {
  readonly name: string;
  readonly machine: StorageNode;
}

/** What of a DaemonSet a pod is made from. */
interface PodSpec {
  readonly serviceAccountName: string;
  readonly containers: readonly Container[];
  readonly volumes: readonly {
    readonly name: string;
    readonly configMap?: { readonly name: string };
    readonly hostPath?: { readonly path: string };
    readonly emptyDir?: object;
  }[];
}

interface Container {
  readonly name: string;
  readonly command: readonly string[];
  readonly args: readonly string[];
  readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string }[];
}

/**
 * Runs a container of a DaemonSet's pod on a node as its kubelet would: the program, the files and the arguments that the cluster holds, each file where the
 * manifest mounts it, in a mount namespace of its own, with the token of its ServiceAccount. In place of the image there is the node's Node.
 *
 * @returns what it has logged, to be read at any time
 */
export async function runPod(
  plane: ControlPlane,
  api: Client,
  { name, machine }: ClusterNode,
  [namespace, daemonSet, container]: readonly [namespace: string, daemonSet: string, container: string],
): Promise<() => Promise<string>> {
  const { body } = await api.call("GET", `/apis/apps/v1/namespaces/${namespace}/daemonsets/${daemonSet}`);
  const spec = (body as { readonly spec: { readonly template: { readonly spec: PodSpec } } }).spec.template.spec;
  const found = spec.containers.find((each) => each.name === container);
  if (found === undefined) throw new Error(`DaemonSet ${daemonSet} has no container ${container}`);

  const folder = `pods/${container}`;
  const write = (path: string, content: string | Buffer): void => {
    const file = join(machine.exchange, folder, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, content);
  };
  write("account/token", (await plane.kubectl(["create", "token", spec.serviceAccountName, "-n", namespace])).trim());
  write("account/ca.crt", plane.ca);
  write("account/namespace", namespace);

  const mounts = [`/exchange/${folder}/account /var/run/secrets/kubernetes.io/serviceaccount`];
  for (const { name: volume, mountPath } of found.volumeMounts) {
    const source = spec.volumes.find((each) => each.name === volume);
    if (source?.hostPath !== undefined) mounts.push(`${source.hostPath.path} ${mountPath}`);
    else if (source?.configMap !== undefined) {
      const held = await configMap(api, namespace, source.configMap.name);
      for (const [file, content] of held) write(join(volume, file), content);
      mounts.push(`/exchange/${folder}/${volume} ${mountPath}`);
    } else throw new Error(`volume ${volume} of ${daemonSet} is of a kind that is not played here`);
  }

  const [, ...program] = found.command;
  const args = found.args.map((arg) => arg.replaceAll("$(NODE_NAME)", name));
  write(
    "start.sh",
    `set -e
while read -r source target; do mkdir -p "$source" "$target"; mount --bind "$source" "$target"; done <<END
${mounts.join("\n")}
END
export NODE_NAME=${name} KUBERNETES_SERVICE_HOST=127.0.0.1 KUBERNETES_SERVICE_PORT=${new URL(plane.url).port}
exec /host${NODE} ${[...program, ...args].map((word) => `'${word}'`).join(" ")}
`,
  );
  const log = `/exchange/${folder}/log`;
  await machine.output(`setsid unshare --mount --propagation slave bash /exchange/${folder}/start.sh >${log} 2>&1 </dev/null &`);
  return () => machine.output(`cat ${log}`);
}

async function configMap(api: Client, namespace: string, name: string): Promise<readonly (readonly [file: string, content: Buffer])[]> {
  const { body } = await api.call("GET", `/api/v1/namespaces/${namespace}/configmaps/${name}`);
  const { data = {}, binaryData = {} } = body as {
    readonly data?: Readonly<Record<string, string>>;
    readonly binaryData?: Readonly<Record<string, string>>;
  };
  return [
    ...Object.entries(data).map(([file, text]) => [file, Buffer.from(text)] as const),
    ...Object.entries(binaryData).map(([file, text]) => [file, Buffer.from(text, "base64")] as const),
  ];
}
