import { createRequire } from "node:module";
import type * as Cel from "@bufbuild/cel";
import { isList, isObject, listAt, numberAt, objectAt, textAt, valueAt, type Json, type KubernetesObject } from "../kubernetes/index.ts";
import { groupKind, refOf } from "./types.ts";

/** Whether an object does what it is there for, in kstatus' words. `InProgress` is waiting, never failing. */
export interface Health {
  readonly state: "Current" | "InProgress" | "Failed" | "Terminating" | "NotFound" | "Unknown";
  /** One line; empty for Current. */
  readonly reason: string;
}

/** What an object's health hangs on besides the object. */
export interface HealthContext {
  /** Whether a StorageClass binds only when a pod comes; undefined where it is not known. */
  waitsForConsumer?(storageClass: string): boolean | undefined;
  /** On how many nodes a CSI driver has registered (CSINode), and on how many its addon's DaemonSets want to run. */
  registered?(driver: string): { readonly nodes: number; readonly wanted: number } | undefined;
}

/** A CEL expression over `object` that is true where it is healthy. */
export const HEALTH_CEL = "halite.dev/health";
/** A condition and the status that it must have: `Available=True`. */
export const HEALTH_CONDITION = "halite.dev/health-condition";

const CURRENT: Health = { state: "Current", reason: "" };
const waiting = (reason: string): Health => ({ state: "InProgress", reason });
const failed = (reason: string): Health => ({ state: "Failed", reason });

/** The health of a live object. @param rules where the annotations of its health stand: the manifest, else the object itself */
export function healthOf(object: KubernetesObject, context: HealthContext = {}, rules: KubernetesObject = object): Health {
  const { deletionTimestamp, generation, finalizers = [] } = object.metadata;
  if (deletionTimestamp !== undefined) {
    return {
      state: "Terminating",
      reason: finalizers.length === 0 ? "it is being deleted" : `it is being deleted; finalizers: ${finalizers.join(", ")}`,
    };
  }
  const observed = numberAt(object, "status", "observedGeneration");
  const stale = observed !== undefined && generation !== undefined && observed < generation;
  const annotations = rules.metadata.annotations ?? {};
  const cel = annotations[HEALTH_CEL];
  if (cel !== undefined) return byCel(cel, object);
  if (stale) return waiting("its controller has not seen the last change yet");
  const condition = annotations[HEALTH_CONDITION];
  if (condition !== undefined) return byNamedCondition(condition, object);
  const own = KINDS[groupKind(refOf(object))];
  return own === undefined ? byConditions(object) : own(object, context);
}

/** The worst of several: what a whole is. */
export function worst(all: Iterable<Health>): Health {
  const order: readonly Health["state"][] = ["Failed", "NotFound", "Unknown", "Terminating", "InProgress", "Current"];
  let found: Health = CURRENT;
  for (const each of all) if (order.indexOf(each.state) < order.indexOf(found.state)) found = each;
  return found;
}

/** In the bundle `require`, by the build's `define`: the package is then run at its first call, which few clusters need and costs a start 30 ms. */
declare const HALITE_REQUIRE: NodeJS.Require | undefined;

function loadCel(): typeof Cel {
  // `require` gives `any`; the package's own types say what it is.
  const cel: typeof Cel =
    typeof HALITE_REQUIRE === "function" ? HALITE_REQUIRE("@bufbuild/cel") : createRequire(import.meta.url)("@bufbuild/cel");
  return cel;
}

function byCel(expression: string, object: KubernetesObject): Health {
  const { isCelError, run } = loadCel();
  const value = run(expression, { object: celValue(object) });
  if (value === true) return CURRENT;
  if (value === false) return waiting(`${HEALTH_CEL} is not true yet: ${expression}`);
  if (!isCelError(value)) return { state: "Unknown", reason: `${HEALTH_CEL} gives neither true nor false: ${expression}` };
  // A field that is not there yet is the usual case of an object whose controller has not begun.
  if (/field not found|no such key/i.test(value.message)) return waiting(`${HEALTH_CEL}: ${value.message}`);
  return { state: "Unknown", reason: `${HEALTH_CEL} can't be evaluated: ${value.message.split("\n")[0] ?? ""}` };
}

/** As the API server has it in expressions: whole numbers are int, the others double. */
function celValue(value: Json): Cel.CelInput {
  if (typeof value === "number") return Number.isSafeInteger(value) ? BigInt(value) : value;
  if (isList(value)) return value.map(celValue);
  if (!isObject(value)) return value;
  return new Map(Object.entries(value).flatMap(([key, item]) => (item === undefined ? [] : [[key, celValue(item)] as const])));
}

