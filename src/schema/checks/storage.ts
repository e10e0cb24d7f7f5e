import { dnsSubdomain, labelValue, qualifiedName } from "../names.ts";
import type { Place } from "../place.ts";
import { quantity } from "../quantity.ts";
import { checkSelector } from "./metadata.ts";
import { checkNodeSelector } from "./scheduling.ts";
import type { Subject } from "./subject.ts";

/** pkg/apis/storage/validation. */
const PARAMETERS = 512;
const PARAMETERS_SIZE = 256 * 1024;

export function checkStorageClass(root: Place): void {
  const provisioner = root.at("provisioner");
  if (provisioner.present) provisioner.require();
  provisioner.syntax("schema-name", (text) => qualifiedName(text.toLowerCase()));
  checkParameters(root.at("parameters"));
  const mode = root.at("volumeBindingMode");
  const topologies = root.at("allowedTopologies");
  for (const term of topologies.items) {
    const expressions = term.at("matchLabelExpressions");
    expressions.require("must hold at least one expression");
    expressions.unique((expression) => expression.at("key").text, "expression with key");
    for (const expression of expressions.items) {
      expression.at("key").syntax("schema-label", qualifiedName);
      if (expression.at("values").present) expression.at("values").require("must hold at least one value");
      expression.at("values").unique((value) => value.text, "value");
      for (const value of expression.at("values").items) value.syntax("schema-label-value", labelValue);
    }
  }
  topologies.unique((term) => JSON.stringify(term.value), "term");
  if (mode.text === "") mode.refuse("schema-enum", "must be Immediate or WaitForFirstConsumer");
}

function checkParameters(parameters: Place): void {
  const entries = parameters.entries;
  if (entries.length > PARAMETERS) parameters.refuse("schema-size", `holds ${entries.length} entries; the limit is ${PARAMETERS}`);
  let size = 0;
  for (const [key, value] of entries) {
    size += Buffer.byteLength(key) + Buffer.byteLength(value.text ?? "");
    if (key === "") parameters.refuse("schema-key", "has an empty key");
  }
  if (size > PARAMETERS_SIZE) parameters.refuse("schema-size", `holds ${size} bytes; the limit is ${PARAMETERS_SIZE}`);
}

export function checkVolumeAttributesClass(root: Place): void {
  const driver = root.at("driverName");
  if (driver.present) driver.require();
  driver.syntax("schema-name", (text) => qualifiedName(text.toLowerCase()));
  if (root.at("parameters").isEmpty) root.at("parameters").refuse("schema-required", "must hold at least one entry");
  checkParameters(root.at("parameters"));
}

export function checkCsiDriver(root: Place): void {
  const spec = root.at("spec");
  const audiences = spec.at("tokenRequests");
  audiences.unique((request) => request.at("audience").text ?? "", "token request for audience");
  for (const request of audiences.items) request.at("expirationSeconds").range(600, 2 ** 32);
  spec.at("nodeAllocatableUpdatePeriodSeconds").range(10, Infinity);
  if (spec.at("serviceAccountTokenInSecrets").present && audiences.isEmpty) {
    spec.at("serviceAccountTokenInSecrets").refuse("schema-conflict", "is set, but tokenRequests is empty");
  }
}

/** A CSI driver's name: a DNS subdomain of at most 63 characters, in either case. */
export function csiDriverName(text: string): string | undefined {
  if (text.length > 63) return "is longer than 63 characters";
  return dnsSubdomain(text.toLowerCase());
}

/** The fields of a PersistentVolume's spec that are no volume source. */
const NO_SOURCE = new Set([
  "accessModes",
  "capacity",
  "claimRef",
  "mountOptions",
  "nodeAffinity",
  "persistentVolumeReclaimPolicy",
  "storageClassName",
  "volumeAttributesClassName",
  "volumeMode",
]);

