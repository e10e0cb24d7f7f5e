import * as crypto from "node:crypto";

/** Hashes at one go what a `Hash` does in three steps, in half the time for a text of a manifest's size. Node 20.12 and newer have it. */
const atOnce: unknown = Reflect.get(crypto, "hash");

/** SHA-256 of bytes, or of a text as UTF-8. */
export function sha256(content: string | Buffer, encoding: "hex" | "base64"): string {
  if (typeof atOnce !== "function") return crypto.createHash("sha256").update(content).digest(encoding);
  const digest: unknown = Reflect.apply(atOnce, crypto, ["sha256", content, encoding]);
  if (typeof digest !== "string") throw new TypeError("a digest is a text");
  return digest;
}
