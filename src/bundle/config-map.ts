import { createHash } from "node:crypto";
import { PyDict } from "../python/index.ts";
import { BUNDLE_ANNOTATION, BUNDLE_DIGEST } from "./annotations.ts";
import type { Bundle } from "./source.ts";
import { startProgram } from "./start.ts";

/** The folder of an addon that its bundles' ConfigMaps are published in. Git ignores it in out/, as release.yaml has the digests. */
export const BUNDLE_FOLDER = "bundles";

/**
 * So large a bundle may be when it is packed, in bytes. A ConfigMap holds 1 MiB (Kubernetes, `MaxSecretSize` of validation), of which the
 * rest is for the program that starts it and what appliers note on objects.
 */
export const MOST_BYTES = 900 * 1024;

/** A bundle in a namespace, as one addon has it. */
export interface BundleUse {
  readonly bundle: Bundle;
  readonly addon: string;
  readonly namespace: string;
}

/**
 * The name of a bundle's ConfigMap: the addon's, the bundle's where it is another, and the start of the SHA-256 over all that the ConfigMap
 * holds, unpacked. So no two contents ever have one name, as an immutable ConfigMap demands, and no two addons one object.
 */
export function configMapName({ name, bytes, digest }: Bundle, addon: string): string {
  const hash = createHash("sha256").update(startProgram(name, digest)).update("\0").update(bytes).digest("hex");
  const own = addon
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-|-$/g, "");
  return [...(own === "" || own === name ? [] : [own]), name, hash.slice(0, 16)].join("-");
}

/**
 * The ConfigMap that carries a bundle: the packed bundle and the program that starts it.
 *
 * `halite.dev/prune: after-rollout` has appliers keep it, once it belongs to the release no more, until the addon is healthy: pods of
 * the old revision may still be started from it.
 */
export function bundleConfigMap({ bundle, addon, namespace }: BundleUse): PyDict {
  return PyDict.from({
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: PyDict.from({
      name: configMapName(bundle, addon),
      namespace,
      labels: PyDict.from({ [BUNDLE_ANNOTATION]: bundle.name }),
      annotations: PyDict.from({ [BUNDLE_DIGEST]: `sha256:${bundle.digest}`, "halite.dev/prune": "after-rollout" }),
    }),
    immutable: true,
    data: PyDict.from({ "start.cjs": startProgram(bundle.name, bundle.digest) }),
    binaryData: PyDict.from({ [`${bundle.name}.cjs.deflate`]: Buffer.from(bundle.packed).toString("base64") }),
  });
}
