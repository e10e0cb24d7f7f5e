import { PyDict, type Value } from "../python/index.ts";
import { holdsReference, mayHoldEncoded, openedData, openedText } from "../sealed/index.ts";
import { MODE_LABEL } from "./mode.ts";
import type { Mode } from "./types.ts";

/**
 * The object as it is published. Against the manifest it changes these things only: the mode label is written, `stringData` becomes `data`,
 * base64 of references to sealed values is opened, and the defaults of list merge keys are written out. The argument is left as it is.
 */
export function normaliseObject(object: PyDict, mode: Mode): PyDict {
  const copy = deepCopy(object);
  writeModeLabel(copy, mode);
  openEncodedReferences(copy);
  if (copy.get("kind") === "Secret" && copy.get("apiVersion") === "v1") {
    openData(copy);
    stringDataToData(copy);
  }
  writePortProtocols(copy);
  return copy;
}

function deepCopy(object: PyDict): PyDict {
  return PyDict.of([...object.entries()].map(([key, value]): [Value, Value] => [key, deepCopyValue(value)]));
}

function deepCopyValue(value: Value): Value {
  if (value instanceof PyDict) return deepCopy(value);
  return Array.isArray(value) ? value.map(deepCopyValue) : value;
}

function writeModeLabel(object: PyDict, mode: Mode): void {
  const metadata = object.get("metadata");
  if (!(metadata instanceof PyDict)) return;
  const labels = metadata.get("labels");
  if (labels instanceof PyDict) labels.set(MODE_LABEL, mode);
  else metadata.set("labels", PyDict.from({ [MODE_LABEL]: mode }));
}

/** Of a Secret's `data` what is base64 of a text with references becomes that text. */
function openData(secret: PyDict): void {
  const data = secret.get("data");
  if (!(data instanceof PyDict)) return;
  for (const [key, value] of data.entries()) {
    const opened = typeof value === "string" ? openedData(value) : undefined;
    if (opened !== undefined) data.set(key, opened);
  }
}

/** Within other texts base64 of a reference alone is the reference with the function base64. */
function openEncodedReferences(value: PyDict | Value[], depth = 0): void {
  const isSecret = depth === 0 && value instanceof PyDict && value.get("kind") === "Secret" && value.get("apiVersion") === "v1";
  const entries: Iterable<[Value, Value]> = value instanceof PyDict ? value.entries() : value.entries();
  for (const [key, item] of entries) {
    if (isSecret && key === "data") continue;
    if (item instanceof PyDict || Array.isArray(item)) openEncodedReferences(item, depth + 1);
    else if (typeof item === "string" && mayHoldEncoded(item)) {
      if (value instanceof PyDict) value.set(key, openedText(item));
      else if (typeof key === "number") value[key] = openedText(item);
    }
  }
}

/**
 * Server-side apply leaves the old key of a renamed `stringData` entry in place, so it is compiled away.
 * A text with a reference stays as it is: `?` and `{` are not base64, so another applier is refused by
 * the API server rather than storing the reference as if it were the key.
 */
function stringDataToData(secret: PyDict): void {
  const stringData = secret.get("stringData");
  if (!(stringData instanceof PyDict)) {
    if (stringData === null) secret.delete("stringData");
    return;
  }
  const existing = secret.get("data");
  const data = existing instanceof PyDict ? existing : new PyDict();
  for (const [key, value] of stringData.entries()) {
    if (typeof value !== "string") continue;
    data.set(key, holdsReference(value) ? value : Buffer.from(value, "utf8").toString("base64"));
  }
  // `data` takes the place of `stringData`, so that the order stays the authored one.
  const entries = [...secret.entries()];
  secret.clear();
  for (const [key, value] of entries) {
    if (key === "stringData") secret.set("data", data);
    else if (key !== "data" || !secret.has("data")) secret.set(key, key === "data" ? data : value);
  }
}

/**
 * A port's `protocol` is part of its merge key; without it server-side apply reads 53/UDP as 53/TCP.
 * These are the only list merge keys of the API that have a default (x-kubernetes-list-map-keys of v1.28 to v1.36).
 */
function writePortProtocols(object: PyDict): void {
  const spec = object.get("spec");
  if (!(spec instanceof PyDict)) return;
  if (object.get("kind") === "Service") writeProtocols(spec.get("ports"));
  for (const podSpec of podSpecs(spec)) {
    for (const list of ["containers", "initContainers", "ephemeralContainers"]) {
      const containers = podSpec.get(list);
      if (!Array.isArray(containers)) continue;
      for (const container of containers) if (container instanceof PyDict) writeProtocols(container.get("ports"));
    }
  }
}

/** The pod specs of a workload: a Pod's own, a template's, a CronJob's template's template's. */
function podSpecs(spec: PyDict): PyDict[] {
  const found: PyDict[] = spec.has("containers") ? [spec] : [];
  for (const key of ["template", "jobTemplate"]) {
    const template = spec.get(key);
    const inner = template instanceof PyDict ? template.get("spec") : undefined;
    if (inner instanceof PyDict) found.push(...podSpecs(inner));
  }
  return found;
}

function writeProtocols(ports: Value | undefined): void {
  if (!Array.isArray(ports)) return;
  for (const port of ports) {
    if (port instanceof PyDict && (port.get("protocol") ?? null) === null) port.set("protocol", "TCP");
  }
}
