import { equalJson, listAt, objectAt, textAt, valueAt, type Json } from "../../json/index.ts";
import type { Danger, FieldChange, ObjectRef } from "../model.ts";
import { groupOf } from "./deletion.ts";

/** Pods that a change stops and starts anew. */
export interface Rollout {
  readonly kind: string;
  readonly namespace: string | null;
  readonly name: string;
  /** How it goes, in words. */
  readonly how: string;
}

const ROLLING = ["DaemonSet", "Deployment", "StatefulSet"];

/** Where a kind's pod template stands. */
function templateOf({ apiVersion, kind }: ObjectRef): readonly string[] | undefined {
  if (groupOf(apiVersion) === "apps" && ROLLING.includes(kind)) return ["spec", "template"];
  return groupOf(apiVersion) === "batch" && kind === "CronJob" ? ["spec", "jobTemplate", "spec", "template"] : undefined;
}

/** The restart that a change of a workload brings, if any. Equal quantities and what the API server fills in bring none. */
export function rolloutOf(ref: ObjectRef, after: Json, fields: readonly FieldChange[]): Rollout | undefined {
  if (ref.mode === "EnsureExists" || groupOf(ref.apiVersion) !== "apps" || !ROLLING.includes(ref.kind)) return undefined;
  const changed = fields.some(
    ({ path, same }) => path[0] === "spec" && path[1] === "template" && same !== "quantity" && same !== "default",
  );
  if (!changed || valueAt(after, ["spec", "replicas"]) === 0) return undefined;
  return { kind: ref.kind, namespace: ref.namespace, name: ref.name, how: howOf(ref.kind, after) };
}

function howOf(kind: string, after: Json): string {
  const strategy = objectAt(after, "spec", kind === "Deployment" ? "strategy" : "updateStrategy");
  const type = textAt(strategy, "type") ?? "RollingUpdate";
  const replicas = printed(valueAt(after, ["spec", "replicas"]) ?? 1);
  if (type === "OnDelete") return "only pods that are deleted by hand are made anew (OnDelete)";
  if (type === "Recreate") return `all its pods (${replicas}) stop, then new ones start (Recreate)`;
  const rolling = objectAt(strategy, "rollingUpdate");
  if (kind === "DaemonSet") return `its pod on every node, ${printed(rolling["maxUnavailable"] ?? 1)} at a time`;
  if (kind === "StatefulSet")
    return `its pods (${replicas}) one after the other${rolling["partition"] === undefined ? "" : `, from number ${printed(rolling["partition"])}`}`;
  return `its pods (${replicas}), ${printed(rolling["maxUnavailable"] ?? "25%")} of them at a time`;
}

/** What a change of a workload does besides restarting it: its number of pods, its images, its rights on the node. */
export function workloadDangers(ref: ObjectRef, before: Json | undefined, after: Json, fields: readonly FieldChange[]): Danger[] {
  const template = templateOf(ref);
  if (template === undefined) return [];
  const [was, is] = [objectAt(before, ...template, "spec"), objectAt(after, ...template, "spec")];
  const dangers = privilegeDangers(was, is, before === undefined);
  if (before === undefined) return dangers;
  return [...replicaDangers(fields), ...imageDangers(was, is), ...dangers];
}

function replicaDangers(fields: readonly FieldChange[]): Danger[] {
  const change = fields.find(({ path, same }) => path.length === 2 && path[0] === "spec" && path[1] === "replicas" && same === undefined);
  if (change === undefined) return [];
  if (change.op === "remove")
    return [
      {
        level: "medium",
        code: "replicas",
        message: `replicas (${printed(change.before)}) is left to its default: 1, unless an autoscaler owns the field`,
      },
    ];
  if (change.op !== "replace" && change.op !== "add") return [];
  const was = change.op === "replace" ? printed(change.before) : "default";
  const level = change.value === 0 ? "high" : "medium";
  return [
    { level, code: "replicas", message: `replicas ${was} → ${printed(change.value)}${change.value === 0 ? ": all its pods stop" : ""}` },
  ];
}

function containersOf(spec: Json): Map<string, Json> {
  return new Map(
    ["initContainers", "containers"].flatMap((list) =>
      listAt(spec, list).map((item): [string, Json] => [textAt(item, "name") ?? "", item]),
    ),
  );
}

function imageDangers(was: Json, is: Json): Danger[] {
  const before = containersOf(was);
  const others = [...containersOf(is)].filter(([name, container]) => {
    const [old, image] = [textAt(before.get(name), "image"), textAt(container, "image")];
    return old !== undefined && image !== undefined && old !== image;
  });
  if (others.length === 0) return [];
  return [{ level: "medium", code: "image", message: `another image: ${others.map(([name]) => name).join(", ")}` }];
}

function privilegeDangers(was: Json, is: Json, isNew: boolean): Danger[] {
  const gained: string[] = [];
  for (const name of ["hostNetwork", "hostPID", "hostIPC"])
    if (objectAt(is)[name] === true && objectAt(was)[name] !== true) gained.push(name);
  const before = containersOf(was);
  for (const [name, container] of containersOf(is)) {
    const [old, now] = [objectAt(before.get(name), "securityContext"), objectAt(container, "securityContext")];
    if (now["privileged"] === true && old["privileged"] !== true) gained.push(`container ${name} privileged`);
    const had = listAt(old, "capabilities", "add");
    const added = listAt(now, "capabilities", "add").filter((item) => !had.some((other) => equalJson(other, item)));
    if (added.length > 0) gained.push(`container ${name} ${added.map(printed).join(", ")}`);
  }
  const had = hostPaths(was);
  for (const path of hostPaths(is)) if (!had.includes(path)) gained.push(`host path ${path}`);
  if (gained.length === 0) return [];
  return [
    { level: isNew ? "medium" : "high", code: "privilege", message: `${isNew ? "has" : "gets"} more of the node: ${gained.join("; ")}` },
  ];
}

function printed(value: Json | undefined): string {
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

function hostPaths(spec: Json): readonly string[] {
  return listAt(spec, "volumes").flatMap((item) => textAt(item, "hostPath", "path") ?? []);
}
