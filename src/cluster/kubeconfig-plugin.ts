import { spawn, type ChildProcess, type SpawnOptions } from "node:child_process";
import type { RequestOptions } from "node:https";
import { KubeConfig } from "@kubernetes/client-node/dist/config.js";
import { ExecAuth } from "@kubernetes/client-node/dist/exec_auth.js";
import type { KubeconfigCluster, KubeconfigUser } from "./kubeconfig-file.ts";
import type { Own } from "./kubeconfig.ts";

/**
 * What exec plugins (client.authentication.k8s.io) and auth providers (OIDC) give, by the Kubernetes client's own code, which is loaded for them alone.
 *
 * @param limit milliseconds that it may take: whoever logs in by it has to be able to
 * @throws what the plugin says
 */
export async function pluginCredentials(cluster: KubeconfigCluster, user: KubeconfigUser, limit = 120_000): Promise<Own> {
  const config = new KubeConfig();
  config.loadFromString(
    JSON.stringify({
      clusters: [
        {
          name: "cluster",
          cluster: {
            server: cluster.server,
            "certificate-authority-data": cluster.caData,
            "certificate-authority": cluster.caFile,
            "insecure-skip-tls-verify": cluster.skipTlsVerify,
            "tls-server-name": cluster.tlsServerName,
          },
        },
      ],
      users: [{ name: "user", user: userEntry(user) }],
      contexts: [{ name: "context", context: { cluster: "cluster", user: "user" } }],
      "current-context": "context",
    }),
  );
  const options: RequestOptions = {};
  const limited = limitPlugins(config, limit);
  try {
    await Promise.race([config.applyToHTTPSOptions(options), limited.late]);
  } finally {
    limited.end();
  }
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(options.headers ?? {})) {
    if (typeof value === "string") headers[name.toLowerCase()] = value;
  }
  if (typeof options.auth === "string") headers["authorization"] = `Basic ${Buffer.from(options.auth).toString("base64")}`;
  return { cert: pem(options.cert), key: pem(options.key), headers };
}

/**
 * The client's own code gives a plugin all the time that it wants, and each request to the cluster would wait for one that hangs; where no process can be
 * started, it leaves the child's error to nobody.
 */
function limitPlugins(config: KubeConfig, limit: number): { readonly late: Promise<never>; readonly end: () => void } {
  const begun: ChildProcess[] = [];
  const start = (command: string, args: readonly string[] | undefined, options: SpawnOptions): ChildProcess => {
    const child = spawn(command, [...(args ?? [])], options);
    child.on("error", () => undefined);
    // The streams that the client's code takes for granted.
    if (child.pid === undefined && child.stdout == null)
      throw new Error(`${command} can't be started: the system has no more processes or files`);
    begun.push(child);
    return child;
  };
  // Private to TypeScript alone; a test holds it against the version that is installed.
  const authenticators: unknown = Reflect.get(config, "authenticators");
  for (const each of Array.isArray(authenticators) ? authenticators : []) if (each instanceof ExecAuth) Reflect.set(each, "execFn", start);
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`the credential plugin has given nothing in ${limit / 1000} s`)), limit);
  });
  // What is raced for may be decided before.
  late.catch(() => undefined);
  return {
    late,
    end: () => {
      clearTimeout(timer);
      for (const child of begun) {
        if (child.exitCode !== null || child.signalCode !== null) continue;
        child.kill("SIGKILL");
        for (const pipe of child.stdio) pipe?.destroy();
      }
    },
  };
}

function userEntry(user: KubeconfigUser): Readonly<Record<string, unknown>> {
  return {
    exec: user.plugin?.exec,
    "auth-provider": user.plugin?.authProvider,
    "client-certificate-data": user.certData,
    "client-certificate": user.certFile,
    "client-key-data": user.keyData,
    "client-key": user.keyFile,
    token: user.token,
  };
}

function pem(value: unknown): string | undefined {
  return typeof value === "string" || Buffer.isBuffer(value) ? value.toString("utf8") : undefined;
}
