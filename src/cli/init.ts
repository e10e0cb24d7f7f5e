import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { EnvironmentError, UsageError, type Command } from "./command.ts";

/** `halite init DIR`. */
export const command: Command = {
  run: ({ arguments: args, terminal, cwd }) => {
    const [directory, ...more] = args.positional;
    if (directory === undefined || more.length > 0) throw new UsageError("name one folder for the new fleet");
    const folder = resolve(cwd, directory);
    const files = args.flag("bare") ? bareFiles() : exampleFiles();
    const there = [...files.keys()].filter((path) => existsSync(join(folder, path)));
    if (there.length > 0) {
      throw new EnvironmentError(
        `${directory} already holds ${there.join(", ")}`,
        "nothing was written; take an empty folder, or remove these files first",
      );
    }
    try {
      for (const [path, text] of files) {
        mkdirSync(dirname(join(folder, path)), { recursive: true });
        writeFileSync(join(folder, path), text, { flag: "wx" });
      }
    } catch (error) {
      throw new EnvironmentError(`${directory} can't be written: ${error instanceof Error ? error.message : String(error)}`);
    }
    if (args.flag("json")) terminal.out(`${JSON.stringify({ directory, files: [...files.keys()] }, undefined, 2)}\n`);
    else {
      for (const path of files.keys()) terminal.out(`  ${path}\n`);
      const where = relative(cwd, folder);
      terminal.out(`\nNext: ${where === "" ? "" : `cd ${where} && `}halite render\n`);
    }
    return Promise.resolve(0);
  },
};

const CONFIG = `# A Halite fleet: Salt states and pillar, compiled into Kubernetes addons for every cluster of the roster.
# Salt's own options (nodegroups, jinja_env, pillar_source_merging_strategy …) may stand here too.
file_roots:
  base: [states]
pillar_roots:
  base: [pillar]
roster: pillar/roster.yaml
out: out
# Kubernetes version of clusters whose grains name none.
kubernetes: "1.36"
publish:
  remote: .halite/addons.git
  branch: addons
`;

function bareFiles(): Map<string, string> {
  return new Map([
    ["halite.yaml", CONFIG],
    [".gitignore", ".halite/\nout/.shards/\nout/**/bundles/\n"],
    ["pillar/roster.yaml", "# cluster-id:\n#   minion_opts:\n#     grains: {az: az1, region: r1, env: test}\n{}\n"],
    ["pillar/top.sls", "base: {}\n"],
    ["states/top.sls", "base: {}\n"],
  ]);
}

function exampleFiles(): Map<string, string> {
  return new Map([
    ...bareFiles(),
    [
      "pillar/roster.yaml",
      `# The fleet, in salt-ssh's roster shape. Grains decide what a cluster gets; az is required.
az1-test-01:
  host: https://10.0.0.1:6443
  minion_opts:
    grains: {region: region1, az: az1, env: test, kubernetes: "1.36"}
`,
    ],
    ["pillar/top.sls", "base:\n  '*':\n    - storage\n  'G@env:prod':\n    - prod\n"],
    [
      "pillar/storage.sls",
      "storage:\n  reclaim_policy: Delete\n  binding: WaitForFirstConsumer\naddons:\n  storage-classes:\n    mode: Reconcile\n",
    ],
    ["pillar/prod.sls", "storage:\n  reclaim_policy: Retain\n"],
    ["states/top.sls", "base:\n  '*':\n    - storage-classes\n"],
    [
      "states/storage-classes/init.sls",
      `{# Everything below /etc/kubernetes/addons/NAME/ becomes the addon NAME. #}
storage classes:
  file.managed:
    - name: /etc/kubernetes/addons/storage-classes/classes.yaml
    - source: salt://storage-classes/classes.yaml
    - template: jinja
    - makedirs: True
`,
    ],
    [
      "states/storage-classes/classes.yaml",
      `apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata:
  name: local
  labels:
    addonmanager.kubernetes.io/mode: Reconcile
provisioner: kubernetes.io/no-provisioner
reclaimPolicy: {{ pillar.storage.reclaim_policy }}
volumeBindingMode: {{ pillar.storage.binding }}
`,
    ],
  ]);
}
