import {
  addonOf,
  BUILT_IN_NAMESPACES,
  isManifest,
  publishedObjects,
  readAddonSettings,
  type ObjectSchema,
  type PublishedObject,
  type WrittenFile,
} from "../addon/index.ts";
import { findCauses, type Cause, type ClusterData } from "./causes.ts";
import { valueAt, type DataPlace } from "./changed-data.ts";
import type { FileTrial } from "./file-trial.ts";

/** An object of another addon without which an addon does not compile. */
interface Need {
  readonly addon: string;
  readonly path: string;
  readonly object: PublishedObject;
}

/** What of other addons an addon hangs on. */
interface Needs {
  readonly objects: readonly Need[];
  /** Addons that it depends on, by their files. */
  readonly addons: readonly { readonly name: string; readonly paths: readonly string[] }[];
  /** Places of pillar that say that something is there: a namespace, an addon that it depends on. */
  readonly places: readonly DataPlace[];
}

/**
 * The values that an addon hangs on through others: those by which another addon makes a namespace that it is in, the definition of a kind that it
 * uses, or is there at all, where it depends on that one. Without them it does not compile.
 */
export function causesElsewhere(trial: FileTrial, addon: string, cluster: ClusterData, schema: ObjectSchema): readonly Cause[] {
  const { objects, addons, places } = needsOf(trial, addon, schema);
  const causes: Cause[] = [];
  for (const { addon: other, path, object } of objects) {
    trial.choose(other, path);
    causes.push(...causesOfLoss(trial, cluster, object.identity));
  }
  for (const { name, paths } of addons) {
    let common: readonly Cause[] | undefined;
    for (const path of paths) {
      trial.choose(name, path);
      const lost = causesOfLoss(trial, cluster, undefined);
      common = common === undefined ? lost : common.filter((cause) => lost.some((each) => isSame(cause, each)));
      if (common.length === 0) break;
    }
    causes.push(...(common ?? []));
  }
  for (const place of places) {
    const value = valueAt(trial.pillar.value.data, place);
    if (value !== undefined) causes.push({ root: "pillar", place, part: "value", value, effect: "fails" });
  }
  return causes.filter((cause, index) => causes.findIndex((each) => isSame(cause, each)) === index);
}

/** Whether two causes are about the same. */
export function isSame(a: Cause, b: Cause): boolean {
  return a.root === b.root && a.place.length === b.place.length && a.place.every((step, index) => step === b.place[index]);
}

/** By what the chosen file, or an object of it, is not there. That it fails to compile takes nothing from other addons. */
function causesOfLoss(trial: FileTrial, cluster: ClusterData, identity: string | undefined): readonly Cause[] {
  const causes = findCauses(trial, cluster, {
    judge: ({ file, failed, declared }) => {
      if (file === undefined) return failed ? undefined : "gone";
      if (identity === undefined) return undefined;
      const objects = publishedObjects(file, declared);
      return objects === undefined || objects.some((object) => object.identity === identity) ? undefined : "gone";
    },
    shows: () => false,
  });
  return causes.map((cause) => ({ ...cause, effect: "fails" }));
}

function needsOf(trial: FileTrial, addon: string, schema: ObjectSchema): Needs {
  const { namespaces, addons: declared } = readAddonSettings(trial.pillar.value.data);
  const files = trial.allFiles().filter(({ path }) => isManifest(path) && addonOf(path) !== undefined);
  const isOwn = (file: WrittenFile): boolean => addonOf(file.path)?.addon === addon;
  const own = files.filter(isOwn).flatMap((file) => publishedObjects(file, undefined) ?? []);
  const others = files.filter((file) => !isOwn(file)).flatMap(madeIn);
  const objects: Need[] = [];
  const places: DataPlace[] = [];
  for (const namespace of new Set(own.flatMap(({ parsed }) => parsed.namespace ?? []))) {
    if (BUILT_IN_NAMESPACES.includes(namespace) || own.some((object) => makesNamespace(object, namespace))) continue;
    const makers = others.filter(({ object }) => makesNamespace(object, namespace));
    const listed = namespaces.flatMap((name, index) => (name === namespace ? [index] : []));
    // What is there for two reasons hangs on none of them alone.
    if (makers.length + listed.length !== 1) continue;
    objects.push(...makers);
    places.push(...listed.map((index): DataPlace => ["halite", "namespaces", index]));
  }
  for (const { parsed } of own) {
    if (schema.scope(parsed.apiVersion, parsed.kind) !== undefined || own.some((object) => defines(object, parsed))) continue;
    const makers = others.filter(({ object }) => defines(object, parsed));
    if (makers.length === 1) objects.push(...makers);
  }
  const dependsOn = declared.get(addon)?.dependsOn ?? [];
  places.push(...dependsOn.map((_, index): DataPlace => ["addons", addon, "dependsOn", index]));
  const addons = dependsOn.map((name) => ({ name, paths: files.flatMap(({ path }) => (addonOf(path)?.addon === name ? [path] : [])) }));
  const isFirst = ({ path, object }: Need, index: number): boolean =>
    objects.findIndex((each) => each.path === path && each.object.identity === object.identity) === index;
  return { objects: objects.filter(isFirst), addons, places };
}

/** Only what others may need: most files have none of it, and are not parsed. */
function madeIn(file: WrittenFile): readonly Need[] {
  const addon = addonOf(file.path)?.addon;
  const text = Buffer.from(file.content);
  if (addon === undefined || !NEEDED.some((kind) => text.includes(kind))) return [];
  return (publishedObjects(file, undefined) ?? [])
    .filter(({ kind }) => NEEDED.includes(kind))
    .map((object): Need => ({ addon, path: file.path, object }));
}

const NEEDED: readonly string[] = ["Namespace", "CustomResourceDefinition"];

function makesNamespace({ kind, parsed }: PublishedObject, name: string): boolean {
  return kind === "Namespace" && parsed.name === name;
}

/** Whether an object is the definition of another's kind. */
function defines({ kind, value }: PublishedObject, { apiVersion, kind: wanted }: ParsedKind): boolean {
  if (kind !== "CustomResourceDefinition") return false;
  return valueAt(value, ["spec", "group"]) === apiVersion.split("/")[0] && valueAt(value, ["spec", "names", "kind"]) === wanted;
}

type ParsedKind = Pick<PublishedObject["parsed"], "apiVersion" | "kind">;
