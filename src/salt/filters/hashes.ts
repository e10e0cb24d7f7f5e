import { createHash, createHmac } from "node:crypto";
import { pythonFilter as filter, semantics, type FilterFunction } from "../../jinja/index.ts";
import { PyBytes, PyError, type Value } from "../../python/index.ts";
import { bytesOf } from "./text.ts";

const { decodeBytes, signature } = semantics;

function digest(name: string, algorithm: string): FilterFunction {
  return filter(signature(name, ["instr"]), (_, [value = null]) => createHash(algorithm).update(bytesOf(value).bytes).digest("hex"));
}

const encode = filter(signature("base64_b64encode", ["instr"]), (_, [value = null]) =>
  Buffer.from(bytesOf(value).bytes).toString("base64"),
);

/** `base64.b64decode`: characters beyond the alphabet are passed over, missing padding is an error (binascii.Error). */
const decode = filter(signature("base64_b64decode", ["instr"]), (_, [value = null]) => {
  const bytes = decodeBase64(Buffer.from(bytesOf(value).bytes).toString("latin1"));
  try {
    return decodeBytes(bytes);
  } catch (error) {
    if (error instanceof PyError && error.type === "UnicodeDecodeError") return new PyBytes(bytes);
    throw error;
  }
});

function decodeBase64(text: string): Uint8Array {
  const letters: string[] = [];
  let pads = 0;
  for (const letter of text) {
    if (letter === "=") {
      if (letters.length % 4 >= 2 && (letters.length % 4) + ++pads >= 4) return Uint8Array.from(Buffer.from(letters.join(""), "base64"));
    } else if (/[A-Za-z0-9+/]/.test(letter)) {
      letters.push(letter);
      pads = 0;
    }
  }
  if (letters.length % 4 === 1) {
    const whole = Math.floor(letters.length / 4) * 4 + 1;
    throw new PyError("Error", `Invalid base64-encoded string: number of data characters (${whole}) cannot be 1 more than a multiple of 4`);
  }
  if (letters.length % 4 !== 0) throw new PyError("Error", "Incorrect padding");
  return Uint8Array.from(Buffer.from(letters.join(""), "base64"));
}

function signed(message: Value, secret: Value): Buffer {
  return createHmac("sha256", bytesOf(secret).bytes).update(bytesOf(message).bytes).digest();
}

const hmac = filter(
  signature("hmac_signature", ["string", "shared_secret", "challenge_hmac"]),
  (_, [message = null, secret = null, challenge = null]) => {
    return signed(message, secret).toString("base64") === Buffer.from(bytesOf(challenge).bytes).toString("latin1");
  },
);

const hmacCompute = filter(signature("hmac_compute", ["string", "shared_secret"]), (_, [message = null, secret = null]) =>
  signed(message, secret).toString("hex"),
);

/** Salt's hashes and encodings (salt/utils/hashutils.py). */
export const hashFilters: Readonly<Record<string, FilterFunction>> = {
  base64_decode: decode,
  base64_encode: encode,
  hmac,
  hmac_compute: hmacCompute,
  md5: digest("md5_digest", "md5"),
  sha1: digest("sha1_digest", "sha1"),
  sha256: digest("sha256_digest", "sha256"),
  sha512: digest("sha512_digest", "sha512"),
};
