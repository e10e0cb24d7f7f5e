import { FindingError } from "../finding/index.ts";
import { normalPgpBlock, PGP_MESSAGE, pgpDigest } from "../sealed/index.ts";
import type { Gpg } from "../unseal/index.ts";
import type { SecretFleet } from "./secret-fleet.ts";
import type { SealedUsers } from "./secret-users.ts";
import { lineOf, treeTexts, type TreeText } from "./tree-texts.ts";
import { writeWhole } from "./write-whole.ts";

/** What is to become of a PGP message in pillar. */
export interface MessageRotation {
  /** The message's digest, as references name it. */
  readonly message: string;
  /** `FILE:LINE`, relative to the fleet's folder. */
  readonly at: string;
  readonly from: string;
  readonly added: readonly string[];
  readonly removed: readonly string[];
  /** Whether it is, or with `--check` would be, another. */
  readonly changed: boolean;
  /** The digest of the message that has taken its place; null where none has. */
  readonly replacedBy: string | null;
}

export interface PgpRotation {
  readonly fleet: SecretFleet;
  readonly users: SealedUsers;
  readonly check: boolean;
  /** Whether also what is sealed as it should be is sealed anew. */
  readonly anew: boolean;
  /** Absolute paths of the files to look at; undefined: all of pillar. */
  readonly only: ReadonlySet<string> | undefined;
}

/**
 * Seals the PGP messages of pillar to those who should open them: `sealed:pgp:recipients`, and the keys of the clusters whose output refers to
 * the message. A message that is sealed to them and nobody else stays as it is; of another only the message itself is replaced, every other
 * byte of its file stays.
 */
export async function rotateMessages(rotation: PgpRotation, failures: FindingError[]): Promise<MessageRotation[]> {
  const messages = new Messages(rotation);
  const done: MessageRotation[] = [];
  for (const file of treeTexts(rotation.fleet.fleet, "pillar")) {
    if (rotation.only?.has(file.path) === false) continue;
    const changes: { readonly start: number; readonly end: number; readonly text: string }[] = [];
    for (const match of file.text.matchAll(PGP_MESSAGE)) {
      const line = lineOf(file.text, match.index);
      try {
        const { text, ...result } = await messages.rotate(match[0], `${file.name}:${line}`);
        done.push(result);
        if (text !== undefined) changes.push({ start: match.index, end: match.index + match[0].length, text });
      } catch (error) {
        if (!(error instanceof FindingError)) throw error;
        failures.push(placed(error, file, line));
      }
    }
    if (changes.length > 0) writeWhole(file.path, withChanges(file.text, changes));
  }
  return done;
}

class Messages {
  readonly #rotation: PgpRotation;
  readonly #gpg: Gpg;
  /** A message that stands in several places is sealed once, so that it stays one. */
  readonly #sealed = new Map<string, string>();
  readonly #ids = new Map<string, readonly string[]>();

  constructor(rotation: PgpRotation) {
    this.#rotation = rotation;
    this.#gpg = rotation.fleet.gpg();
  }

  async rotate(block: string, at: string): Promise<MessageRotation & { readonly text?: string }> {
    const { fleet, users, check, anew } = this.#rotation;
    refuseFoldedForm(block);
    const digest = pgpDigest(block);
    const message = normalPgpBlock(block);
    const wanted = fleet
      .recipients(await users.of({ block: digest }))
      .flatMap((recipient) => (recipient.kind === "pgp" ? [recipient.fingerprint] : []));
    if (wanted.length === 0)
      throw new FindingError({
        code: "sealed-no-recipient",
        severity: "error",
        message: `nobody is named who could open PGP message ${digest.slice(0, 12)}…`,
        advice: "name fingerprints in sealed:pgp:recipients, or in sealed:clusters for the clusters that use it",
      });
    const present = await this.#gpg.recipientsOf(message);
    const known = new Set<string>();
    const added: string[] = [];
    for (const fingerprint of wanted) {
      const ids = await this.#idsOf(fingerprint);
      for (const id of ids) known.add(id);
      if (!ids.some((id) => present.includes(id))) added.push(`PGP ${fingerprint}`);
    }
    const removed = present.filter((id) => !known.has(id)).map((id) => `PGP ${id}`);
    const changed = anew || added.length > 0 || removed.length > 0;
    const result = { message: digest, at, from: fleet.fleet.configFile, added, removed, changed, replacedBy: null };
    if (!changed || check) return result;
    let sealed = this.#sealed.get(digest);
    if (sealed === undefined) this.#sealed.set(digest, (sealed = await this.#seal(message, wanted)));
    return { ...result, replacedBy: pgpDigest(sealed), text: inForm(block, sealed) };
  }

  async #seal(message: string, fingerprints: readonly string[]): Promise<string> {
    const value = await this.#gpg.decrypt(message);
    const bytes = value.reveal("seal");
    value.wipe();
    try {
      return await this.#gpg.encrypt(bytes, fingerprints);
    } finally {
      bytes.fill(0);
    }
  }

  async #idsOf(fingerprint: string): Promise<readonly string[]> {
    let ids = this.#ids.get(fingerprint);
    if (ids === undefined) {
      ids = (await this.#gpg.keysOf(fingerprint))?.ids ?? [fingerprint.replace(/!$/, "").slice(-16)];
      this.#ids.set(fingerprint, ids);
    }
    return ids;
  }
}

/** Such a text means another message than it looks like: neither its digest nor its recipients can be read off it. */
function refuseFoldedForm(block: string): void {
  if (!block.includes("\n") || !block.includes("\\n")) return;
  throw new FindingError({
    code: "sealed-pgp-form",
    severity: "error",
    message: "the message is written in a form that can't be replaced: on lines of its own, with \\n",
    advice: "write it as a literal block (key: |), or seal the value anew with `halite secret seal pgp:`",
  });
}

/** A message written as another is: on one line with `\n`, or on lines of their own with the other's indentation and line ends. */
function inForm(old: string, message: string): string {
  const lines = message.split("\n");
  if (!old.includes("\n")) return lines.join("\\n");
  const indentation = /\n([ \t]*)-----END/.exec(old)?.[1] ?? "";
  return lines
    .map((line, index) => (index === 0 || line === "" ? line : `${indentation}${line}`))
    .join(old.includes("\r\n") ? "\r\n" : "\n");
}

function withChanges(text: string, changes: readonly { readonly start: number; readonly end: number; readonly text: string }[]): string {
  return changes.reduceRight((all, { start, end, text: by }) => all.slice(0, start) + by + all.slice(end), text);
}

function placed(error: FindingError, file: TreeText, line: number): FindingError {
  const [first, ...rest] = error.findings;
  return new FindingError({ ...first, at: first.at ?? { file: file.name, line } }, ...rest);
}