export function checkVolume(root: Place, _subject: Subject): void {
  const spec = root.at("spec");
  if (!spec.isObject) {
    spec.require();
    return;
  }
  checkAccessModes(spec.at("accessModes"));
  const capacity = spec.at("capacity");
  const names = Object.keys(capacity.object);
  if (capacity.isEmpty) capacity.require();
  else if (names.length !== 1 || names[0] !== "storage") capacity.refuse("schema-enum", "must hold storage and nothing else");
  checkPositive(capacity.at("storage"));
  const sources = spec.entries.filter(([name]) => !NO_SOURCE.has(name));
  if (sources.length === 0) spec.refuse("schema-required", "must name one volume source, such as csi or local");
  for (const [, source] of sources.slice(1)) source.refuse("schema-conflict", `is a second volume source beside ${sources[0]?.[0] ?? ""}`);
  checkSource(spec);
  spec.at("storageClassName").syntax("schema-name", dnsSubdomain);
  const affinity = spec.at("nodeAffinity");
  if (affinity.isObject) {
    affinity.at("required").require("is required");
    checkNodeSelector(affinity.at("required"));
  }
  if (spec.at("local").isObject && !affinity.at("required").isObject) affinity.refuse("schema-required", "is required for a local volume");
}

function checkSource(spec: Place): void {
  const csi = spec.at("csi");
  if (csi.isObject) {
    for (const name of ["driver", "volumeHandle"]) if (csi.at(name).present) csi.at(name).require();
    csi.at("driver").syntax("schema-name", csiDriverName);
    for (const name of ["controllerPublishSecretRef", "controllerExpandSecretRef", "nodePublishSecretRef", "nodeExpandSecretRef"]) {
      const secret = csi.at(name);
      if (secret.isObject) for (const field of ["name", "namespace"]) secret.at(field).require();
    }
  }
  const nfs = spec.at("nfs");
  if (nfs.isObject) {
    for (const name of ["server", "path"]) if (nfs.at(name).present) nfs.at(name).require();
    const path = nfs.at("path").text;
    if (path !== undefined && path !== "" && !path.startsWith("/")) nfs.at("path").refuse("schema-path", "must be an absolute path");
  }
  for (const name of ["local", "hostPath"]) {
    const source = spec.at(name);
    if (!source.isObject) continue;
    if (source.at("path").present) source.at("path").require();
    if (hasBackstep(source.at("path").text)) source.at("path").refuse("schema-path", "may not hold '..'");
  }
}

/** Whether a path has a `..` element. */
export function hasBackstep(path: string | undefined): boolean {
  return path?.split("/").includes("..") === true;
}

export function checkClaim(spec: Place): void {
  if (!spec.isObject) {
    spec.at("accessModes").require();
    return;
  }
  checkAccessModes(spec.at("accessModes"));
  if (spec.at("selector").isObject) checkSelector(spec.at("selector"));
  const storage = spec.at("resources", "requests", "storage");
  storage.require();
  checkPositive(storage);
  spec.at("storageClassName").syntax("schema-name", dnsSubdomain);
  spec.at("volumeAttributesClassName").syntax("schema-name", dnsSubdomain);
  for (const name of ["dataSource", "dataSourceRef"]) {
    const source = spec.at(name);
    if (!source.isObject) continue;
    for (const field of ["name", "kind"]) if (source.at(field).present) source.at(field).require();
    if (source.at("apiGroup").blank && source.at("kind").text !== "PersistentVolumeClaim") {
      source.at("kind").refuse("schema-enum", "must be PersistentVolumeClaim where apiGroup is empty");
    }
  }
}

function checkAccessModes(modes: Place): void {
  modes.require("must hold at least one mode");
  const texts = modes.items.map((mode) => mode.text);
  if (texts.includes("ReadWriteOncePod") && texts.some((text) => text !== "ReadWriteOncePod")) {
    modes.refuse("schema-conflict", "may not hold other modes beside ReadWriteOncePod");
  }
}

function checkPositive(place: Place): void {
  const size = quantity(place.value);
  if (size !== undefined && size <= 0) place.refuse("schema-range", "must be more than 0");
}
