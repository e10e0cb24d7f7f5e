import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";
import { FindingError, type Finding } from "../finding/index.ts";
import type { Credentials, Endpoint } from "../kubernetes/index.ts";
import {
  mergeKubeconfigs,
  NO_KUBECONFIG,
  readKubeconfig,
  type Kubeconfig,
  type KubeconfigCluster,
  type KubeconfigUser,
} from "./kubeconfig-file.ts";

export type { Endpoint };

export interface KubeconfigChoice {
  /** `--kubeconfig`. */
  readonly path?: string | undefined;
  /** The variable KUBECONFIG: files separated as the system does. */
  readonly variable?: string | undefined;
  /** `--context`. */
  readonly context?: string | undefined;
  /** The cluster's id, which a context may be named after. */
  readonly cluster: string;
  /** The API server that the roster names. */
  readonly host?: string | undefined;
  readonly home?: string | undefined;
  /** Whether the only context of a file that was given is this cluster's whatever it is called; default true. */
  readonly anyName?: boolean;
}

/**
 * The API server of a cluster by a kubeconfig: the context that is given, else the one named after the cluster, else the only one whose server is
 * the roster's `host`, else the only one of a file that was given. The current context is not asked: it may be any cluster's.
 *
 * @throws FindingError `kubeconfig-missing`, `kubeconfig-invalid`, `kubeconfig-context`
 */
export function endpointOf(choice: KubeconfigChoice): Endpoint {
  const config = loadKubeconfig(choice);
  const context = chooseContext(config, choice);
  const { cluster: clusterName = "", user: userName = "" } = config.contexts.get(context) ?? {};
  const cluster = config.clusters.get(clusterName);
  if (cluster === undefined || cluster.server === "")
    throw refuse("kubeconfig-invalid", `context ${context} names a cluster that the kubeconfig does not have`);
  if (cluster.proxyUrl !== undefined)
    throw refuse(
      "kubeconfig-invalid",
      `context ${context} goes through a proxy (proxy-url), which Halite does not`,
      "give it a way to the API server itself",
    );
  const user = config.users.get(userName);
  return {
    server: cluster.server.replace(/\/+$/, ""),
    from: `context ${context}`,
    credentials: () => credentialsOf(cluster, user, `context ${context}`),
  };
}

function loadKubeconfig(choice: KubeconfigChoice): Kubeconfig {
  const listed = (choice.variable ?? "").split(delimiter).filter((path) => path !== "");
  const paths = choice.path !== undefined ? [choice.path] : listed.length > 0 ? listed : [join(choice.home ?? homedir(), ".kube/config")];
  let config: Kubeconfig | undefined;
  for (const path of paths) {
    try {
      readFileSync(path);
    } catch (error) {
      // kubectl too passes over files of KUBECONFIG that are not there.
      if (choice.path === undefined && listed.length > 1) continue;
      const how = choice.path !== undefined ? "--kubeconfig" : listed.length > 0 ? "KUBECONFIG" : "the default";
      throw refuse(
        "kubeconfig-missing",
        `${path} (${how}) can't be read: ${error instanceof Error && "code" in error ? String(error.code) : "unknown"}`,
        "name a kubeconfig with --kubeconfig or the variable KUBECONFIG; credentials never stand in the repository",
      );
    }
    try {
      config = mergeKubeconfigs(config ?? NO_KUBECONFIG, readKubeconfig(path));
    } catch (error) {
      // A YAML error quotes what is there, which may be a token.
      throw refuse("kubeconfig-invalid", `${path} is no kubeconfig: ${shapeWords(error)}`);
    }
  }
  if (config === undefined) throw refuse("kubeconfig-missing", `none of the files of KUBECONFIG is there: ${paths.join(", ")}`);
  return config;
}

function shapeWords(error: unknown): string {
  if (error instanceof FindingError) {
    const { code, at } = error.findings[0] ?? {};
    return `it can't be read as YAML${at?.line === undefined ? "" : `, line ${at.line}`} (${code ?? "yaml"})`;
  }
  return error instanceof TypeError ? error.message : "it can't be read";
}

