import { FindingError } from "../../finding/index.ts";
import { PyDict, type Value } from "../../python/index.ts";
import { loadSalt } from "../../yaml/index.ts";
import { checkAgeRecipient } from "../age-identities.ts";
import type { Recipient } from "./keys.ts";
import { DEFAULT_SELECTION, goRegex, NO_SELECTION, type Selection } from "./selection.ts";

/** What a new file is made by. */
export interface CreationRule {
  readonly groups: readonly (readonly Recipient[])[];
  /** How many key groups are needed; 0 where there is one group. */
  readonly threshold: number;
  readonly selection: Selection;
  readonly macOnlyEncrypted: boolean;
}

const FOREIGN = ["kms", "gcp_kms", "hckms", "azure_keyvault", "hc_vault_transit_uri", "hc_vault"] as const;
const SELECTING = [
  ["unencrypted_suffix", "unencryptedSuffix"],
  ["encrypted_suffix", "encryptedSuffix"],
  ["unencrypted_regex", "unencryptedRegex"],
  ["encrypted_regex", "encryptedRegex"],
  ["unencrypted_comment_regex", "unencryptedCommentRegex"],
  ["encrypted_comment_regex", "encryptedCommentRegex"],
] as const;

/**
 * The first creation rule of a `.sops.yaml` whose `path_regex` fits a file (sops 3.13.3, config/config.go). Undefined where it has no rules.
 *
 * @param name the config's own name, for messages
 * @param path the file, relative to the config's folder, with `/`
 * @throws FindingError `sealed-sops-rule`
 */
export function creationRule(text: string, name: string, path: string): CreationRule | undefined {
  const { value } = loadSalt(text, { file: name, positions: false });
  const rules = value instanceof PyDict ? (value.get("creation_rules") ?? null) : null;
  if (rules === null) return undefined;
  if (!Array.isArray(rules)) throw refuse(name, "creation_rules must be a list");
  const rule = rules.find((each) => each instanceof PyDict && fits(each.get("path_regex") ?? null, path, name));
  if (rule instanceof PyDict) return ruleOf(rule, name);
  throw refuse(
    name,
    `none of its creation rules fits ${path}`,
    "add a rule whose path_regex fits the file's path from there, or one without path_regex at the end",
  );
}

function fits(regex: Value, path: string, name: string): boolean {
  if (regex === null || regex === "") return true;
  if (typeof regex !== "string") throw refuse(name, "path_regex must be a string");
  try {
    return goRegex(regex).test(path);
  } catch (error) {
    throw refuse(name, `path_regex ${JSON.stringify(regex)} can't be used: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function ruleOf(rule: PyDict, name: string): CreationRule {
  const list = rule.get("key_groups") ?? null;
  if (list !== null && !Array.isArray(list)) throw refuse(name, "key_groups must be a list");
  const groups = list === null || list.length === 0 ? [recipientsOf(rule, name)] : list.map((group) => groupOf(group, name));
  if (groups.some((group) => group.length === 0))
    throw refuse(name, "a rule, or one of its key groups, names no recipient", "name keys under age or pgp");
  const threshold = rule.get("shamir_threshold") ?? 0;
  if (typeof threshold !== "number") throw refuse(name, "shamir_threshold must be a number");
  const given = SELECTING.filter(([option]) => typeof rule.get(option) === "string" && rule.get(option) !== "");
  if (given.length > 1) throw refuse(name, `a rule has ${given.map(([option]) => option).join(" and ")}: only one of them can count`);
  const chosen = Object.fromEntries(given.map(([option, key]) => [key, rule.get(option)]));
  return {
    groups,
    // SOPS' own default: all of them.
    threshold: groups.length > 1 ? threshold || groups.length : 0,
    selection: given.length === 0 ? DEFAULT_SELECTION : { ...NO_SELECTION, ...chosen },
    macOnlyEncrypted: rule.get("mac_only_encrypted") === true,
  };
}

function groupOf(group: Value, name: string): Recipient[] {
  if (!(group instanceof PyDict)) throw refuse(name, "a key group must be a mapping with age and pgp");
  const merged = group.get("merge") ?? [];
  if (!Array.isArray(merged)) throw refuse(name, "merge of a key group must be a list of key groups");
  return distinct([...merged.flatMap((each) => groupOf(each, name)), ...recipientsOf(group, name)]);
}

function recipientsOf(rule: PyDict, name: string): Recipient[] {
  for (const service of FOREIGN) {
    const value = rule.get(service) ?? null;
    if (value !== null && value !== "" && !(Array.isArray(value) && value.length === 0))
      throw refuse(name, `${service} is a key service that is not supported`, "age and PGP recipients are");
  }
  const age = keys(rule, "age", name).map((recipient): Recipient => ({ kind: "age", recipient }));
  for (const key of age) if (key.kind === "age") checkAgeRecipient(key.recipient);
  const pgp = keys(rule, "pgp", name).map((fingerprint): Recipient => ({ kind: "pgp", fingerprint: fingerprint.replaceAll(" ", "") }));
  return distinct([...age, ...pgp]);
}

/** A list, or a text of keys with commas between. */
function keys(rule: PyDict, option: string, name: string): string[] {
  const value = rule.get(option) ?? null;
  if (value === null) return [];
  const texts: readonly Value[] = Array.isArray(value) ? value : [value];
  return texts.flatMap((text) => {
    if (typeof text !== "string") throw refuse(name, `${option} must be a text or a list of texts`);
    return text
      .split(",")
      .map((key) => key.trim())
      .filter((key) => key !== "");
  });
}

function distinct(recipients: readonly Recipient[]): Recipient[] {
  return [...new Map(recipients.map((each) => [JSON.stringify(each), each])).values()];
}

function refuse(file: string, message: string, advice = "see SOPS' documentation of creation rules"): FindingError {
  return new FindingError({ code: "sealed-sops-rule", severity: "error", message: `${file}: ${message}`, at: { file }, advice });
}
