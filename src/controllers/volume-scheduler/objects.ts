import { isList, isObject, textAt, valueAt, type Json, type JsonObject, type KubernetesObject } from "../../kubernetes/index.ts";
import {
  ANNOTATIONS,
  labelValue,
  LABELS,
  parseTaints,
  QUARANTINE,
  type ComputeNode,
  type Media,
  type VolumeTaint,
} from "../storage-api/index.ts";
import { HELD, KUBERNETES, LVM, RESERVATION } from "./names.ts";
import { bytesOf } from "./quantity.ts";
import { parseReservation, type Reservation } from "./reservation.ts";
import { labelSelector, matchesAny, nodeSelector, pinnedTo, topologyTerms, type Conjunction } from "./selector.ts";

type Texts = Readonly<Record<string, string>>;
const NONE: Texts = {};

/** A PersistentVolumeClaim, as far as its place goes. */
export interface Claim {
  /** `NAMESPACE/NAME`. */
  readonly key: string;
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly version: string;
  readonly labels: Texts;
  readonly annotations: Texts;
  readonly bytes: number;
  readonly storageClass: string;
  readonly mode: string;
  readonly accessModes: readonly string[];
  readonly selector?: Conjunction;
  readonly attributesClass: string;
  readonly volume?: string;
  /** Bound both ways. */
  readonly bound: boolean;
  readonly selectedNode?: string;
  readonly reservation?: Reservation;
  readonly deleted: boolean;
  /** The pod that a generic ephemeral volume belongs to, by uid. */
  readonly owner?: string;
}

/** Who a volume is for. */
export type Holder =
  | { readonly kind: "nobody" }
  | { readonly kind: "quarantine" }
  /** Its claimRef is the claim's. Without a uid it only waits for the claim. */
  | { readonly kind: "claim"; readonly key: string; readonly uid?: string }
  /** A scheduler holds it for a claim while it decides. */
  | { readonly kind: "held"; readonly uid: string; readonly reservation?: Reservation };

/** Where a volume can be used. */
export type Reach =
  | { readonly kind: "anywhere" }
  /** On nodes of this hostname: what a local volume says. */
  | { readonly kind: "host"; readonly host: string }
  | { readonly kind: "terms"; readonly terms: readonly Conjunction[] };

/** A PersistentVolume. */
export interface Volume {
  readonly name: string;
  readonly version: string;
  readonly storageClass: string;
  readonly bytes: number;
  readonly mode: string;
  readonly accessModes: readonly string[];
  readonly attributesClass: string;
  readonly labels: Texts;
  readonly phase: string;
  readonly deleted: boolean;
  readonly taints: readonly VolumeTaint[];
  readonly disk?: string;
  readonly media?: string;
  readonly reach: Reach;
  /** Of the LVM driver: where it is made. */
  readonly made?: { readonly node: string; readonly group: string };
  readonly holder: Holder;
  readonly reservation?: Reservation;
  readonly created: string;
  /** The same for volumes that no claim can tell apart, but for their disk. */
  readonly likeness: string;
}

export interface StorageClass {
  readonly name: string;
  readonly provisioner: string;
  readonly delayed: boolean;
  readonly annotations: Texts;
  readonly parameters: Texts;
  readonly topology?: readonly Conjunction[];
}

export interface ClusterNode {
  readonly name: string;
  readonly labels: Texts;
  readonly host: string;
}

/** A CSIStorageCapacity. */
export interface Capacity {
  readonly key: string;
  readonly storageClass: string;
  readonly topology: Conjunction;
  /** In bytes; absent: not known, which is none. */
  readonly limit?: number;
}

/** A volume group of a node. */
export interface Pool {
  readonly name: string;
  readonly node: string;
  readonly group: string;
  readonly size?: number;
  readonly free?: number;
  /** How many volumes that counts. */
  readonly volumes?: number;
  readonly missing: number;
  readonly disks: readonly string[];
  readonly media: readonly Media[];
}

/** A pod, as far as its volumes go. */
export interface Pod {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly claims: readonly { readonly volume: string; readonly claim: string; readonly ephemeral: boolean }[];
  /** Volumes of the LVM driver that stand in the pod itself, and have no claim. */
  readonly inline: readonly { readonly volume: string; readonly group?: string; readonly bytes: number; readonly thin: boolean }[];
}

