import { createHash } from "node:crypto";
import type { Mode } from "../addon/index.ts";
import { APPLYSET_ID, applySetId, IS_PARENT_TYPE, setAnnotations, TOOLING } from "./applyset.ts";
import type { ApiResource } from "./discovery.ts";
import { listAt, objectAt, textAt, isKubernetesObject, type JsonObject, type KubernetesObject } from "../kubernetes/index.ts";
import type { Health } from "./health.ts";
import { keyOf, type ObjectKey } from "./types.ts";

/** `Addon` of halite.dev: an addon's status for people, its inventory for Halite, and the parent of its ApplySet. */
export const ADDON_GROUP = "halite.dev";
export const ADDON_KIND = "Addon";
export const ADDON_RESOURCE: ApiResource = {
  group: ADDON_GROUP,
  version: "v1alpha1",
  kind: ADDON_KIND,
  plural: "addons",
  namespaced: false,
  verbs: ["get", "list", "watch", "create", "update", "patch", "delete"],
};
/** On an object or an Addon, in git or in the cluster, with the value `disabled`: Halite leaves it as it is. */
export const RECONCILE = "halite.dev/reconcile";

/** An object that Halite has applied, or is about to. */
export interface Member {
  readonly group: string;
  readonly kind: string;
  readonly namespace: string | null;
  readonly name: string;
  readonly mode: Mode;
  /** null until it has been seen. A member of another uid is another object. */
  readonly uid: string | null;
}

/** What a cluster itself holds about an addon. */
export interface InventoryAddon {
  /** The addon's name. */
  readonly name: string;
  /** `metadata.name` of its Addon. */
  readonly objectName: string;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly cluster: string;
  /** The commit applied last, or null where it was a folder. */
  readonly commit: string | null;
  /** Digest of what was applied last as a whole; null while something of it is unfinished. */
  readonly digest: string | null;
  readonly dependsOn: readonly string[];
  readonly members: ReadonlyMap<ObjectKey, Member>;
  /** By the annotation on the Addon itself. */
  readonly suspended: boolean;
  readonly object: KubernetesObject;
}

/** The name of an addon's object: its own where that can be one, else made of it. */
export function addonObjectName(addon: string): string {
  if (/^[a-z0-9](?:[-a-z0-9.]{0,251}[a-z0-9])?$/.test(addon) && !addon.includes("..")) return addon;
  const plain = addon
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "")
    .slice(0, 200);
  return `${plain === "" ? "addon" : plain}-${createHash("sha256").update(addon, "utf8").digest("hex").slice(0, 8)}`;
}

export function addonSetId(addon: string): string {
  return applySetId({ name: addonObjectName(addon), namespace: "", kind: ADDON_KIND, group: ADDON_GROUP });
}

/** Reads an Addon; undefined for one that is none of Halite's. */
export function readAddonObject(item: unknown): InventoryAddon | undefined {
  if (!isKubernetesObject(item)) return undefined;
  const object = item;
  const name = textAt(object, "spec", "addon");
  if (name === undefined) return undefined;
  const members = listAt(object, "spec", "members").flatMap((each): [ObjectKey, Member][] => {
    const kind = textAt(each, "kind");
    const own = textAt(each, "name");
    if (kind === undefined || own === undefined) return [];
    const member: Member = {
      group: textAt(each, "group") ?? "",
      kind,
      namespace: textAt(each, "namespace") ?? null,
      name: own,
      mode: textAt(each, "mode") === "EnsureExists" ? "EnsureExists" : "Reconcile",
      uid: textAt(each, "uid") ?? null,
    };
    return [[keyOf(member), member]];
  });
  return {
    name,
    objectName: object.metadata.name,
    uid: object.metadata.uid ?? "",
    resourceVersion: object.metadata.resourceVersion ?? "",
    cluster: textAt(object, "spec", "cluster") ?? "",
    commit: textAt(object, "spec", "commit") ?? null,
    digest: textAt(object, "spec", "digest") ?? null,
    dependsOn: listAt(object, "spec", "dependsOn").filter((each) => typeof each === "string"),
    members: new Map(members),
    suspended: object.metadata.annotations?.[RECONCILE] === "disabled",
    object,
  };
}

/** What an Addon says to people. */
export interface AddonStatus {
  /** Whether the cluster holds what git wants; apart from whether it works. */
  readonly sync: "Synced" | "OutOfSync" | "Progressing" | "Waiting" | "Refused" | "Failed" | "Suspended";
  readonly health: Health["state"];
  /** The first thing to look at; empty where there is none. */
  readonly reason: string;
  readonly objects: number;
  readonly healthy: number;
}

export interface AddonRecord {
  readonly name: string;
  readonly cluster: string;
  readonly commit: string | null;
  readonly digest: string | null;
  readonly dependsOn: readonly string[];
  readonly members: readonly Member[];
  readonly status: AddonStatus;
  /** `halite/v0.1.0`. */
  readonly tooling: string;
}

