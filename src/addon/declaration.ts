import type { Delivery } from "../bundle/index.ts";
import { PyDict } from "../python/index.ts";
import { toPlain } from "../schema/index.ts";
import { readApplySettings } from "./apply-settings.ts";
import { readRollout, type Rollout } from "./rollout.ts";
import type { AddonDeclaration } from "./types.ts";

/**
 * What pillar says about addons:
 * ```yaml
 * addons:
 *   csi-driver-nfs: {mode: Reconcile, dependsOn: [storage-base], sls: [csi-driver-nfs], policies: {hostPaths: [/mnt]}}
 *   old-driver: {prune: {empty: true}}   # its objects go from the clusters
 * halite:
 *   namespaces: [monitoring]      # namespaces that exist without any addon making them
 *   controllers: {delivery: image} # how bundles get into pods: configmap (default) or image
 * ```
 */
export interface AddonSettings {
  readonly addons: ReadonlyMap<string, AddonDeclaration>;
  readonly namespaces: readonly string[];
  /** Default: `configmap`. */
  readonly delivery: Delivery;
  /** When the cluster gets changes; null: at once. */
  readonly rollout: Rollout | null;
  /** What is wrong with them. */
  readonly problems: readonly SettingsProblem[];
}

/** Something that pillar says of addons and may not say. */
export interface SettingsProblem {
  /** The keys of pillar that lead there. */
  readonly path: readonly string[];
  readonly message: string;
  /** What to do about it, where the message alone does not say. */
  readonly advice?: string;
}

/** Namespaces that every cluster has. */
export const BUILT_IN_NAMESPACES: readonly string[] = ["default", "kube-system", "kube-public", "kube-node-lease"];

/** Reads the keys of pillar that the second stage knows. */
export function readAddonSettings(pillar: PyDict): AddonSettings {
  const problems: SettingsProblem[] = [];
  const refuse = (path: readonly string[], message: string, advice?: string): void => {
    problems.push({ path, message, ...(advice !== undefined && { advice }) });
  };
  const addons = new Map<string, AddonDeclaration>();
  const declared = pillar.get("addons");
  if (declared instanceof PyDict) {
    for (const [name, value] of declared.entries()) {
      if (typeof name !== "string" || !(value instanceof PyDict)) {
        refuse(typeof name === "string" ? ["addons", name] : ["addons"], "must map addon names to {mode, dependsOn, sls}");
        continue;
      }
      const mode = value.get("mode") ?? null;
      const dependsOn = value.get("dependsOn") ?? [];
      const sls = value.get("sls") ?? [];
      if (mode !== null && mode !== "Reconcile" && mode !== "EnsureExists")
        refuse(["addons", name, "mode"], "must be Reconcile or EnsureExists");
      if (!Array.isArray(dependsOn) || !dependsOn.every((item) => typeof item === "string")) {
        refuse(["addons", name, "dependsOn"], "must be a list of addon names");
        continue;
      }
      if (!Array.isArray(sls) || !sls.every((item) => typeof item === "string")) {
        refuse(["addons", name, "sls"], "must be a list of SLS names");
        continue;
      }
      addons.set(name, {
        ...(mode === "Reconcile" || mode === "EnsureExists" ? { mode } : {}),
        dependsOn: dependsOn.filter((item) => typeof item === "string"),
        sls: sls.filter((item) => typeof item === "string"),
        apply: readApplySettings(value, (key, message) => refuse(["addons", name, ...key], message)),
        ...(value.has("policies") && { policies: toPlain(value.get("policies") ?? null).json }),
      });
    }
  } else if (declared !== undefined && declared !== null) refuse(["addons"], "must be a mapping of addon names");
  const halite = pillar.get("halite");
  const listed = halite instanceof PyDict ? (halite.get("namespaces") ?? []) : [];
  if (!Array.isArray(listed) || !listed.every((item) => typeof item === "string"))
    refuse(["halite", "namespaces"], "must be a list of namespace names");
  const namespaces = Array.isArray(listed) ? listed.filter((item) => typeof item === "string") : [];
  const controllers = halite instanceof PyDict ? (halite.get("controllers") ?? null) : null;
  if (controllers !== null && !(controllers instanceof PyDict)) refuse(["halite", "controllers"], "must be a mapping with delivery");
  const delivery = (controllers instanceof PyDict ? controllers.get("delivery") : undefined) ?? "configmap";
  if (delivery !== "configmap" && delivery !== "image") refuse(["halite", "controllers", "delivery"], "must be configmap or image");
  const rollout = readRollout(pillar.get("rollout"), refuse);
  return { addons, namespaces, delivery: delivery === "image" ? "image" : "configmap", rollout, problems };
}