export function claimOf(object: KubernetesObject): Claim {
  const { name, namespace = "", uid = "", resourceVersion = "", labels = NONE, annotations = NONE } = object.metadata;
  const volume = textAt(object, "spec", "volumeName");
  const selector = labelSelector(valueAt(object, ["spec", "selector"]));
  const selectedNode = annotations[KUBERNETES.selectedNode];
  const reservation = parseReservation(annotations[RESERVATION]);
  const owner = (object.metadata.ownerReferences ?? []).find((each) => each["kind"] === "Pod" && each["controller"] === true)?.["uid"];
  return {
    key: `${namespace}/${name}`,
    namespace,
    name,
    uid,
    version: resourceVersion,
    labels,
    annotations,
    bytes: quantityAt(object, "spec", "resources", "requests", "storage") ?? 0,
    storageClass: annotations[KUBERNETES.classAnnotation] ?? textAt(object, "spec", "storageClassName") ?? "",
    mode: textAt(object, "spec", "volumeMode") ?? "Filesystem",
    accessModes: texts(valueAt(object, ["spec", "accessModes"])),
    attributesClass: textAt(object, "spec", "volumeAttributesClassName") ?? "",
    bound: volume !== undefined && volume !== "" && annotations[KUBERNETES.bindCompleted] !== undefined,
    deleted: object.metadata.deletionTimestamp !== undefined,
    ...(selector === undefined ? {} : { selector }),
    ...(volume === undefined || volume === "" ? {} : { volume }),
    ...(selectedNode === undefined || selectedNode === "" ? {} : { selectedNode }),
    ...(reservation === undefined || reservation.claim.uid !== uid ? {} : { reservation }),
    ...(typeof owner === "string" ? { owner } : {}),
  };
}

export function volumeOf(object: KubernetesObject): Volume {
  const { name, resourceVersion = "", labels = NONE, annotations = NONE } = object.metadata;
  const terms = nodeSelector(valueAt(object, ["spec", "nodeAffinity", "required"]));
  const made = madeBy(object, terms);
  const reservation = parseReservation(annotations[RESERVATION]);
  const traits = {
    storageClass: annotations[KUBERNETES.classAnnotation] ?? textAt(object, "spec", "storageClassName") ?? "",
    bytes: quantityAt(object, "spec", "capacity", "storage") ?? 0,
    mode: textAt(object, "spec", "volumeMode") ?? "Filesystem",
    accessModes: texts(valueAt(object, ["spec", "accessModes"])),
    attributesClass: textAt(object, "spec", "volumeAttributesClassName") ?? "",
    labels,
  };
  return {
    ...traits,
    likeness: likenessOf(traits),
    reach: reachOf(terms),
    name,
    version: resourceVersion,
    phase: textAt(object, "status", "phase") ?? "",
    deleted: object.metadata.deletionTimestamp !== undefined,
    taints: parseTaints(annotations[ANNOTATIONS.taints]),
    holder: holderOf(valueAt(object, ["spec", "claimRef"]), reservation),
    created: textAt(object, "metadata", "creationTimestamp") ?? "",
    ...(labels[LABELS.disk] === undefined ? {} : { disk: labels[LABELS.disk] }),
    ...(labels[LABELS.media] === undefined ? {} : { media: labels[LABELS.media] }),
    ...(made === undefined ? {} : { made }),
    ...(reservation === undefined ? {} : { reservation }),
  };
}

/** Its node and its disk set a volume apart from others as it is; all else that a claim could ask for is in here. */
function likenessOf({ labels, ...traits }: Pick<Volume, "labels"> & object): string {
  const { [LABELS.node]: _node, [LABELS.disk]: _disk, ...others } = labels;
  return JSON.stringify([traits, others]);
}

function reachOf(terms: readonly Conjunction[] | undefined): Reach {
  if (terms === undefined) return { kind: "anywhere" };
  const [only] = terms.length === 1 ? (terms[0] ?? []) : [];
  const [host] = only?.key === KUBERNETES.hostname && only.operator === "In" && only.values.length === 1 ? only.values : [];
  return host !== undefined && terms[0]?.length === 1 ? { kind: "host", host } : { kind: "terms", terms };
}

/** Whether a volume can be used on a node. */
export function reaches({ reach }: Volume, node: ClusterNode): boolean {
  if (reach.kind === "anywhere") return true;
  return reach.kind === "host" ? reach.host === node.host : matchesAny(reach.terms, node.labels, node.name);
}

function holderOf(claimRef: Json | undefined, reservation: Reservation | undefined): Holder {
  if (!isObject(claimRef)) return { kind: "nobody" };
  const namespace = textAt(claimRef, "namespace") ?? "";
  const name = textAt(claimRef, "name") ?? "";
  const uid = textAt(claimRef, "uid") ?? "";
  if (namespace === QUARANTINE.namespace) return { kind: "quarantine" };
  if (namespace === HELD) return { kind: "held", uid: name, ...(reservation?.claim.uid === name ? { reservation } : {}) };
  return { kind: "claim", key: `${namespace}/${name}`, ...(uid === "" ? {} : { uid }) };
}