function byNamedCondition(wanted: string, object: KubernetesObject): Health {
  const [type = "", status = "True"] = wanted.split("=");
  const found = conditionOf(object, type);
  if (found === undefined) return waiting(`it has no condition ${type} yet`);
  return found.status === status ? CURRENT : waiting(`condition ${type} is ${found.status}${said(found)}`);
}

interface Condition {
  readonly status: string;
  readonly reason: string;
  readonly message: string;
}

function conditionOf(object: KubernetesObject, type: string): Condition | undefined {
  const found = listAt(object, "status", "conditions").find((each) => textAt(each, "type") === type);
  if (found === undefined) return undefined;
  return { status: textAt(found, "status") ?? "Unknown", reason: textAt(found, "reason") ?? "", message: textAt(found, "message") ?? "" };
}

function said({ reason, message }: Condition): string {
  const words = [reason, message].filter((each) => each !== "").join(": ");
  return words === "" ? "" : ` (${words})`;
}

/** Kinds that Halite does not know: the conditions of kstatus, else Ready, else it is there and that is all that can be said. */
function byConditions(object: KubernetesObject): Health {
  const stalled = conditionOf(object, "Stalled");
  if (stalled?.status === "True") return failed(`it is stalled${said(stalled)}`);
  const reconciling = conditionOf(object, "Reconciling");
  if (reconciling?.status === "True") return waiting(`it is reconciling${said(reconciling)}`);
  const ready = conditionOf(object, "Ready");
  if (ready === undefined || ready.status === "True") return CURRENT;
  return waiting(`condition Ready is ${ready.status}${said(ready)}`);
}

type Rule = (object: KubernetesObject, context: HealthContext) => Health;

const count = (object: KubernetesObject, ...path: string[]): number => numberAt(object, ...path) ?? 0;

