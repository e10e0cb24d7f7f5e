import { isMap, isScalar, isSeq, Scalar, type YAMLMap } from "yaml";
import { FindingError } from "../../finding/index.ts";
import type { SopsDocument } from "./document.ts";
import type { Selection } from "./selection.ts";

/** A key that a file's data key, or a share of it, is encrypted to. */
export type FileKey =
  | { readonly kind: "age"; readonly recipient: string; readonly encrypted: string }
  | { readonly kind: "pgp"; readonly fingerprint: string; readonly createdAt: string; readonly encrypted: string }
  /** A key of a service that Halite has no part for: kms, gcp_kms, azure_kv, hc_vault, hckms. */
  | { readonly kind: "foreign"; readonly service: string };

export interface SopsMetadata {
  /** One group: each key opens the data key. Several: each key opens its group's share. */
  readonly groups: readonly (readonly FileKey[])[];
  /** How many groups' shares are needed; 0 for a single group. */
  readonly threshold: number;
  /** RFC 3339, as it stands in the file: the MAC is authenticated with it. */
  readonly lastModified: string;
  readonly mac: string;
  readonly macOnlyEncrypted: boolean;
  readonly selection: Selection;
}

const SERVICES = ["kms", "gcp_kms", "hckms", "azure_kv", "hc_vault"] as const;

/** Reads a file's `sops` section. @throws FindingError `sealed-sops-metadata`; `sealed-sops-plain` where there is none */
export function readMetadata(document: SopsDocument): SopsMetadata {
  const section = document.metadata;
  if (section === undefined)
    throw new FindingError({
      code: "sealed-sops-plain",
      severity: "error",
      message: `${document.file} is not encrypted: it has no sops section`,
      at: { file: document.file },
      advice: `if what is in it is secret, take it out of git's history too; \`halite secret edit\` and \`sops\` make encrypted files`,
    });
  const { node, start } = section;
  const wrong = (message: string): FindingError =>
    new FindingError({
      code: "sealed-sops-metadata",
      severity: "error",
      message,
      at: document.at(start),
      advice: "take the file's last good version from git",
    });
  const lastModified = textOf(node, "lastmodified");
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:Z|[+-]\d\d:\d\d)$/.test(lastModified))
    throw wrong("the sops section has no lastmodified that is a time");
  const groups = groupsOf(node);
  if (groups.every((group) => group.length === 0)) throw wrong("the sops section names no key");
  const threshold = Number(textOf(node, "shamir_threshold") || "0");
  if (groups.length > 1 && (!Number.isInteger(threshold) || threshold < 2 || threshold > groups.length))
    throw wrong(`shamir_threshold is ${textOf(node, "shamir_threshold") || "not there"} for ${groups.length} key groups`);
  return {
    groups,
    threshold: groups.length > 1 ? threshold : 0,
    lastModified,
    mac: textOf(node, "mac"),
    macOnlyEncrypted: textOf(node, "mac_only_encrypted") === "true",
    selection: {
      unencryptedSuffix: textOf(node, "unencrypted_suffix") || null,
      encryptedSuffix: textOf(node, "encrypted_suffix") || null,
      unencryptedRegex: textOf(node, "unencrypted_regex") || null,
      encryptedRegex: textOf(node, "encrypted_regex") || null,
      unencryptedCommentRegex: textOf(node, "unencrypted_comment_regex") || null,
      encryptedCommentRegex: textOf(node, "encrypted_comment_regex") || null,
    },
  };
}

function groupsOf(node: YAMLMap): FileKey[][] {
  const groups = entry(node, "key_groups");
  if (isSeq(groups) && groups.items.length > 0) return groups.items.map((group) => (isMap(group) ? keysOf(group) : []));
  return [keysOf(node)];
}

function keysOf(node: YAMLMap): FileKey[] {
  const list = (name: string): YAMLMap[] => {
    const value = entry(node, name);
    return isSeq(value) ? value.items.filter((item) => isMap(item)) : [];
  };
  return [
    ...list("age").map((key): FileKey => ({ kind: "age", recipient: textOf(key, "recipient"), encrypted: textOf(key, "enc") })),
    ...list("pgp").map((key): FileKey => ({
      kind: "pgp",
      fingerprint: textOf(key, "fp"),
      createdAt: textOf(key, "created_at"),
      encrypted: textOf(key, "enc"),
    })),
    ...SERVICES.flatMap((service) => list(service).map((): FileKey => ({ kind: "foreign", service }))),
  ];
}

function entry(node: YAMLMap, name: string): unknown {
  return node.items.find((item) => isScalar(item.key) && item.key.value === name)?.value;
}

function textOf(node: YAMLMap, name: string): string {
  const value = entry(node, name);
  return value instanceof Scalar ? (value.type === Scalar.PLAIN ? (value.source ?? "") : String(value.value)) : "";
}

