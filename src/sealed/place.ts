import { PyDict, type Value } from "../python/index.ts";
import { mayHoldEncoded, openedData, openedText } from "./encoded.ts";
import { mangledReference } from "./mangled.ts";
import { findReferences, formatReference, referenceFinding, type Reference } from "./reference.ts";

import { holdsPgpMessage, holdsPrivateKey, holdsSopsValue } from "./secret-text.ts";

type JsonPath = readonly (string | number)[];

/** Where references may stand beside the data of Secrets: a kind of object, and a path in it with all below it. */
export interface AllowedPlace {
  readonly kind: string;
  /** Keys and indexes; `*` is any one. */
  readonly path: readonly string[];
}

/** A reference in an object. */
export interface PlacedReference {
  readonly reference: Reference;
  readonly pointer: JsonPath;
}

export interface PlaceProblem {
  readonly code: string;
  readonly severity: "error" | "warning";
  readonly message: string;
  readonly pointer: JsonPath;
  readonly advice?: string;
}

/** A text of an object, or a key, and where it stands. */
interface Text {
  readonly text: string;
  readonly pointer: JsonPath;
  readonly isKey: boolean;
}

/** The annotation that allows references in the object's own places: lines of a path, as `/data/ceph.conf`, and the reason. */
export const ALLOW_ANNOTATION = "halite.dev/allow-secret";
const COMMENT = /#\s*halite:\s*allow-secret\b[ \t]*(.*)$/;

