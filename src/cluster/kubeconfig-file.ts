import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { isObject, jsonOf, listAt, objectAt, textAt, type Json, type JsonObject } from "../kubernetes/index.ts";
import { loadKubernetes } from "../yaml/index.ts";

/** A cluster of a kubeconfig (client-go, clientcmd/api/v1). Paths are absolute. */
export interface KubeconfigCluster {
  readonly name: string;
  readonly server: string;
  /** PEM in base64, and where it is in a file. */
  readonly caData: string | undefined;
  readonly caFile: string | undefined;
  readonly skipTlsVerify: boolean;
  readonly tlsServerName: string | undefined;
  readonly proxyUrl: string | undefined;
}

export interface KubeconfigUser {
  readonly name: string;
  readonly certData: string | undefined;
  readonly certFile: string | undefined;
  readonly keyData: string | undefined;
  readonly keyFile: string | undefined;
  readonly token: string | undefined;
  readonly tokenFile: string | undefined;
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly impersonate: string | undefined;
  /** What a program or a provider has to be asked for, as it stands in the file. */
  readonly plugin: { readonly exec?: JsonObject; readonly authProvider?: JsonObject } | undefined;
}

export interface KubeconfigContext {
  readonly name: string;
  readonly cluster: string;
  readonly user: string;
}

/** What several files together say: of one name the first counts, as for kubectl. */
export interface Kubeconfig {
  readonly clusters: ReadonlyMap<string, KubeconfigCluster>;
  readonly users: ReadonlyMap<string, KubeconfigUser>;
  readonly contexts: ReadonlyMap<string, KubeconfigContext>;
}

export const NO_KUBECONFIG: Kubeconfig = { clusters: new Map(), users: new Map(), contexts: new Map() };

/** Reads one file. @throws what the file system throws; TypeError with what is wrong with the shape, which quotes no value; FindingError of the YAML */
export function readKubeconfig(path: string): Kubeconfig {
  const documents = loadKubernetes(readFileSync(path, "utf8"), { file: "kubeconfig" });
  const [document] = documents;
  const config = document === undefined ? {} : jsonOf(document.value);
  if (!isObject(config) || documents.length > 1) throw new TypeError("it has another shape");
  const folder = dirname(resolve(path));
  const file = (value: string | undefined): string | undefined => (value === undefined ? undefined : resolve(folder, value));
  return {
    clusters: named(config, "clusters", "cluster", (name, cluster) => ({
      name,
      server: textOf(cluster, "server") ?? "",
      caData: textOf(cluster, "certificate-authority-data"),
      caFile: file(textOf(cluster, "certificate-authority")),
      skipTlsVerify: cluster["insecure-skip-tls-verify"] === true,
      tlsServerName: textOf(cluster, "tls-server-name"),
      proxyUrl: textOf(cluster, "proxy-url"),
    })),
    users: named(config, "users", "user", (name, user) => ({
      name,
      certData: textOf(user, "client-certificate-data"),
      certFile: file(textOf(user, "client-certificate")),
      keyData: textOf(user, "client-key-data"),
      keyFile: file(textOf(user, "client-key")),
      token: textOf(user, "token"),
      tokenFile: file(textOf(user, "tokenFile")),
      username: textOf(user, "username"),
      password: textOf(user, "password"),
      impersonate: textOf(user, "as"),
      plugin: pluginOf(user),
    })),
    contexts: named(config, "contexts", "context", (name, context) => ({
      name,
      cluster: textOf(context, "cluster") ?? "",
      user: textOf(context, "user") ?? "",
    })),
  };
}

/** Both together; where both have a name, the first's. */
export function mergeKubeconfigs(first: Kubeconfig, second: Kubeconfig): Kubeconfig {
  return {
    clusters: new Map([...second.clusters, ...first.clusters]),
    users: new Map([...second.users, ...first.users]),
    contexts: new Map([...second.contexts, ...first.contexts]),
  };
}

function pluginOf(user: JsonObject): KubeconfigUser["plugin"] {
  const [exec, authProvider] = [user["exec"], user["auth-provider"]];
  if (!isObject(exec) && !isObject(authProvider)) return undefined;
  return { ...(isObject(exec) ? { exec } : {}), ...(isObject(authProvider) ? { authProvider } : {}) };
}

function named<T>(config: JsonObject, list: string, key: string, read: (name: string, entry: JsonObject) => T): ReadonlyMap<string, T> {
  const found = new Map<string, T>();
  for (const [index, item] of listAt(config, list).entries()) {
    const name = textAt(item, "name");
    if (name === undefined || name === "") throw new TypeError(`${list}[${index}].name is missing`);
    if (!found.has(name)) found.set(name, read(name, objectAt(item, key)));
  }
  return found;
}

/** A text that says something. */
function textOf(from: Json, key: string): string | undefined {
  const value = textAt(from, key);
  return value === "" ? undefined : value;
}
