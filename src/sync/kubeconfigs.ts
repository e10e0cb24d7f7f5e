import { createHash } from "node:crypto";
import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { endpointOf, type Endpoint } from "../cluster/index.ts";

/** Where a cluster's API server is, and what differs when that was changed. */
export interface ClusterAccess {
  readonly endpoint: Endpoint;
  /** Of the kubeconfig's bytes: Secrets are rotated, and clusters moved. */
  readonly stamp: string;
}

/** A folder with a kubeconfig for each cluster, or files whose contexts are named after the clusters. */
export interface KubeconfigPlaces {
  /** `sync.kubeconfigs`, absolute; null: the variable. */
  readonly path: string | null;
  readonly variable: string | undefined;
  readonly home: string | undefined;
  /** The API server that the roster names. */
  readonly host?: string | undefined;
  /** Whether a file's only context is the cluster's whatever it is called; default true. */
  readonly anyName?: boolean;
}

/**
 * The API server of a cluster: FOLDER/CLUSTER, FOLDER/CLUSTER.yaml or FOLDER/CLUSTER/kubeconfig, or in one file the context of the cluster's name.
 *
 * @throws FindingError `kubeconfig-*`
 */
export function accessTo(cluster: string, { path, variable, home, host, anyName = true }: KubeconfigPlaces): ClusterAccess {
  const isFolder = path !== null && statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
  const own = isFolder ? kubeconfigIn(path, cluster) : (path ?? undefined);
  const endpoint = endpointOf({ cluster, path: own, variable, home, host, anyName: isFolder || anyName });
  return { endpoint, stamp: stampOf(own === undefined ? (variable ?? "").split(":") : [own]) };
}

function kubeconfigIn(folder: string, cluster: string): string {
  const names = [`${cluster}/kubeconfig`, `${cluster}/value`, `${cluster}.yaml`, cluster];
  const found = names.map((name) => join(folder, name)).find((path) => existsSync(path) && statSync(path).isFile());
  return found ?? join(folder, cluster);
}

function stampOf(paths: readonly string[]): string {
  const hash = createHash("sha256");
  for (const path of paths) {
    try {
      hash.update(readFileSync(path));
    } catch {
      hash.update("-");
    }
  }
  return hash.digest("hex");
}