/** Whatever makes a text worth a closer look. */
const SUSPECT = /\?\{|\{\?|%7b|3f7b|-----BEGIN |AGE-SECRET-KEY-|ENC\[|LS0tLS1CRUdJTi|RU5DW|\.sops\./i;

/** Whether a text may be the concern of this room at all. */
export function isSuspect(text: string): boolean {
  return text.length >= 8 && (SUSPECT.test(text) || mayHoldEncoded(text));
}

/** The references of an object, those in base64 too, wherever they stand. */
export function referencesIn(object: PyDict): readonly PlacedReference[] {
  const placed: PlacedReference[] = [];
  if (!holdsSuspect(object)) return placed;
  for (const { text, pointer, isKey } of texts(object, [])) {
    if (isKey || !isSuspect(text)) continue;
    const opened = isSecretData(object, pointer) ? (openedData(text) ?? openedText(text)) : openedText(text);
    for (const found of findReferences(opened)) if (found.state === "whole") placed.push({ reference: found.reference, pointer });
  }
  return placed;
}

/**
 * What is wrong with how an object holds references or sealed texts.
 *
 * @param lineOf the text of the line that a field stands on, and the comment above it
 */
export function placeProblems(
  object: PyDict,
  allowed: readonly AllowedPlace[],
  lineOf: (pointer: JsonPath) => readonly string[],
): readonly PlaceProblem[] {
  const problems: PlaceProblem[] = [];
  if (!holdsSuspect(object)) return problems;
  let annotated: readonly Allowance[] | undefined;
  for (const text of texts(object, [])) {
    if (!isSuspect(text.text)) continue;
    const found = problemsOf(object, text);
    if (found.length === 0) continue;
    if (found.every(({ code }) => ALLOWABLE.has(code)) && !text.isKey) {
      annotated ??= annotationsOf(object);
      if (isAllowed(object, text.pointer, allowed, annotated)) continue;
      const comment = lineOf(text.pointer).flatMap((line) => COMMENT.exec(line)?.[1] ?? [])[0];
      if (comment !== undefined && comment.trim() !== "") continue;
      if (comment !== undefined) {
        problems.push(
          ...found.map((problem) => ({ ...problem, message: `${problem.message}; the comment that allows it gives no reason` })),
        );
        continue;
      }
    }
    problems.push(...found);
  }
  return problems;
}

/** What a comment or a setting can allow. */
const ALLOWABLE: ReadonlySet<string> = new Set(["sealed-place", "sealed-plain-text"]);

function problemsOf(object: PyDict, { text, pointer, isKey }: Text): readonly PlaceProblem[] {
  const isData = isSecretData(object, pointer) && !isKey;
  const encoded = isData && pointer[0] === "data";
  const opened = encoded ? (openedData(text) ?? text) : openedText(text);
  const problems: PlaceProblem[] = [];
  const found = findReferences(opened);
  for (const each of found) {
    if (each.state === "malformed") {
      const { code, message, advice } = referenceFinding(opened.slice(each.start, each.end), each.problem);
      problems.push({ code, severity: "error", message, pointer, ...(advice !== undefined && { advice }) });
    } else if (each.reference.digest !== null) {
      problems.push({
        code: "sealed-reference-digest",
        severity: "error",
        message: `${opened.slice(each.start, each.end)} has a digest already`,
        pointer,
        advice: "leave out ;sha256=…: the compiler writes the digest of the sealed text as it is now",
      });
    }
  }
  const mangled = mangledReference(opened);
  if (mangled !== undefined)
    problems.push({
      code: "sealed-reference-mangled",
      severity: "error",
      message: `${fieldName(object, pointer)} holds ${mangled.what}: what was done to it was done to the reference, not to the value`,
      pointer,
      advice: mangled.advice,
    });
  if (encoded && opened === text && found.some(({ state }) => state === "whole"))
    problems.push({
      code: "sealed-data-not-encoded",
      severity: "error",
      message: `${fieldName(object, pointer)} holds a reference as it is, and \`data\` holds base64`,
      pointer,
      advice: "write the value with base64_encode, or put it into `stringData`",
    });
  if (!isData) for (const each of found) if (each.state === "whole") problems.push(misplaced(object, pointer, isKey, each.reference));
  const sealed = sealedText(text, isData);
  if (sealed !== undefined) problems.push({ code: "sealed-plain-text", severity: "error", pointer, ...sealed(fieldName(object, pointer)) });
  return problems;
}

/** Texts that are secret, or that only somebody with a key can read, where neither belongs. */
function sealedText(text: string, isData: boolean): ((field: string) => Pick<PlaceProblem, "message" | "advice">) | undefined {
  const plain = isData ? decodedData(text) : text;
  if (holdsPgpMessage(plain))
    return (field) => ({
      message: `${field} holds a PGP message, which would be applied as it is: nobody opens it`,
      advice: "the pillar file that the message stands in must begin with a line that ends in |gpg, such as #!jinja|yaml|gpg",
    });
  if (holdsSopsValue(plain))
    return (field) => ({
      message: `${field} holds a text that SOPS has sealed, which would be applied as it is: nobody opens it`,
      advice: "refer to the file and key: ?{sops:FILE#PATH}",
    });
  if (!isData && holdsPrivateKey(plain))
    return (field) => ({
      message: `${field} holds a private key in plain text`,
      advice: "seal it (halite secret seal) and refer to it from a Secret",
    });
  return undefined;
}

function decodedData(text: string): string {
  // Base64 of `-----BEGIN` or of `ENC[` at the beginning.
  return /^(?:LS0tLS1CRUdJTi|RU5DW)/.test(text) ? Buffer.from(text, "base64").toString("latin1") : text;
}

function misplaced(object: PyDict, pointer: JsonPath, isKey: boolean, reference: Reference): PlaceProblem {
  const { why, advice } = isKey ? AS_KEY : reasonFor(object, pointer);
  const allow = isKey ? "" : `; where it must be, end the line with # halite: allow-secret REASON, see docs/secrets.md`;
  return {
    code: "sealed-place",
    severity: "error",
    message: `${fieldName(object, pointer)} would hold the value of ${formatReference(reference)} in plain text: ${why}`,
    pointer,
    advice: `${advice}${allow}`,
  };
}

interface Reason {
  readonly why: string;
  readonly advice: string;
}

const AS_KEY: Reason = { why: "a secret value can't be the name of a field", advice: "let it be the field's value" };
const FROM_SECRET = "put it into a Secret";

function reasonFor(object: PyDict, pointer: JsonPath): Reason {
  const kind = object.get("kind");
  const [first, second] = pointer;
  const names = pointer.filter((step) => typeof step === "string");
  const metadata = names.lastIndexOf("metadata");
  if (metadata >= 0 && names[metadata + 1] === "annotations")
    return { why: "annotations are shown by every `kubectl describe` and copied into other objects", advice: FROM_SECRET };
  if (metadata >= 0 && names[metadata + 1] === "labels")
    return { why: "labels are shown in every list and kept by monitoring", advice: FROM_SECRET };
  const last = pointer.at(-1);
  if (names.includes("command") || names.includes("args"))
    return {
      why: "a command line is seen by every process on the node, and stands in the Pod",
      advice: `${FROM_SECRET}, set an env variable from it (valueFrom.secretKeyRef) and write $(VARIABLE) here, or mount it as a file`,
    };
  if (last === "value" && names.includes("env"))
    return {
      why: "an env variable's `value` stands in the Pod, for everybody who may read Pods",
      advice: `${FROM_SECRET} and write valueFrom.secretKeyRef instead of value`,
    };
  if (kind === "ConfigMap" && (first === "data" || first === "binaryData"))
    return {
      why: "a ConfigMap is neither encrypted at rest nor kept from those who may read everything but Secrets",
      advice: `${FROM_SECRET}, the whole file where it stands in one, and mount that Secret as a volume in the ConfigMap's place (a projected volume joins both)`,
    };
  if (kind === "Secret")
    return { why: "only the values of a Secret's data and stringData are secret", advice: "put it into data or stringData" };
  if (kind === "SealedSecret" && first === "spec" && second === "template")
    return { why: "the template of a SealedSecret is no cipher text", advice: "seal the value into encryptedData" };
  return {
    why: `everybody who may read ${typeof kind === "string" ? kind : "the object"} objects sees it`,
    advice: `${FROM_SECRET} and let this object name that Secret, if its API has a field for it`,
  };
}

function fieldName(object: PyDict, pointer: JsonPath): string {
  const kind = object.get("kind");
  const metadata = object.get("metadata");
  const name = metadata instanceof PyDict ? metadata.get("name") : undefined;
  return `${typeof kind === "string" ? kind : "object"} ${typeof name === "string" ? name : "?"} at ${pointerText(pointer)}`;
}

function pointerText(pointer: JsonPath): string {
  return pointer.map((step) => `/${String(step).replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");
}

function isSecretData(object: PyDict, pointer: JsonPath): boolean {
  if (pointer.length !== 2 || object.get("kind") !== "Secret" || object.get("apiVersion") !== "v1") return false;
  return pointer[0] === "data" || pointer[0] === "stringData";
}

/** A path of one object that its annotation allows. */
type Allowance = readonly string[];

function annotationsOf(object: PyDict): readonly Allowance[] {
  const metadata = object.get("metadata");
  const annotations = metadata instanceof PyDict ? metadata.get("annotations") : undefined;
  const text = annotations instanceof PyDict ? annotations.get(ALLOW_ANNOTATION) : undefined;
  if (typeof text !== "string") return [];
  return text.split("\n").flatMap((line) => {
    const [, path, reason] = /^\s*(\/\S+)\s+(\S.*)$/.exec(line) ?? [];
    return path === undefined || reason === undefined ? [] : [readPath(path)];
  });
}

/** `/spec/token` as keys. */
export function readPath(path: string): readonly string[] {
  return path
    .split("/")
    .slice(1)
    .map((step) => step.replaceAll("~1", "/").replaceAll("~0", "~"));
}

function isAllowed(object: PyDict, pointer: JsonPath, places: readonly AllowedPlace[], own: readonly Allowance[]): boolean {
  const covers = (path: readonly string[]): boolean =>
    path.length <= pointer.length && path.every((step, index) => step === "*" || step === String(pointer[index]));
  return own.some(covers) || places.some(({ kind, path }) => kind === object.get("kind") && covers(path));
}

/** Whether any of the texts is suspect: of most objects none is, and where they stand need not be known. */
function holdsSuspect(value: Value): boolean {
  if (typeof value === "string") return isSuspect(value);
  if (Array.isArray(value)) return value.some(holdsSuspect);
  if (!(value instanceof PyDict)) return false;
  for (const key of value.keys()) if (typeof key === "string" && isSuspect(key)) return true;
  for (const item of value.values()) if (holdsSuspect(item)) return true;
  return false;
}

function* texts(value: Value, pointer: JsonPath): Generator<Text> {
  if (typeof value === "string") yield { text: value, pointer, isKey: false };
  else if (value instanceof PyDict) {
    for (const [key, item] of value.entries()) {
      if (typeof key !== "string" && typeof key !== "number") continue;
      const at = [...pointer, key];
      if (typeof key === "string") yield { text: key, pointer: at, isKey: true };
      yield* texts(item, at);
    }
  } else if (Array.isArray(value)) for (const [index, item] of value.entries()) yield* texts(item, [...pointer, index]);
}
