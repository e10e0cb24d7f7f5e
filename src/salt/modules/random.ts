import { createHash, getHashes } from "node:crypto";
import { PyError, PyBytes, str, truthy, type Value } from "../../python/index.ts";
import type { ModuleTable } from "./types.ts";

/** What of `random.*` is not random (salt/modules/mod_random.py, 3007.1). */
export function randomModule(): ModuleTable {
  return {
    hash: {
      signature: "value algorithm?",
      run: (_context, [value = null, algorithm = "sha512"]) => {
        if (!getHashes().includes(str(algorithm))) throw new PyError("SaltException", "You must specify a valid algorithm.");
        return createHash(str(algorithm)).update(bytesOf(value)).digest("hex");
      },
    },
    str_encode: {
      signature: "value encoder?",
      run: (_context, [value = null, encoder = "base64"]) => {
        if (!truthy(encoder) || str(encoder) !== "base64") throw new PyError("SaltInvocationError", "You must specify a valid encoder");
        return Buffer.from(bytesOf(value)).toString("base64");
      },
    },
  };
}

function bytesOf(value: Value): Uint8Array {
  if (typeof value === "string") return Buffer.from(value, "utf8");
  if (value instanceof PyBytes) return value.bytes;
  throw new PyError("SaltInvocationError", "Value must be an encode-able string");
}
