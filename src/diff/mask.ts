import { holdsPgpMessage, holdsSopsValue, privateKeyAt } from "../sealed/index.ts";
import { entriesOf, isList, isObject, textAt, type Json } from "../json/index.ts";
import { emptyObject } from "./json.ts";

/** What stands in the place of a secret wherever a difference is shown or kept. */
export const MASK = "(secret)";

/** A reference to a sealed source, with its digest or without. */
const REFERENCE = /\?\{[^{}\n]*\}/g;

/** The fields of a kind that hold nothing but secrets, or their cipher texts. */
const SECRET_FIELDS: Readonly<Record<string, readonly (readonly string[])[]>> = {
  "v1/Secret": [["data"], ["stringData"]],
  "bitnami.com/v1alpha1/SealedSecret": [["spec", "encryptedData"]],
};
const LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration";

/** The object as it may be shown: of the same shape, with every secret masked. */
export function maskObject(object: Json): Json {
  const fields = SECRET_FIELDS[`${textAt(object, "apiVersion") ?? ""}/${textAt(object, "kind") ?? ""}`] ?? [];
  const walk = (value: Json, path: readonly string[]): Json => {
    if (isList(value)) return value.map((item) => walk(item, [...path, "*"]));
    if (!isObject(value)) return typeof value === "string" ? maskText(value) : value;
    const hidden = fields.some((field) => field.length === path.length && field.every((step, index) => step === path[index]));
    const copy = emptyObject();
    for (const [key, item] of entriesOf(value)) copy[key] = hidden || key === LAST_APPLIED ? MASK : walk(item, [...path, key]);
    return copy;
  };
  return walk(object, []);
}

/** A text without what is secret in it. */
export function maskText(text: string): string {
  if (privateKeyAt(text) !== undefined || holdsPgpMessage(text) || holdsSopsValue(text)) return MASK;
  return text.includes("?{") ? text.replace(REFERENCE, MASK) : text;
}
