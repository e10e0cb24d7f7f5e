import { armor, Decrypter, Encrypter, identityToRecipient } from "age-encryption";
import { inspect } from "node:util";
import { sealedError } from "../sealed/index.ts";

/**
 * Private keys of age: `AGE-SECRET-KEY-1…` lines of identity files. Keys of plugins and of ssh, and identity files that are encrypted
 * themselves, are refused by name.
 */
export class AgeIdentities {
  readonly #identities: readonly string[];
  /** Their public halves, `age1…`, in the files' order. */
  readonly recipients: readonly string[];

  private constructor(identities: readonly string[], recipients: readonly string[]) {
    this.#identities = identities;
    this.recipients = recipients;
  }

  /**
   * Reads identity files' texts; empty lines and lines that begin with `#` are left out.
   *
   * @throws FindingError `sealed-age-identity`
   */
  static async parse(files: readonly { readonly name: string; readonly text: string }[]): Promise<AgeIdentities> {
    const identities: string[] = [];
    const recipients: string[] = [];
    for (const { name, text } of files) {
      for (const [index, line] of text.split(/\r?\n/).entries()) {
        const identity = line.trim();
        if (identity === "" || identity.startsWith("#")) continue;
        if (index === 0 && /^(?:age-encryption\.org|-----BEGIN AGE)/.test(identity))
          throw sealedError(
            "sealed-age-identity",
            `${name} is encrypted itself`,
            "decrypt it first (age -d), into a file that only you can read",
            { file: name },
          );
        recipients.push(await recipientOf(identity, name, index + 1));
        identities.push(identity);
      }
    }
    return new AgeIdentities(identities, recipients);
  }

  /** Decrypts an armoured age file; undefined where none of the identities fits. */
  async decrypt(armoured: string): Promise<Uint8Array | undefined> {
    if (this.#identities.length === 0) return undefined;
    const decrypter = new Decrypter();
    for (const identity of this.#identities) decrypter.addIdentity(identity);
    try {
      return await decrypter.decrypt(armor.decode(armoured.trim()));
    } catch {
      return undefined;
    }
  }

  [inspect.custom](): string {
    return `AgeIdentities(${this.recipients.join(", ")})`;
  }
}

async function recipientOf(identity: string, file: string, line: number): Promise<string> {
  const refuse = (what: string, advice: string): Error =>
    sealedError("sealed-age-identity", `this line is ${what}`, advice, { file, line });
  if (identity.startsWith("AGE-PLUGIN-"))
    throw refuse("an identity of an age plugin", "plugins are not supported: use a key made by age-keygen");
  if (/^-----BEGIN|^ssh-/.test(identity)) throw refuse("a key of ssh", "keys of ssh are not supported: use a key made by age-keygen");
  try {
    return await identityToRecipient(identity);
  } catch {
    throw refuse("no age identity", "it must be AGE-SECRET-KEY-1… as age-keygen prints it, whole");
  }
}

/** Encrypts to one recipient, armoured as age does. @throws FindingError `sealed-age-recipient` */
export async function encryptToAge(plain: Uint8Array, recipient: string): Promise<string> {
  checkAgeRecipient(recipient);
  const encrypter = new Encrypter();
  encrypter.addRecipient(recipient);
  return `${armor.encode(await encrypter.encrypt(plain)).trimEnd()}\n`;
}

/** @throws FindingError `sealed-age-recipient` for what is no recipient that can be encrypted to */
export function checkAgeRecipient(recipient: string): void {
  const refuse = (advice: string): Error => sealedError("sealed-age-recipient", `${JSON.stringify(recipient)} is no age recipient`, advice);
  if (recipient.startsWith("AGE-SECRET-KEY-"))
    throw sealedError(
      "sealed-age-recipient",
      "a private key of age stands where a recipient should",
      "take it out of the file and of git's history, and make a new key: it is known now",
    );
  if (recipient.startsWith("ssh-")) throw refuse("keys of ssh are not supported: use a key made by age-keygen");
  if (!recipient.startsWith("age1")) throw refuse("a recipient is age1… as age-keygen prints it");
  try {
    new Encrypter().addRecipient(recipient);
  } catch {
    throw refuse(
      /^age1[a-z0-9]+1/.test(recipient) && !/^age1(?:pq|tag|tagpq)1/.test(recipient)
        ? "recipients of plugins are not supported"
        : "it is damaged: copy it whole",
    );
  }
}
