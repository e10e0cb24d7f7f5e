import type { RequestOptions } from "node:https";
import { KubeConfig } from "@kubernetes/client-node/dist/config.js";
import type { KubeconfigCluster, KubeconfigUser } from "./kubeconfig-file.ts";
import type { Own } from "./kubeconfig.ts";

/**
 * What exec plugins (client.authentication.k8s.io) and auth providers (OIDC) give, by the Kubernetes client's own code, which is loaded for them alone.
 *
 * @throws what the plugin says
 */
export async function pluginCredentials(cluster: KubeconfigCluster, user: KubeconfigUser): Promise<Own> {
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
  await config.applyToHTTPSOptions(options);
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(options.headers ?? {})) {
    if (typeof value === "string") headers[name.toLowerCase()] = value;
  }
  if (typeof options.auth === "string") headers["authorization"] = `Basic ${Buffer.from(options.auth).toString("base64")}`;
  return { cert: pem(options.cert), key: pem(options.key), headers };
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
