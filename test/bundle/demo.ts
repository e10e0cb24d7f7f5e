import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { bundleControllers } from "../../scripts/bundle.mjs";

/** The folder of the demo controller. */
export const DEMO = fileURLToPath(new URL("./demo", import.meta.url));

/** Builds the demo controller into a folder, as demo.cjs. */
export async function buildDemo(outdir: string, root = DEMO): Promise<void> {
  await bundleControllers({ root, entries: { demo: `${root}/main.ts` }, outdir, version: "1.2.3" });
}

/** A DaemonSet that runs it; `more` stands in its container, `annotation` names the bundle. */
export function daemonSet({ annotation = "demo", container = "controller", more = "" } = {}): string {
  return `apiVersion: apps/v1
kind: DaemonSet
metadata:
  name: demo
  namespace: kube-system
  annotations:
    halite.dev/bundle: ${annotation}
spec:
  selector:
    matchLabels: {app: demo}
  template:
    metadata:
      labels: {app: demo}
    spec:
      containers:
        - name: ${container}
          image: docker.io/library/node:26.10.0-slim
          args: [--node=n1]${more}
`;
}

/** Writes a fleet of one cluster with the addon demo. `files`: further files, which may take the place of these. */
export function writeDemoFleet(folder: string, files: Readonly<Record<string, string>> = {}): void {
  const tree: Readonly<Record<string, string>> = {
    "halite.yaml": 'roster: roster.yaml\nkubernetes: "1.36"\n',
    ".gitignore": ".halite/\nout/**/bundles/\n",
    "roster.yaml": "c1: {minion_opts: {grains: {az: z1}}}\n",
    "pillar/top.sls": "base:\n  '*': [p]\n",
    "pillar/p.sls": "addons:\n  demo: {mode: Reconcile}\n",
    "states/top.sls": "base:\n  '*': [demo]\n",
    "states/demo.sls":
      "demo:\n  file.managed:\n    - name: /etc/kubernetes/addons/demo/demo.yaml\n    - source: salt://demo.yaml\n    - makedirs: True\n",
    "states/demo.yaml": daemonSet(),
    ...files,
  };
  for (const [path, text] of Object.entries(tree)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
}