const KINDS: Readonly<Record<string, Rule>> = {
  "Deployment.apps": (object) => {
    const wanted = numberAt(object, "spec", "replicas") ?? 1;
    const progressing = conditionOf(object, "Progressing");
    if (progressing?.reason === "ProgressDeadlineExceeded") return failed(`its rollout made no progress${said(progressing)}`);
    const failure = conditionOf(object, "ReplicaFailure");
    if (failure?.status === "True") return failed(`its pods can't be made${said(failure)}`);
    if (numberAt(object, "status", "observedGeneration") === undefined) return waiting("its controller has not seen it yet");
    const updated = count(object, "status", "updatedReplicas");
    if (updated < wanted) return waiting(`${updated} of ${wanted} replicas are updated`);
    const total = count(object, "status", "replicas");
    if (total > updated) return waiting(`${total - updated} old replicas are ending`);
    const available = count(object, "status", "availableReplicas");
    return available < wanted ? waiting(`${available} of ${wanted} replicas are available`) : CURRENT;
  },
  "StatefulSet.apps": (object) => {
    const wanted = numberAt(object, "spec", "replicas") ?? 1;
    if (numberAt(object, "status", "observedGeneration") === undefined) return waiting("its controller has not seen it yet");
    const ready = count(object, "status", "readyReplicas");
    if (ready < wanted) return waiting(`${ready} of ${wanted} replicas are ready`);
    if (textAt(object, "spec", "updateStrategy", "type") === "OnDelete") return CURRENT;
    const partition = count(object, "spec", "updateStrategy", "rollingUpdate", "partition");
    const updated = count(object, "status", "updatedReplicas");
    if (updated < wanted - partition) return waiting(`${updated} of ${wanted - partition} replicas are updated`);
    if (partition === 0 && textAt(object, "status", "currentRevision") !== textAt(object, "status", "updateRevision"))
      return waiting("its rollout is not finished");
    return CURRENT;
  },
  "DaemonSet.apps": (object) => {
    const wanted = numberAt(object, "status", "desiredNumberScheduled");
    if (wanted === undefined || numberAt(object, "status", "observedGeneration") === undefined)
      return waiting("its controller has not seen it yet");
    const scheduled = count(object, "status", "currentNumberScheduled");
    if (scheduled < wanted) return waiting(`${scheduled} of ${wanted} nodes have a pod`);
    const updated = count(object, "status", "updatedNumberScheduled");
    if (updated < wanted && textAt(object, "spec", "updateStrategy", "type") !== "OnDelete")
      return waiting(`${updated} of ${wanted} nodes are updated`);
    const available = count(object, "status", "numberAvailable");
    return available < wanted ? waiting(`${available} of ${wanted} nodes are available`) : CURRENT;
  },
  "ReplicaSet.apps": (object) => {
    const wanted = numberAt(object, "spec", "replicas") ?? 1;
    const available = count(object, "status", "availableReplicas");
    return available < wanted ? waiting(`${available} of ${wanted} replicas are available`) : CURRENT;
  },
  "Job.batch": (object) => {
    const failure = conditionOf(object, "Failed");
    if (failure?.status === "True") return failed(`the job failed${said(failure)}`);
    if (conditionOf(object, "Complete")?.status === "True") return CURRENT;
    // A job that its own manifest suspends is as it is wanted.
    if (conditionOf(object, "Suspended")?.status === "True") return CURRENT;
    return waiting(`${count(object, "status", "succeeded")} of ${numberAt(object, "spec", "completions") ?? 1} completions`);
  },
  "CronJob.batch": () => CURRENT,
  Pod: (object) => {
    const phase = textAt(object, "status", "phase") ?? "Pending";
    if (phase === "Failed") return failed(textAt(object, "status", "message") ?? "the pod failed");
    if (phase === "Succeeded") return CURRENT;
    const stuck = listAt(object, "status", "containerStatuses")
      .map((each) => textAt(each, "state", "waiting", "reason"))
      .find((reason) => reason !== undefined && /BackOff|Err|Invalid/.test(reason));
    if (stuck !== undefined) return waiting(`a container waits: ${stuck}`);
    const ready = conditionOf(object, "Ready");
    return phase === "Running" && ready?.status === "True"
      ? CURRENT
      : waiting(`the pod is ${phase}${ready === undefined ? "" : said(ready)}`);
  },
  Service: (object) => {
    if (textAt(object, "spec", "type") !== "LoadBalancer" || listAt(object, "status", "loadBalancer", "ingress").length > 0) return CURRENT;
    return waiting("the load balancer has no address yet");
  },
  Namespace: (object) =>
    textAt(object, "status", "phase") === "Terminating" ? { state: "Terminating", reason: "the namespace is being deleted" } : CURRENT,
  PersistentVolume: (object) => {
    const phase = textAt(object, "status", "phase") ?? "Pending";
    if (phase === "Failed") return failed(textAt(object, "status", "message") ?? "the volume failed");
    return phase === "Pending" ? waiting("the volume is not available yet") : CURRENT;
  },
  PersistentVolumeClaim: (object, context) => {
    const phase = textAt(object, "status", "phase") ?? "Pending";
    if (phase === "Bound") return CURRENT;
    if (phase === "Lost") return failed("the volume that it was bound to is gone");
    const storageClass = textAt(object, "spec", "storageClassName");
    // Nothing is wrong with a claim that no pod has asked for.
    if (storageClass !== undefined && context.waitsForConsumer?.(storageClass) === true) return CURRENT;
    return waiting(`the claim is ${phase}`);
  },
  "CustomResourceDefinition.apiextensions.k8s.io": (object) => {
    const names = conditionOf(object, "NamesAccepted");
    if (names?.status === "False") return failed(`its names are taken${said(names)}`);
    const established = conditionOf(object, "Established");
    return established?.status === "True"
      ? CURRENT
      : waiting(`it is not established yet${established === undefined ? "" : said(established)}`);
  },
  "APIService.apiregistration.k8s.io": (object) => {
    const available = conditionOf(object, "Available");
    return available?.status === "True" ? CURRENT : waiting(`it is not available${available === undefined ? "" : said(available)}`);
  },
  "CSIDriver.storage.k8s.io": (object, context) => {
    const found = context.registered?.(object.metadata.name);
    if (found === undefined || found.nodes >= found.wanted) return CURRENT;
    return waiting(`the driver is registered on ${found.nodes} of ${found.wanted} nodes`);
  },
  "PodDisruptionBudget.policy": (object) => {
    const healthy = count(object, "status", "currentHealthy");
    const wanted = count(object, "status", "desiredHealthy");
    return healthy < wanted ? waiting(`${healthy} of ${wanted} pods are healthy`) : CURRENT;
  },
};

/** The drivers that a CSINode says are registered on its node. */
export function driversOf(csiNode: Json): readonly string[] {
  return listAt(csiNode, "spec", "drivers").flatMap((each) => textAt(each, "name") ?? []);
}

/** On how many nodes a DaemonSet that registers a CSI driver wants to run: one whose pods have the registrar, else undefined. */
export function registrarNodes(daemonSet: KubernetesObject, driver: string): number | undefined {
  const template = objectAt(daemonSet, "spec", "template", "spec");
  const containers = [...listAt(template, "containers"), ...listAt(template, "initContainers")];
  const registrar = containers.some((each) => /registrar/.test(`${textAt(each, "name") ?? ""} ${textAt(each, "image") ?? ""}`));
  const named = JSON.stringify(template).includes(driver);
  return registrar && named && isObject(valueAt(daemonSet, ["status"]))
    ? numberAt(daemonSet, "status", "desiredNumberScheduled")
    : undefined;
}
