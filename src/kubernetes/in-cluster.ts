import { readFileSync } from "node:fs";
import { join } from "node:path";
import { FindingError } from "../finding/index.ts";
import type { Endpoint } from "./endpoint.ts";

/** Where a pod finds its ServiceAccount (Kubernetes, TokenRequest projection). */
const FOLDER = "/var/run/secrets/kubernetes.io/serviceaccount";

/**
 * The API server of the cluster that a pod runs in. Its token is read anew again and again: the kubelet rotates it.
 *
 * @param environment with KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT, as every pod has them
 * @throws FindingError `in-cluster` outside of a pod
 */
export function inClusterEndpoint(environment: Readonly<Record<string, string | undefined>>, folder = FOLDER): Endpoint {
  const host = environment["KUBERNETES_SERVICE_HOST"] ?? "";
  const port = environment["KUBERNETES_SERVICE_PORT"] ?? "";
  if (host === "" || port === "") {
    throw new FindingError({
      code: "in-cluster",
      severity: "error",
      message: "KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set: this is no pod",
      advice: "controllers run in the cluster that they serve",
    });
  }
  return {
    server: `https://${host.includes(":") ? `[${host}]` : host}:${port}`,
    from: "the pod's ServiceAccount",
    credentials: async () => {
      const ca = readFileSync(join(folder, "ca.crt"), "utf8");
      const token = readFileSync(join(folder, "token"), "utf8").trim();
      return Promise.resolve({
        ca,
        cert: undefined,
        key: undefined,
        rejectUnauthorized: true,
        servername: undefined,
        headers: { authorization: `Bearer ${token}` },
        fingerprint: ca,
      });
    },
  };
}
