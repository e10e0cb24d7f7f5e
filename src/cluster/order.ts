import type { Discovery } from "./discovery.ts";
import { groupKind, type ObjectRef } from "./types.ts";

/** In which order the objects of an addon are applied; they are pruned the other way round. */
export const PHASES = ["definitions", "namespaces", "configuration", "workloads", "webhooks"] as const;
export type Phase = (typeof PHASES)[number];

const WORKLOADS = new Set([
  "Pod",
  "ReplicationController",
  "Deployment.apps",
  "DaemonSet.apps",
  "StatefulSet.apps",
  "ReplicaSet.apps",
  "Job.batch",
  "CronJob.batch",
]);
/** What stands between everybody and the API: first there when what answers it is, first gone before that goes. */
const WEBHOOKS = new Set([
  "ValidatingWebhookConfiguration.admissionregistration.k8s.io",
  "MutatingWebhookConfiguration.admissionregistration.k8s.io",
  "ValidatingAdmissionPolicyBinding.admissionregistration.k8s.io",
  "MutatingAdmissionPolicyBinding.admissionregistration.k8s.io",
  "APIService.apiregistration.k8s.io",
]);

export function phaseOf(kind: Pick<ObjectRef, "group" | "kind">): Phase {
  const name = groupKind(kind);
  if (name === "CustomResourceDefinition.apiextensions.k8s.io") return "definitions";
  if (name === "Namespace") return "namespaces";
  if (WORKLOADS.has(name)) return "workloads";
  return WEBHOOKS.has(name) ? "webhooks" : "configuration";
}

/** Ranks for pruning: lower goes first. Custom resources go before the workloads whose finalizers they may wait for. */
export function pruneRank(kind: Pick<ObjectRef, "group" | "kind">, custom: boolean): number {
  const name = groupKind(kind);
  if (WEBHOOKS.has(name)) return 0;
  if (custom) return 1;
  if (WORKLOADS.has(name)) return 2;
  if (name === "PersistentVolumeClaim") return 4;
  if (name === "PersistentVolume") return 5;
  if (name === "Namespace") return 6;
  if (name === "CustomResourceDefinition.apiextensions.k8s.io") return 7;
  return 3;
}

/** Groups of the API itself; the others are custom resources or aggregated. */
export function isCustom(group: string): boolean {
  return group.includes(".") && !group.endsWith(".k8s.io");
}

/** Addons with those before them that they depend on; those of a circle come last, in the order given. */
export function byDependency<T extends { readonly name: string; readonly dependsOn: readonly string[] }>(
  addons: readonly T[],
): readonly T[] {
  const byName = new Map(addons.map((addon) => [addon.name, addon]));
  const done = new Set<string>();
  const ordered: T[] = [];
  const visit = (addon: T, above: ReadonlySet<string>): void => {
    if (done.has(addon.name) || above.has(addon.name)) return;
    for (const name of addon.dependsOn) {
      const other = byName.get(name);
      if (other !== undefined) visit(other, new Set([...above, addon.name]));
    }
    if (done.has(addon.name)) return;
    done.add(addon.name);
    ordered.push(addon);
  };
  for (const addon of addons) visit(addon, new Set());
  return ordered;
}

/** Whether objects of a kind are custom resources in this cluster. */
export function isCustomKind(kind: Pick<ObjectRef, "group" | "kind">, _discovery: Discovery): boolean {
  return isCustom(kind.group) || ["snapshot.storage.k8s.io", "groupsnapshot.storage.k8s.io"].includes(kind.group);
}
