import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ReleaseFiles } from "../../src/cluster/index.ts";
import { parseRemote, PublishedBranch, type SigningKey } from "../../src/git/index.ts";
import { configYaml, namespaceYaml } from "../cluster/kube.ts";
import { releaseOf } from "../cluster/releases.ts";
import { bareRepository } from "../git/fleet-repository.ts";

/** What a published tree has for one cluster. */
export interface FleetCluster {
  readonly az: string;
  readonly cluster: string;
  readonly value: string;
  /** `rollout` of its release.yaml, as YAML's flow style. */
  readonly rollout?: string;
  /** Other files in the place of the one ConfigMap. */
  readonly files?: ReleaseFiles;
}

/** A remote with a published branch, without the compile. */
export class PublishedFleet {
  readonly folder: string;
  readonly remote: string;
  #second = 1_700_000_000;

  constructor(folder: string) {
    this.folder = folder;
    this.remote = bareRepository(join(folder, "remote.git"));
    mkdirSync(join(folder, "publisher"), { recursive: true });
  }

  /** Publishes a tree of these clusters, and gives the commit. */
  async publish(
    clusters: readonly FleetCluster[],
    options: { readonly message?: string; readonly sign?: SigningKey } = {},
  ): Promise<string> {
    const tree = new Map<string, Uint8Array>();
    for (const cluster of clusters) {
      for (const [path, content] of releaseFiles(cluster)) tree.set(`${cluster.az}/${cluster.cluster}/${path}`, content);
    }
    const folder = join(this.folder, "publisher");
    const branch = await PublishedBranch.open({ remote: parseRemote(`file://${this.remote}`, folder), branch: "addons", auth: {}, folder });
    try {
      const head = await branch.head();
      const who = { name: "Ada", email: "ada@example.com", date: `${this.#second++} +0000` };
      const message = options.message ?? "Change\n\nSource: abc\n";
      const commit = { tree, changes: branch.changes(head, tree), message, author: who, committer: who, sign: options.sign ?? null };
      const made = await branch.commit(head, commit);
      const outcome = await branch.push(made, head?.commit ?? null);
      if (outcome.kind !== "pushed") throw new Error(JSON.stringify(outcome));
      return made;
    } finally {
      branch.close();
    }
  }
}

/** One cluster's folder: addon `settings` with one ConfigMap. */
export function releaseFiles({ az, cluster, value, rollout, files }: FleetCluster): ReleaseFiles {
  const name = "halite-test";
  const release = new Map(
    files ??
      releaseOf(
        { settings: { "a.yaml": namespaceYaml(name), "b.yaml": configYaml(name, "settings", { value }, "Reconcile") } },
        { cluster },
      ),
  );
  const text = new TextDecoder().decode(release.get("release.yaml")).replace("az: az1", `az: ${az}`);
  release.set("release.yaml", new TextEncoder().encode(rollout === undefined ? text : `${text}rollout: ${rollout}\n`));
  return release;
}

/** Writes a halite.yaml as a zone has it. */
export function writeConfig(folder: string, remote: string, more = ""): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "halite.yaml"), `publish: {remote: "${remote}", branch: addons}\n${more}`);
}