function chooseContext(config: Kubeconfig, choice: KubeconfigChoice): string {
  const names = [...config.contexts.keys()];
  const listed = names.length === 0 ? "it has none" : `it has ${names.join(", ")}`;
  if (choice.context !== undefined) {
    if (names.includes(choice.context)) return choice.context;
    throw refuse("kubeconfig-context", `the kubeconfig has no context ${choice.context}; ${listed}`);
  }
  if (names.includes(choice.cluster)) return choice.cluster;
  const server = (name: string): string | undefined =>
    config.clusters.get(config.contexts.get(name)?.cluster ?? "")?.server.replace(/\/+$/, "");
  const host = choice.host?.replace(/\/+$/, "");
  const matching = host === undefined ? [] : names.filter((name) => server(name) === host);
  const [only] = matching;
  if (only !== undefined && matching.length === 1) return only;
  const [single] = names;
  if (choice.path !== undefined && choice.anyName !== false && single !== undefined && names.length === 1) return single;
  throw refuse(
    "kubeconfig-context",
    `no context of the kubeconfig is named ${choice.cluster}${host === undefined ? "" : ` or leads to ${host}`}; ${listed}`,
    "say which one is this cluster with --context",
  );
}

async function credentialsOf(cluster: KubeconfigCluster, user: KubeconfigUser | undefined, from: string): Promise<Credentials> {
  let own: Own;
  try {
    own = user?.plugin === undefined ? plainOf(user) : await (await loadPlugins()).pluginCredentials(cluster, user);
  } catch (error) {
    const said = error instanceof Error ? error.message.trim().split("\n").slice(-3).join("\n") : String(error);
    throw refuse("kubeconfig-credentials", `${from} gives no credentials: ${said}`, "run the credential plugin or the login by hand");
  }
  let ca: string | undefined;
  try {
    ca = pemOf(cluster.caData, cluster.caFile);
  } catch (error) {
    throw refuse(
      "kubeconfig-credentials",
      `${from}: the certificate authority can't be read: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
  const rejectUnauthorized = !cluster.skipTlsVerify;
  const { cert, key, headers } = own;
  return {
    ca,
    cert,
    key,
    rejectUnauthorized,
    servername: cluster.tlsServerName,
    headers: { ...headers, ...(user?.impersonate === undefined ? {} : { "impersonate-user": user.impersonate }) },
    fingerprint: createHash("sha256")
      .update(JSON.stringify([ca ?? "", cert ?? "", key ?? "", cluster.tlsServerName, rejectUnauthorized]))
      .digest("hex"),
  };
}

async function loadPlugins(): Promise<typeof import("./kubeconfig-plugin.ts")> {
  try {
    return await import("./kubeconfig-plugin.ts");
  } catch (error) {
    throw new Error(
      "the bundle halite-sync runs no credential plugins and knows no auth providers; a token, a token's file or a certificate does",
      {
        cause: error,
      },
    );
  }
}

/** What a user's entry comes to: a certificate with its key, and headers. */
export interface Own {
  readonly cert: string | undefined;
  readonly key: string | undefined;
  readonly headers: Readonly<Record<string, string>>;
}

/** What stands in the kubeconfig, or in files that it names: read anew each time, as they are rotated. */
function plainOf(user: KubeconfigUser | undefined): Own {
  if (user === undefined) return { cert: undefined, key: undefined, headers: {} };
  // client-go: a file wins over what stands there.
  const token = user.tokenFile === undefined ? user.token : readFileSync(user.tokenFile, "utf8").trim();
  const basic = user.username === undefined ? undefined : Buffer.from(`${user.username}:${user.password ?? ""}`).toString("base64");
  const authorization = token !== undefined ? `Bearer ${token}` : basic === undefined ? undefined : `Basic ${basic}`;
  return {
    cert: pemOf(user.certData, user.certFile),
    key: pemOf(user.keyData, user.keyFile),
    headers: authorization === undefined ? {} : { authorization },
  };
}

function pemOf(data: string | undefined, file: string | undefined): string | undefined {
  if (data !== undefined) return Buffer.from(data, "base64").toString("utf8");
  return file === undefined ? undefined : readFileSync(file, "utf8");
}

function refuse(code: string, message: string, advice?: string): FindingError {
  const finding: Finding = { code, severity: "error", message, ...(advice === undefined ? {} : { advice }) };
  return new FindingError(finding);
}
