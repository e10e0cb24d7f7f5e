import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { EnvironmentError, UsageError, type Command } from "./command.ts";

/** `halite init DIR`. */
export const command: Command = {
  run: ({ arguments: args, terminal, cwd, home }) => {
    const [directory, ...more] = args.positional;
    if (directory === undefined || more.length > 0) throw new UsageError("name one folder for the new fleet");
    const folder = resolve(cwd, directory);
    const kinds = args.values("ci");
    // A fleet that is there gets what is asked for beside.
    const isThere = kinds.length > 0 && existsSync(join(folder, CONFIG_FILE));
    const fleet = isThere ? [] : args.flag("bare") ? bareFiles() : exampleFiles();
    const files = new Map([...fleet, ...ciFiles(kinds, home)]);
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
        writeFileSync(join(folder, path), text, { flag: "wx", mode: text.startsWith("#!") ? 0o777 : 0o666 });
      }
    } catch (error) {
      throw new EnvironmentError(`${directory} can't be written: ${error instanceof Error ? error.message : String(error)}`);
    }
    if (args.flag("json")) terminal.out(`${JSON.stringify({ directory, files: [...files.keys()] }, undefined, 2)}\n`);
    else {
      for (const path of files.keys()) terminal.out(`  ${path}\n`);
      const where = relative(cwd, folder);
      if (isThere) terminal.out("\nWhat to set is at the top of each file; docs/publishing.md says more.\n");
      else terminal.out(`\nNext: ${where === "" ? "" : `cd ${where} && `}halite render\n`);
    }
    return Promise.resolve(0);
  },
};

const CONFIG_FILE = "halite.yaml";

/** Where the ready files of a kind of CI lie beside the program, and where they go. */
const CI: Readonly<Record<string, readonly [from: string, to: string]>> = {
  github: ["github-actions.yml", ".github/workflows/halite.yml"],
  gitlab: ["gitlab-ci.yml", ".gitlab-ci.yml"],
  "pre-commit": ["pre-commit-config.yaml", ".pre-commit-config.yaml"],
  "pre-receive": ["pre-receive", "hooks/pre-receive"],
};

function ciFiles(kinds: readonly string[], home: string): [string, string][] {
  return kinds.map((kind) => {
    const files = CI[kind];
    if (files === undefined) throw new UsageError(`--ci takes ${Object.keys(CI).join(", ")}, not ${JSON.stringify(kind)}`);
    return [files[1], readFileSync(join(home, "ci", files[0]), "utf8")];
  });
}

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
