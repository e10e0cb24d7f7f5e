import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "vitest";
import { bundleControllers } from "../../../scripts/bundle.mjs";
import { PROJECT } from "../../cli/halite.ts";
import type { Client, ControlPlane } from "../../control-plane/index.ts";
import type { StorageNode } from "../../node-vm/index.ts";
import { KEPT_CODE, KilledProgram } from "../killed-program.ts";
import { untilKnown } from "../known-kinds.ts";
import { NODE } from "../lvm-csi/lvm-node.ts";

/** A cluster of the shipped fleet that has both components, compiled. */
const COMPILED = join(PROJECT, "out/sjc1/sjc1-prod-01");
const NAMESPACE = "storage-node";

/** Controllers of disks, with the names of their ServiceAccounts. */
const ACCOUNTS = { "storage-node": "storage-node", "local-volume-provisioner": "localvolume-provisioner" } as const;
type Controller = keyof typeof ACCOUNTS;

/** What is to be made of a node's disks, and how its volumes are cleaned. */
export interface Installed {
  readonly flavor: object;
  readonly config: { readonly classes: Readonly<Record<string, object>> };
}

/**
 * Puts what the compiled addons need into the cluster, and the controllers' bundles, their configuration and their accounts into the node: it is the
 * cluster's n1, and reaches the API server at its own loopback.
 */
export async function installControllers(
  node: StorageNode,
  plane: ControlPlane,
  api: Client,
  { flavor, config }: Installed,
): Promise<void> {
  const source = (name: string): string => fileURLToPath(new URL(`../../../src/controllers/${name}/main.ts`, import.meta.url));
  const entries = Object.fromEntries(Object.keys(ACCOUNTS).map((name) => [name, source(name)]));
  await bundleControllers({ root: PROJECT, entries, outdir: node.exchange, version: "1" });
  writeFileSync(join(node.exchange, "flavor.json"), JSON.stringify(flavor));
  writeFileSync(join(node.exchange, "config.json"), JSON.stringify({ ...config, erase: [] }));
  await plane.kubectl(["create", "namespace", NAMESPACE]);
  await plane.kubectl(["apply", "--server-side", "-f", join(COMPILED, "storage-node/crd.yaml")]);
  await untilKnown(plane, "computenodes");
  for (const account of Object.values(ACCOUNTS)) {
    await plane.kubectl(["apply", "-f", join(COMPILED, account, "rbac.yaml")]);
    const folder = join(node.exchange, account);
    mkdirSync(folder);
    writeFileSync(join(folder, "token"), (await plane.kubectl(["create", "token", account, "-n", NAMESPACE, "--duration=24h"])).trim());
    writeFileSync(join(folder, "ca.crt"), plane.ca);
  }
  for (const name of Object.keys(config.classes))
    await made(api, "/apis/storage.k8s.io/v1/storageclasses", {
      metadata: { name },
      provisioner: "kubernetes.io/no-provisioner",
      volumeBindingMode: "Immediate",
    });
  await made(api, "/api/v1/nodes", { metadata: { name: "n1", labels: { "kubernetes.io/hostname": "n1" } } });
  await node.output("mkdir -p /etc/halite; echo 'activation { monitoring = 0 } backup { backup = 0 archive = 0 }' >/etc/lvm/lvm.conf");
}

/** Makes an object of a cluster. */
export async function made(api: Client, path: string, body: object): Promise<void> {
  const answer = await api.call("POST", path, body);
  expect(answer.status, JSON.stringify(answer.body)).toBe(201);
}

/** Starts a controller in the node, to be killed and started again. */
export function startController(node: StorageNode, name: Controller, server: number): Promise<KilledProgram> {
  const own = name === "storage-node" ? "--flavor=test --flavor-file=/exchange/flavor.json" : "--config=/exchange/config.json";
  const log = `/exchange/${name}.log`;
  let isFirst = true;
  return KilledProgram.start(node, async () => {
    // Later ones are left to themselves: they may be killed before they have begun.
    const wait = isFirst ? `until grep -q '"begins"' ${log}; do kill -0 $pid || { cat ${log} >&2; exit 1; }; sleep .2; done` : "";
    isFirst = false;
    const environment = `${KEPT_CODE} KUBERNETES_SERVICE_HOST=127.0.0.1 KUBERNETES_SERVICE_PORT=${server}`;
    const args = `--node=n1 ${own} --interval=10 --port=0 --host=127.0.0.1 --account=/exchange/${ACCOUNTS[name]}`;
    const pid = await node.output(
      `${environment} setsid /host${NODE} /exchange/${name}.cjs ${args} >>${log} 2>&1 </dev/null &
pid=$!
echo $pid
${wait}`,
    );
    return Number(pid.trim());
  });
}