/** The Addon object of a record. Its uids of members make prunes safe; nothing in it is secret. */
export function addonObject(record: AddonRecord): KubernetesObject {
  // What only has to be there once is no member of the ApplySet: who prunes by that must not delete it.
  const set = setAnnotations(record.members.filter(({ mode }) => mode === "Reconcile"));
  const { sync, health, reason, objects, healthy } = record.status;
  return {
    apiVersion: `${ADDON_GROUP}/${ADDON_RESOURCE.version}`,
    kind: ADDON_KIND,
    metadata: {
      name: addonObjectName(record.name),
      labels: { [APPLYSET_ID]: addonSetId(record.name) },
      annotations: { [TOOLING]: record.tooling, ...set },
    },
    spec: {
      addon: record.name,
      cluster: record.cluster,
      ...(record.commit === null ? {} : { commit: record.commit }),
      ...(record.digest === null ? {} : { digest: record.digest }),
      ...(record.dependsOn.length === 0 ? {} : { dependsOn: record.dependsOn }),
      members: record.members.map(({ group, kind, namespace, name, mode, uid }) => ({
        ...(group === "" ? {} : { group }),
        kind,
        ...(namespace === null ? {} : { namespace }),
        name,
        ...(mode === "Reconcile" ? {} : { mode }),
        ...(uid === null ? {} : { uid }),
      })),
    },
    status: {
      sync,
      health,
      reason,
      objects: `${healthy}/${objects}`,
      conditions: conditions(record.status),
    },
  };
}

function conditions({ sync, health, reason }: AddonStatus): JsonObject[] {
  const synced = sync === "Synced";
  const ready = synced && health === "Current";
  return [
    { type: "Synced", status: synced ? "True" : "False", reason: sync, message: synced ? "" : reason },
    { type: "Ready", status: ready ? "True" : "False", reason: synced ? health : sync, message: ready ? "" : reason },
  ];
}

/** Whether two Addons say the same, but for what the server adds. */
export function addonContent(object: KubernetesObject): JsonObject {
  return {
    labels: objectAt(object, "metadata", "labels"),
    annotations: object.metadata.annotations ?? {},
    spec: objectAt(object, "spec"),
    status: objectAt(object, "status"),
  };
}

const TEXT = { type: "string" };

/** The CustomResourceDefinition of Addon. */
export const ADDON_CRD: KubernetesObject = {
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  metadata: {
    name: `addons.${ADDON_GROUP}`,
    labels: { [IS_PARENT_TYPE]: "true" },
  },
  spec: {
    group: ADDON_GROUP,
    names: { kind: ADDON_KIND, listKind: "AddonList", plural: "addons", singular: "addon" },
    scope: "Cluster",
    versions: [
      {
        name: "v1alpha1",
        served: true,
        storage: true,
        additionalPrinterColumns: [
          { name: "Sync", type: "string", jsonPath: ".status.sync" },
          { name: "Health", type: "string", jsonPath: ".status.health" },
          { name: "Objects", type: "string", jsonPath: ".status.objects", description: "healthy of all" },
          { name: "Commit", type: "string", jsonPath: ".spec.commit", priority: 1 },
          { name: "Reason", type: "string", jsonPath: ".status.reason" },
          { name: "Age", type: "date", jsonPath: ".metadata.creationTimestamp" },
        ],
        schema: {
          openAPIV3Schema: {
            description:
              "An addon that Halite applies: what it made in this cluster, and how that is. Halite writes it; an annotation halite.dev/reconcile: disabled suspends the addon.",
            type: "object",
            properties: {
              spec: {
                type: "object",
                required: ["addon", "cluster"],
                properties: {
                  addon: { ...TEXT, description: "The addon's name in git." },
                  cluster: { ...TEXT, description: "The cluster's id in the roster." },
                  commit: { ...TEXT, description: "The commit applied last." },
                  digest: { ...TEXT, description: "Digest of what was applied last; absent while something of it is unfinished." },
                  dependsOn: { type: "array", items: TEXT },
                  members: {
                    description: "Every object that was applied and not pruned yet.",
                    type: "array",
                    items: {
                      type: "object",
                      required: ["kind", "name"],
                      properties: {
                        group: TEXT,
                        kind: TEXT,
                        namespace: TEXT,
                        name: TEXT,
                        mode: { ...TEXT, enum: ["Reconcile", "EnsureExists"] },
                        uid: TEXT,
                      },
                    },
                  },
                },
              },
              status: {
                type: "object",
                properties: {
                  sync: { ...TEXT, description: "Whether the cluster holds what git wants." },
                  health: { ...TEXT, description: "Whether it works." },
                  reason: { ...TEXT, description: "What to look at first." },
                  objects: { ...TEXT, description: "Healthy objects of all." },
                  conditions: {
                    type: "array",
                    items: {
                      type: "object",
                      required: ["type", "status"],
                      properties: { type: TEXT, status: TEXT, reason: TEXT, message: TEXT },
                    },
                  },
                },
              },
            },
          },
        },
      },
    ],
  },
};
