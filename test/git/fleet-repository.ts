import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { halite, type Run } from "../cli/halite.ts";

/** Runs git as a user would, and gives what it prints. */
export function gitIn(folder: string, ...args: string[]): string {
  const who = ["-c", "user.name=Ada Löwe", "-c", "user.email=ada@example.com"];
  // Nothing of it goes on when it is done: the folder may be removed then.
  const settings = ["-c", "gc.autoDetach=false", "-c", "maintenance.autoDetach=false"];
  return execFileSync("git", ["-C", folder, ...who, ...settings, ...args], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
    env: { PATH: process.env["PATH"] ?? "", HOME: folder, LC_ALL: "C" },
  });
}

/** The tree of a fleet: two zones with two clusters each, addons `classes` and `map`, of which pillar says what they hold. */
export function fleetFiles(value: string): Record<string, string> {
  const clusters = ["az1", "az2"].flatMap((az) => ["a", "b"].map((name) => `${az}-${name}:\n  minion_opts: {grains: {az: ${az}}}\n`));
  return {
    "pillar/roster.yaml": clusters.join(""),
    "pillar/top.sls": "base:\n  '*': [p]\n",
    "pillar/p.sls": `value: ${value}\n`,
    "states/top.sls": "base:\n  '*': [classes, map]\n",
    "states/classes.sls": state("classes", "class.yaml"),
    "states/class.yaml":
      "apiVersion: storage.k8s.io/v1\nkind: StorageClass\nmetadata:\n  name: local\nprovisioner: kubernetes.io/no-provisioner\n",
    "states/map.sls": state("map", "map.yaml"),
    "states/map.yaml": `{% for n in range(9) %}---
apiVersion: v1
kind: ConfigMap
metadata: {name: map-{{ n }}, namespace: default}
data: {value: "{{ pillar.value }}", id: "{{ grains.id }}"}
{% endfor %}`,
    ".gitignore": ".halite/\nout/\n",
  };
}

export function state(addon: string, source: string): string {
  return `${addon}:
  file.managed:
    - name: /etc/kubernetes/addons/${addon}/${source}
    - source: salt://${source}
    - template: jinja
    - makedirs: True
`;
}

/** A fleet's repository on disk. */
export class FleetRepository {
  readonly folder: string;

  /** @param publish what halite.yaml says below `publish`, as YAML's flow style; absent: no repository at all */
  constructor(folder: string, publish?: string) {
    this.folder = folder;
    mkdirSync(folder, { recursive: true });
    for (const [path, text] of Object.entries(fleetFiles("one"))) this.write(path, text);
    this.write("halite.yaml", `kubernetes: "1.36"\n${publish === undefined ? "" : `publish: ${publish}\n`}`);
    if (publish !== undefined) this.git("init", "--quiet", "--initial-branch=main");
  }

  write(path: string, text: string): void {
    mkdirSync(dirname(join(this.folder, path)), { recursive: true });
    writeFileSync(join(this.folder, path), text);
  }

  read(path: string): string {
    return readFileSync(join(this.folder, path), "utf8");
  }

  edit(path: string, from: string, to: string): void {
    const text = this.read(path);
    if (!text.includes(from)) throw new Error(`${path} does not hold ${from}`);
    this.write(path, text.replaceAll(from, to));
  }

  remove(path: string): void {
    rmSync(join(this.folder, path), { recursive: true });
  }

  git(...args: string[]): string {
    return gitIn(this.folder, ...args);
  }

  /** Commits all there is, and gives the commit. */
  commit(message: string): string {
    this.git("add", "-A");
    this.git("commit", "--quiet", "--allow-empty", "-m", message);
    return this.git("rev-parse", "HEAD").trim();
  }

  /** Sets the value that the ConfigMaps hold, and commits. */
  commitValue(value: string): string {
    this.write("pillar/p.sls", `value: ${value}\n`);
    return this.commit(`Value ${value}`);
  }

  run(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Run> {
    return halite(args, { cwd: this.folder, env: { GIT_AUTHOR_NAME: "Ada Löwe", GIT_AUTHOR_EMAIL: "ada@example.com", ...env } });
  }
}

/** A bare repository. */
export function bareRepository(folder: string): string {
  mkdirSync(folder, { recursive: true });
  gitIn(folder, "init", "--quiet", "--bare", "--initial-branch=main");
  return folder;
}
