import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import type { RequestOptions } from "node:https";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";
import { KubeConfig } from "@kubernetes/client-node/dist/config.js";
import { FindingError, type Finding } from "../finding/index.ts";
import type { Credentials, Endpoint } from "../kubernetes/index.ts";

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
  config.setCurrentContext(context);
  const cluster = config.getCurrentCluster();
  if (cluster === null || cluster.server === "")
    throw refuse("kubeconfig-invalid", `context ${context} names a cluster that the kubeconfig does not have`);
  return {
    server: cluster.server.replace(/\/+$/, ""),
    from: `context ${context}`,
    credentials: () => credentialsOf(config, context),
  };
}

function loadKubeconfig(choice: KubeconfigChoice): KubeConfig {
  const listed = (choice.variable ?? "").split(delimiter).filter((path) => path !== "");
  const paths = choice.path !== undefined ? [choice.path] : listed.length > 0 ? listed : [join(choice.home ?? homedir(), ".kube/config")];
  const config = new KubeConfig();
  let found = false;
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
      const one = new KubeConfig();
      one.loadFromFile(path);
      if (found) config.mergeConfig(one, true);
      else config.loadFromOptions({ clusters: one.clusters, contexts: one.contexts, users: one.users, currentContext: one.currentContext });
      found = true;
    } catch (error) {
      // A YAML error quotes the line, which may hold a token.
      const said = error instanceof Error ? (error.message.split("\n")[0] ?? "").slice(0, 80) : "";
      throw refuse("kubeconfig-invalid", `${path} is no kubeconfig: ${error instanceof TypeError ? "it has another shape" : said}`);
    }
  }
  if (!found) throw refuse("kubeconfig-missing", `none of the files of KUBECONFIG is there: ${paths.join(", ")}`);
  return config;
}

function chooseContext(config: KubeConfig, choice: KubeconfigChoice): string {
  const names = config.getContexts().map((context) => context.name);
  const listed = names.length === 0 ? "it has none" : `it has ${names.join(", ")}`;
  if (choice.context !== undefined) {
    if (names.includes(choice.context)) return choice.context;
    throw refuse("kubeconfig-context", `the kubeconfig has no context ${choice.context}; ${listed}`);
  }
  if (names.includes(choice.cluster)) return choice.cluster;
  const server = (name: string): string | undefined => {
    const context = config.getContextObject(name);
    return context === null ? undefined : config.getCluster(context.cluster)?.server.replace(/\/+$/, "");
  };
  const host = choice.host?.replace(/\/+$/, "");
  const matching = host === undefined ? [] : names.filter((name) => server(name) === host);
  const [only] = matching;
  if (only !== undefined && matching.length === 1) return only;
  const [single] = names;
  if (choice.path !== undefined && single !== undefined && names.length === 1) return single;
  throw refuse(
    "kubeconfig-context",
    `no context of the kubeconfig is named ${choice.cluster}${host === undefined ? "" : ` or leads to ${host}`}; ${listed}`,
    "say which one is this cluster with --context",
  );
}

async function credentialsOf(config: KubeConfig, from: string): Promise<Credentials> {
  const options: RequestOptions = {};
  try {
    await config.applyToHTTPSOptions(options);
  } catch (error) {
    const said = error instanceof Error ? error.message.trim().split("\n").slice(-3).join("\n") : String(error);
    throw refuse("kubeconfig-credentials", `${from} gives no credentials: ${said}`, "run the credential plugin or the login by hand");
  }
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(options.headers ?? {})) {
    if (typeof value === "string") headers[name.toLowerCase()] = value;
  }
  if (typeof options.auth === "string") headers["authorization"] = `Basic ${Buffer.from(options.auth).toString("base64")}`;
  const { ca, cert, key } = options;
  return {
    ca: pem(ca),
    cert: pem(cert),
    key: pem(key),
    rejectUnauthorized: options.rejectUnauthorized !== false,
    servername: options.servername,
    headers,
    fingerprint: createHash("sha256")
      .update(JSON.stringify([text(ca), text(cert), text(key), options.servername, options.rejectUnauthorized]))
      .digest("hex"),
  };
}

function pem(value: unknown): string | Buffer | undefined {
  return typeof value === "string" || Buffer.isBuffer(value) ? value : undefined;
}

function text(value: unknown): string {
  return typeof value === "string" || Buffer.isBuffer(value) ? value.toString("utf8") : "";
}

function refuse(code: string, message: string, advice?: string): FindingError {
  const finding: Finding = { code, severity: "error", message, ...(advice === undefined ? {} : { advice }) };
  return new FindingError(finding);
}