/** The node and the volume group of a volume that the LVM driver made: by its topology. */
function madeBy(object: KubernetesObject, terms: readonly Conjunction[] | undefined): Volume["made"] {
  if (textAt(object, "spec", "csi", "driver") !== LVM.driver) return undefined;
  const node = pinnedTo(terms ?? [], LVM.nodeTopology)?.[0];
  const term = terms?.[0] ?? [];
  const named = term.find(({ key }) => key.startsWith(LVM.groupTopology))?.key.slice(LVM.groupTopology.length);
  const group = textAt(object, "spec", "csi", "volumeAttributes", LVM.groupParameter) ?? named;
  return node === undefined || group === undefined ? undefined : { node, group };
}

export function classOf(object: KubernetesObject): StorageClass {
  const topology = topologyTerms(object["allowedTopologies"]);
  const parameters = object["parameters"];
  return {
    name: object.metadata.name,
    provisioner: textAt(object, "provisioner") ?? "",
    delayed: textAt(object, "volumeBindingMode") === "WaitForFirstConsumer",
    annotations: object.metadata.annotations ?? NONE,
    parameters: isObject(parameters) ? stringsOf(parameters) : NONE,
    ...(topology === undefined ? {} : { topology }),
  };
}

export function nodeOf({ metadata: { name, labels = NONE } }: KubernetesObject): ClusterNode {
  return { name, labels, host: labels[KUBERNETES.hostname] ?? name };
}

export function capacityOf(object: KubernetesObject): Capacity | undefined {
  const topology = labelSelector(object["nodeTopology"]);
  if (topology === undefined) return undefined;
  const limit = quantityAt(object, "maximumVolumeSize") ?? quantityAt(object, "capacity");
  const { namespace = "", name } = object.metadata;
  return {
    key: `${namespace}/${name}`,
    storageClass: textAt(object, "storageClassName") ?? "",
    topology,
    ...(limit === undefined ? {} : { limit }),
  };
}

/** As the LVM driver's topology has the group's name. */
export function poolName(node: string, group: string): string {
  return `${node}/${labelValue(group).slice(0, 60)}`;
}

export function poolsOf({ metadata: { name: node }, status }: ComputeNode): readonly Pool[] {
  const disks = new Map((status?.disks ?? []).map((disk) => [disk.serial, disk]));
  return (status?.volumeGroups ?? []).map(({ name: group, size, free, volumes, missing = 0, disks: serials = [] }) => ({
    name: poolName(node, group),
    node,
    group,
    missing,
    disks: serials.map(labelValue),
    media: [...new Set(serials.flatMap((serial) => disks.get(serial)?.media ?? []))],
    ...(size === undefined ? {} : { size }),
    ...(free === undefined ? {} : { free }),
    ...(volumes === undefined ? {} : { volumes }),
  }));
}

export function podOf(object: KubernetesObject): Pod {
  const { name, namespace = "", uid = "" } = object.metadata;
  const volumes = valueAt(object, ["spec", "volumes"]);
  const claims = (isList(volumes) ? volumes : []).flatMap((each) => {
    const volume = textAt(each, "name") ?? "";
    const claim = textAt(each, "persistentVolumeClaim", "claimName");
    if (claim !== undefined) return [{ volume, claim, ephemeral: false }];
    return isObject(each) && isObject(each["ephemeral"]) ? [{ volume, claim: `${name}-${volume}`, ephemeral: true }] : [];
  });
  const inline = (isList(volumes) ? volumes : []).flatMap((each) => {
    if (textAt(each, "csi", "driver") !== LVM.driver) return [];
    const attribute = (key: string): string | undefined => textAt(each, "csi", "volumeAttributes", key);
    const group = attribute(LVM.groupParameter);
    const bytes = bytesOf(attribute("size") ?? "1Gi") ?? 0;
    return [
      {
        volume: textAt(each, "name") ?? "",
        bytes,
        thin: attribute(LVM.typeParameter) === LVM.thin,
        ...(group === undefined ? {} : { group }),
      },
    ];
  });
  return { namespace, name, uid, claims, inline };
}

function quantityAt(object: Json, ...path: string[]): number | undefined {
  const value = valueAt(object, path);
  return typeof value === "string" || typeof value === "number" ? bytesOf(value) : undefined;
}

function texts(value: Json | undefined): readonly string[] {
  return isList(value) ? value.filter((each) => typeof each === "string") : [];
}

function stringsOf(object: JsonObject): Texts {
  return Object.fromEntries(Object.entries(object).flatMap(([key, each]) => (typeof each === "string" ? [[key, each]] : [])));
}
