import { createCipheriv, createDecipheriv, createHmac, randomBytes } from "node:crypto";
import { canonicalValue, SOPS_TYPES, type SopsValue } from "./value.ts";

/** Bytes of the nonce that SOPS uses, unusually many for GCM. */
const NONCE_LENGTH = 32;
const TAG_LENGTH = 16;

const ENCRYPTED = /^ENC\[AES256_GCM,data:([A-Za-z0-9+/=]+),iv:([A-Za-z0-9+/=]+),tag:([A-Za-z0-9+/=]+),type:([a-z]+)\]$/;

/** Whether a text has the form of an encrypted value. */
export function isEncrypted(text: string): boolean {
  return ENCRYPTED.test(text);
}

/** The additional data of a value: the keys down to it, each with a `:` behind it; the indexes of lists are left out. */
export function additionalData(path: readonly string[]): string {
  return `${path.join(":")}:`;
}

/**
 * Decrypts `ENC[AES256_GCM,data:…,iv:…,tag:…,type:…]` (sops 3.13.3, aes/cipher.go). An empty text is the empty string.
 *
 * Undefined where it is no such text, or key, additional data or tag don't fit.
 */
export function decryptValue(text: string, key: Uint8Array, additional: string): SopsValue | undefined {
  if (text === "") return { type: "str", bytes: new Uint8Array() };
  const [, data = "", iv = "", tag = "", typeName = ""] = ENCRYPTED.exec(text) ?? [];
  const type = SOPS_TYPES.find((each) => each === typeName);
  const authTag = Buffer.from(tag, "base64");
  const nonce = Buffer.from(iv, "base64");
  if (type === undefined || authTag.length !== TAG_LENGTH || nonce.length === 0) return undefined;
  try {
    const decipher = createDecipheriv("aes-256-gcm", key, nonce, { authTagLength: TAG_LENGTH });
    decipher.setAAD(Buffer.from(additional, "utf8"));
    decipher.setAuthTag(authTag);
    const plain = decipher.update(Buffer.from(data, "base64"));
    decipher.final();
    return canonicalValue(type, plain);
  } catch {
    return undefined;
  }
}

/** Encrypts a value with a fresh nonce. The empty string stays empty, as SOPS has it. */
export function encryptValue(value: SopsValue, key: Uint8Array, additional: string): string {
  if (value.bytes.length === 0) return "";
  const nonce = randomBytes(NONCE_LENGTH);
  const cipher = createCipheriv("aes-256-gcm", key, nonce, { authTagLength: TAG_LENGTH });
  cipher.setAAD(Buffer.from(additional, "utf8"));
  const data = Buffer.concat([cipher.update(value.bytes), cipher.final()]);
  const parts = [data, nonce, cipher.getAuthTag()].map((part) => part.toString("base64"));
  return `ENC[AES256_GCM,data:${parts[0]},iv:${parts[1]},tag:${parts[2]},type:${value.type === "bytes" ? "str" : value.type}]`;
}

/**
 * The encrypted texts of a file by what they decrypt to, so that an unchanged value keeps its text, nonce included, when the file is
 * encrypted again: git then shows what has changed and nothing else.
 */
export class UnchangedTexts {
  readonly #key: Uint8Array;
  readonly #texts = new Map<string, string>();

  constructor(key: Uint8Array) {
    this.#key = key;
  }

  keep(value: SopsValue, additional: string, text: string): void {
    this.#texts.set(this.#name(value, additional), text);
  }

  /** The value's text of before, or a new one. */
  encrypt(value: SopsValue, additional: string): string {
    return this.#texts.get(this.#name(value, additional)) ?? encryptValue(value, this.#key, additional);
  }

  #name(value: SopsValue, additional: string): string {
    const hmac = createHmac("sha256", this.#key);
    for (const part of [value.type, additional]) hmac.update(`${Buffer.byteLength(part)}:${part}`);
    return hmac.update(value.bytes).digest("hex");
  }
}