type Plain = string | number | boolean | readonly Plain[] | { readonly [key: string]: Plain };

/** The section as SOPS 3.13.3 writes it: keys sorted by name, empty ones left out but where SOPS does not (key groups). */
export function metadataData(metadata: SopsMetadata): { readonly [key: string]: Plain } {
  const { selection } = metadata;
  const [only] = metadata.groups;
  const keys =
    metadata.groups.length > 1
      ? { key_groups: metadata.groups.map((group) => sorted({ hc_vault: [], age: ageKeys(group), ...notEmpty("pgp", pgpKeys(group)) })) }
      : { ...notEmpty("age", ageKeys(only ?? [])), ...notEmpty("pgp", pgpKeys(only ?? [])) };
  return sorted({
    ...keys,
    ...(metadata.threshold > 0 ? { shamir_threshold: metadata.threshold } : {}),
    lastmodified: metadata.lastModified,
    mac: metadata.mac,
    ...(metadata.macOnlyEncrypted ? { mac_only_encrypted: true } : {}),
    ...setting("unencrypted_suffix", selection.unencryptedSuffix),
    ...setting("encrypted_suffix", selection.encryptedSuffix),
    ...setting("unencrypted_regex", selection.unencryptedRegex),
    ...setting("encrypted_regex", selection.encryptedRegex),
    ...setting("unencrypted_comment_regex", selection.unencryptedCommentRegex),
    ...setting("encrypted_comment_regex", selection.encryptedCommentRegex),
    // Of the format, which is what readers go by.
    version: "3.13.3",
  });
}

function ageKeys(group: readonly FileKey[]): Plain[] {
  return group.flatMap((key) => (key.kind === "age" ? [{ enc: key.encrypted, recipient: key.recipient }] : []));
}

function pgpKeys(group: readonly FileKey[]): Plain[] {
  return group.flatMap((key) => (key.kind === "pgp" ? [{ created_at: key.createdAt, enc: key.encrypted, fp: key.fingerprint }] : []));
}

function notEmpty(name: string, list: readonly Plain[]): { readonly [key: string]: Plain } {
  return list.length === 0 ? {} : { [name]: list };
}

function setting(name: string, value: string | null): { readonly [key: string]: Plain } {
  return value === null || value === "" ? {} : { [name]: value };
}

function sorted(data: { readonly [key: string]: Plain }): { readonly [key: string]: Plain } {
  return Object.fromEntries(Object.entries(data).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** The section as an entry of YAML, indented as SOPS (go-yaml v3 with four columns) writes it. */
export function printYamlSection(metadata: SopsMetadata): string {
  return `sops:\n${yamlMap(Object.entries(metadataData(metadata)), 4)}`;
}

/** The next column that go-yaml indents to: a multiple of four. */
function deeper(column: number): number {
  return 4 * Math.floor((column + 4) / 4);
}

function yamlMap(entries: readonly (readonly [string, Plain])[], column: number): string {
  return entries.map(([key, value]) => `${" ".repeat(column)}${key}:${yamlValue(value, deeper(column))}`).join("");
}

/** `column`: of what stands on lines of its own in the value. */
function yamlValue(value: Plain, column: number): string {
  if (typeof value === "string") return ` ${yamlText(value, " ".repeat(column))}\n`;
  if (typeof value !== "object") return ` ${String(value)}\n`;
  if (!Array.isArray(value)) return `\n${yamlMap(Object.entries(value), column)}`;
  const items: readonly Plain[] = value;
  if (items.length === 0) return " []\n";
  const dash = `${" ".repeat(column)}- `;
  return `\n${items.map((item) => dash + yamlMap(typeof item === "object" ? Object.entries(item) : [], column + 2).trimStart()).join("")}`;
}

function yamlText(text: string, block: string): string {
  if (text.includes("\n")) {
    const clipped = text.endsWith("\n");
    const lines = (clipped ? text.slice(0, -1) : text).split("\n");
    return `${clipped ? "|" : "|-"}\n${lines.map((line) => (line === "" ? "" : `${block}${line}`)).join("\n")}`;
  }
  return PLAIN.test(text) && !/^(?:true|false|null|yes|no|on|off|y|n)$/i.test(text) ? text : JSON.stringify(text);
}

/** What needs no quotes of what the section holds. */
const PLAIN = /^(?:ENC\[AES256_GCM,[A-Za-z0-9+/=,:_]*\]|[A-Za-z^(_][A-Za-z0-9_^$()|.*+-]*|\d+\.\d+\.\d+|[0-9A-F]*[A-DF][0-9A-F]*)$/;

/** The section as an entry of a JSON object whose entries are indented by `indent`. */
export function printJsonSection(metadata: SopsMetadata, indent: string): string {
  return `"sops": ${JSON.stringify(metadataData(metadata), undefined, indent).replaceAll("\n", `\n${indent}`)}`;
}
