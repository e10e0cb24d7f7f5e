import { listAt, objectAt, textAt, valueAt, type Json } from "../../json/index.ts";
import { jsonText } from "../json.ts";
import type { Danger, ObjectRef } from "../model.ts";
import { compareQuantities } from "../quantity.ts";
import { groupOf } from "./deletion.ts";

const DEFAULT_CLASS = "storageclass.kubernetes.io/is-default-class";

/** What a change of storage objects, and of what guards them, does to data and to those who ask for some. */
export function storageDangers(ref: ObjectRef, before: Json, after: Json): Danger[] {
  switch (`${groupOf(ref.apiVersion)}/${ref.kind}`) {
    case "/PersistentVolume":
      return reclaimDangers(before, after, ["spec", "persistentVolumeReclaimPolicy"], "Retain");
    case "/PersistentVolumeClaim":
      return shrinkDangers(before, after);
    case "storage.k8s.io/StorageClass":
      return [...reclaimDangers(before, after, ["reclaimPolicy"], "Delete"), ...defaultClassDangers(before, after)];
    case "snapshot.storage.k8s.io/VolumeSnapshotClass":
      return reclaimDangers(before, after, ["deletionPolicy"], "Delete");
    case "apiextensions.k8s.io/CustomResourceDefinition":
      return versionDangers(before, after);
    case "admissionregistration.k8s.io/ValidatingWebhookConfiguration":
    case "admissionregistration.k8s.io/MutatingWebhookConfiguration":
      return webhookDangers(before, after);
    default:
      return [];
  }
}

function reclaimDangers(before: Json, after: Json, path: readonly string[], fallback: string): Danger[] {
  const [was, is] = [before, after].map((object) => textAt(object, ...path) ?? fallback);
  if (was === is || is !== "Delete") return [];
  return [
    { level: "critical", code: "reclaim", message: `${path.at(-1) ?? ""} ${was ?? ""} → Delete: data go with the claim from now on` },
  ];
}

function shrinkDangers(before: Json, after: Json): Danger[] {
  const [was, is] = [before, after].map((object) => valueAt(object, ["spec", "resources", "requests", "storage"]));
  const order = compareQuantities(is, was);
  if (order === undefined || order >= 0) return [];
  return [
    {
      level: "high",
      code: "immutable",
      message: `a claim can't become smaller (${jsonText(was)} → ${jsonText(is)}): the API server refuses it`,
    },
  ];
}

function defaultClassDangers(before: Json, after: Json): Danger[] {
  const [was, is] = [before, after].map((object) => textAt(object, "metadata", "annotations", DEFAULT_CLASS) === "true");
  if (was === is) return [];
  const message =
    is === true
      ? "becomes a default class: claims that name none get volumes of it"
      : "is no default class any more: claims that name none may wait for ever";
  return [{ level: "medium", code: "default-class", message }];
}

/** Versions that an API server served and does not any more. */
function versionDangers(before: Json, after: Json): Danger[] {
  const now = servedIn(after);
  const gone = servedIn(before).filter((name) => !now.includes(name));
  if (gone.length === 0) return [];
  return [
    { level: "high", code: "crd-version", message: `no longer served: ${gone.join(", ")}; whoever asks for it by that version fails` },
  ];
}

function webhookDangers(before: Json, after: Json): Danger[] {
  const was = failurePolicies(before);
  return [...failurePolicies(after)].flatMap(([name, policy]): Danger[] => {
    if (policy !== "Fail" || was.get(name) === "Fail") return [];
    return [
      {
        level: "high",
        code: "webhook-fail",
        message: `while webhook ${name} can't be reached, what it is asked about is refused (failurePolicy Fail)`,
      },
    ];
  });
}

function servedIn(object: Json): readonly string[] {
  return listAt(object, "spec", "versions").flatMap((version) =>
    objectAt(version)["served"] === true ? (textAt(version, "name") ?? []) : [],
  );
}

function failurePolicies(object: Json): ReadonlyMap<string, string> {
  return new Map(listAt(object, "webhooks").map((hook) => [textAt(hook, "name") ?? "", textAt(hook, "failurePolicy") ?? "Fail"]));
}
