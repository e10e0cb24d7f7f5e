import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import { PyBytes, PyError, str, typeName, type Value } from "../../python/index.ts";
import type { ModuleFunction, ModuleTable } from "./types.ts";

const ofText = (make: (bytes: Buffer) => Value): ModuleFunction => ({
  signature: "instr",
  run: (_context, [text = null]) => make(toBytes(text)),
});

const hash = (algorithm: string, name: string): ModuleFunction => ({ ...ofText((bytes) => digest(algorithm, bytes)), pythonName: name });

/** `hashutil.*` (salt/modules/hashutil.py, 3007.1). Its `*_file` functions read or write the node and are not here. */
export function hashutilModule(): ModuleTable {
  return {
    digest: {
      signature: "instr checksum?",
      run: (_context, [text = null, checksum = "md5"]) => {
        if (!["md5", "sha256", "sha512"].includes(str(checksum)))
          throw new PyError("CommandExecutionError", `Hash func '${str(checksum)}' is not supported.`);
        return digest(str(checksum), toBytes(text));
      },
    },
    md5_digest: hash("md5", "md5_digest"),
    sha256_digest: hash("sha256", "sha256_digest"),
    sha512_digest: hash("sha512", "sha512_digest"),
    base64_b64encode: ofText((bytes) => bytes.toString("base64")),
    base64_b64decode: ofText((bytes) => textOrBytes(decodeBase64(bytes))),
    base64_encodestring: ofText((bytes) => lines(bytes)),
    base64_decodestring: ofText((bytes) => textOrBytes(decodeBase64(bytes))),
    hmac_signature: {
      signature: "string shared_secret challenge_hmac",
      run: (_context, [text = null, secret = null, challenge = null]) =>
        createHmac("sha256", toBytes(secret)).update(toBytes(text)).digest("base64") === toBytes(challenge).toString("latin1"),
    },
    hmac_compute: {
      signature: "string shared_secret",
      run: (_context, [text = null, secret = null]) => createHmac("sha256", toBytes(secret)).update(toBytes(text)).digest("hex"),
    },
    github_signature: {
      signature: "string shared_secret challenge_hmac",
      run: (_context, [text = null, secret = null, challenge = null]) => {
        const parts = str(challenge).split("=");
        if (parts.length !== 2)
          throw new PyError(
            "ValueError",
            parts.length < 2 ? "not enough values to unpack (expected 2, got 1)" : "too many values to unpack (expected 2)",
          );
        const [type = "", expected = ""] = parts;
        const actual = Buffer.from(createHmac(type, toBytes(secret)).update(toBytes(text)).digest("hex"));
        const given = Buffer.from(expected);
        return actual.length === given.length && timingSafeEqual(actual, given);
      },
    },
  };
}

/** `salt.utils.stringutils.to_bytes`. */
function toBytes(value: Value): Buffer {
  if (typeof value === "string") return Buffer.from(value, "utf8");
  if (value instanceof PyBytes) return Buffer.from(value.bytes);
  throw new PyError("TypeError", `expected str, bytes, or bytearray not <class '${typeName(value)}'>`);
}

function digest(algorithm: string, bytes: Buffer): string {
  return createHash(algorithm).update(bytes).digest("hex");
}

/** `base64.encodebytes`: lines of 76 characters, each ended. */
function lines(bytes: Buffer): string {
  return bytes.toString("base64").replace(/.{1,76}/g, "$&\n");
}

/** `base64.b64decode` without validation: what is no base64 is passed over, and the padding must come out right. */
function decodeBase64(bytes: Buffer): Buffer {
  const text = bytes.toString("latin1").replace(/[^A-Za-z0-9+/=]/g, "");
  const padded = /^([A-Za-z0-9+/]*)(=*)/.exec(text);
  const data = padded?.[1] ?? "";
  const rest = data.length % 4;
  if (rest === 1)
    throw new PyError(
      "Error",
      `Invalid base64-encoded string: number of data characters (${data.length}) cannot be 1 more than a multiple of 4`,
    );
  if (rest > 0 && (padded?.[2] ?? "").length < 4 - rest) throw new PyError("Error", "Incorrect padding");
  return Buffer.from(data, "base64");
}

function textOrBytes(bytes: Buffer): Value {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return new PyBytes(bytes);
  }
}
