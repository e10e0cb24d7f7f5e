import { randomBytes } from "node:crypto";
import { FindingError } from "../../finding/index.ts";
import { encryptToAge, type AgeIdentities } from "../age-identities.ts";
import type { Gpg } from "../gpg.ts";
import type { FileKey, SopsMetadata } from "./metadata.ts";
import { combineShares, splitSecret } from "./shamir.ts";

/** What opens SOPS files here. */
export interface KeyRing {
  readonly age: AgeIdentities | undefined;
  readonly gpg: Gpg | undefined;
}

/** Whom a file is encrypted to, before it is. */
export type Recipient = { readonly kind: "age"; readonly recipient: string } | { readonly kind: "pgp"; readonly fingerprint: string };

/** Bytes of a file's data key. */
const DATA_KEY_LENGTH = 32;

export function newDataKey(): Uint8Array {
  return randomBytes(DATA_KEY_LENGTH);
}

/** A recipient as messages name it. */
export function recipientName(key: FileKey | Recipient): string {
  return key.kind === "age" ? key.recipient : key.kind === "pgp" ? `PGP ${key.fingerprint}` : key.service;
}

/**
 * Opens a file's data key: with any key of its one group, or with the shares of as many key groups as it needs. age is tried before PGP, as
 * SOPS does.
 *
 * @throws FindingError `sealed-sops-key`, which says for each group who could open it
 */
export async function openDataKey(metadata: SopsMetadata, file: string, ring: KeyRing): Promise<Uint8Array> {
  const shares: Uint8Array[] = [];
  const closed: string[] = [];
  const needed = metadata.groups.length > 1 ? metadata.threshold : 1;
  for (const [index, group] of metadata.groups.entries()) {
    const { share, reasons } = await openGroup(group, ring);
    if (share === undefined) closed.push(`${metadata.groups.length > 1 ? `key group ${index + 1}: ` : ""}${reasons.join("; ")}`);
    else shares.push(share);
    if (shares.length === needed) break;
  }
  try {
    const key = shares.length < needed ? undefined : needed === 1 ? shares[0] : combineShares(shares);
    if (key?.length === DATA_KEY_LENGTH) return Uint8Array.from(key);
    if (key !== undefined) closed.push("what it decrypts to is no data key");
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    closed.push(error.message);
  } finally {
    for (const share of shares) share.fill(0);
  }
  throw new FindingError({
    code: "sealed-sops-key",
    severity: "error",
    message: `none of the keys here opens ${file}${needed > 1 ? `: ${shares.length} of ${needed} key groups needed` : ""}\n${closed.join("\n")}`,
    at: { file },
    advice:
      "point sealed:age:identities of halite.yaml or SOPS_AGE_KEY_FILE at your private key, or have somebody who can open the file add you (halite secret rotate)",
  });
}

async function openGroup(group: readonly FileKey[], ring: KeyRing): Promise<{ share?: Uint8Array; reasons: string[] }> {
  const reasons: string[] = [];
  for (const key of group) {
    if (key.kind !== "age") continue;
    const share = await ring.age?.decrypt(key.encrypted);
    if (share !== undefined) return { share, reasons };
    reasons.push(
      `${key.recipient}: ${ring.age === undefined || ring.age.recipients.length === 0 ? "no age identity here" : "not among the identities here"}`,
    );
  }
  for (const key of group) {
    if (key.kind === "foreign") reasons.push(`${key.service}: not supported, age and PGP are`);
    if (key.kind !== "pgp") continue;
    if (ring.gpg === undefined) reasons.push(`${recipientName(key)}: no keyring here`);
    else {
      try {
        const secret = await ring.gpg.decrypt(key.encrypted);
        const share = secret.reveal("open-key");
        secret.wipe();
        return { share, reasons };
      } catch (error) {
        if (!(error instanceof FindingError)) throw error;
        reasons.push(`${recipientName(key)}: ${error.message.split("\n").at(-1) ?? ""}`);
      }
    }
  }
  if (group.length === 0) reasons.push("it names no key");
  return { reasons };
}

/**
 * Encrypts a data key to key groups. What is encrypted already in `kept` stays as it is, so that a change of recipients shows in git as that and
 * nothing more; with several groups the shares are made anew.
 *
 * @param now RFC 3339, in UTC, to seconds
 * @throws FindingError `sealed-age-recipient`, `sealed-pgp-failed`, `sealed-sops-threshold`
 */
export async function closeDataKey(
  dataKey: Uint8Array,
  groups: readonly (readonly Recipient[])[],
  threshold: number,
  gpg: Gpg | undefined,
  now: string,
  kept: readonly FileKey[] = [],
): Promise<FileKey[][]> {
  let parts: Uint8Array[];
  try {
    parts = groups.length > 1 ? splitSecret(dataKey, groups.length, threshold) : [Uint8Array.from(dataKey)];
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new FindingError({
      code: "sealed-sops-threshold",
      severity: "error",
      message: `a threshold of ${threshold} does not go with ${groups.length} key groups`,
      advice: "shamir_threshold is 2 at least and at most the number of groups",
    });
  }
  const old = groups.length > 1 ? [] : kept;
  try {
    return await Promise.all(
      groups.map(async (group, index) =>
        Promise.all(group.map(async (to) => closeTo(parts[index] ?? new Uint8Array(), to, gpg, now, old))),
      ),
    );
  } finally {
    for (const part of parts) part.fill(0);
  }
}

async function closeTo(part: Uint8Array, to: Recipient, gpg: Gpg | undefined, now: string, kept: readonly FileKey[]): Promise<FileKey> {
  const before = kept.find((key) => key.kind === to.kind && recipientName(key) === recipientName(to));
  if (before !== undefined) return before;
  if (to.kind === "age") return { kind: "age", recipient: to.recipient, encrypted: await encryptToAge(part, to.recipient) };
  if (gpg === undefined)
    throw new FindingError({
      code: "sealed-pgp-missing",
      severity: "error",
      message: `${recipientName(to)} is a recipient and there is no keyring`,
      advice: "set sealed:pgp:home in halite.yaml",
    });
  return { kind: "pgp", fingerprint: to.fingerprint, createdAt: now, encrypted: await gpg.encrypt(part, [to.fingerprint]) };
}
