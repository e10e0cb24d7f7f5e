import { dataKey } from "../names.ts";
import type { Place } from "../place.ts";

/** What one ConfigMap or Secret can hold (core.MaxSecretSize). */
const SIZE_LIMIT = 1024 * 1024;

/** What each type of Secret must hold: all of one of these groups of keys. */
const SECRET_KEYS: Readonly<Record<string, readonly (readonly string[])[]>> = {
  "kubernetes.io/dockercfg": [[".dockercfg"]],
  "kubernetes.io/dockerconfigjson": [[".dockerconfigjson"]],
  "kubernetes.io/basic-auth": [["username"], ["password"]],
  "kubernetes.io/ssh-auth": [["ssh-privatekey"]],
  "kubernetes.io/tls": [["tls.crt", "tls.key"]],
};

export function checkConfigMap(root: Place): void {
  const binary = root.at("binaryData");
  for (const [key, value] of root.at("data").entries) {
    if (binary.at(key).present) value.refuse("schema-duplicate-item", "stands in binaryData too");
  }
  let size = 0;
  for (const [key, value] of [...root.at("data").entries, ...binary.entries]) checkKey(key, value);
  for (const [, value] of root.at("data").entries) size += Buffer.byteLength(value.text ?? "");
  for (const [, value] of binary.entries) size += base64Size(value.text ?? "");
  checkSize(root.at("data"), size);
}

export function checkSecret(root: Place): void {
  const data = root.at("data");
  const plain = root.at("stringData");
  let size = 0;
  for (const [key, value] of data.entries) {
    checkKey(key, value);
    if (!plain.at(key).present) size += base64Size(value.text ?? "");
  }
  for (const [key, value] of plain.entries) {
    checkKey(key, value);
    size += Buffer.byteLength(value.text ?? "");
  }
  checkSize(data, size);
  const type = root.at("type").text ?? "";
  if (type === "kubernetes.io/service-account-token") {
    root.at("metadata", "annotations", "kubernetes.io/service-account.name").require(`is required for a Secret of type ${type}`);
  }
  const groups = Object.hasOwn(SECRET_KEYS, type) ? (SECRET_KEYS[type] ?? []) : [];
  const has = (key: string): boolean => data.at(key).present || plain.at(key).present;
  if (groups.length > 0 && !groups.some((keys) => keys.every(has))) {
    const missing = groups.map((keys) => keys.filter((key) => !has(key)).join(" and "));
    data.refuse("schema-required", `of a Secret of type ${type} must have the key ${missing.join(" or ")}`);
  }
  if (type.startsWith("kubernetes.io/dockerc")) checkJson(data, plain, groups[0]?.[0] ?? "");
}

function checkJson(data: Place, plain: Place, key: string): void {
  const encoded = data.at(key).text;
  const text = plain.at(key).text ?? (encoded === undefined ? undefined : Buffer.from(encoded, "base64").toString("utf8"));
  // A reference to a sealed source stands for JSON that is not known here.
  if (text === undefined || text.includes("?{") || encoded?.includes("?{") === true) return;
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && !Array.isArray(value)) return;
  } catch {
    // Reported below.
  }
  data.at(key).refuse("schema-format", "must be a JSON mapping");
}

function checkKey(key: string, value: Place): void {
  const wrong = dataKey(key);
  if (wrong !== undefined) value.refuse("schema-key", `has a key that no file could be named by: it ${wrong}`);
}

function checkSize(place: Place, size: number): void {
  if (size > SIZE_LIMIT)
    place.refuse("schema-size", `holds ${size} bytes; the limit is ${SIZE_LIMIT}`, "split it, or put it into a bundle");
}

function base64Size(text: string): number {
  return Math.floor((text.replace(/[^A-Za-z0-9+/]/g, "").length * 3) / 4);
}
