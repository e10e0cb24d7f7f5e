import { createHash, randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Compiled code by name, for one build of the program and one Node. */
export interface CodeCache {
  /** What was kept last; `undefined` where there is nothing, or not what was kept. */
  readonly read: () => Buffer | undefined;
  /** Keeps code for later processes, if that can be: a program that can't write beside itself runs without. */
  readonly keep: (code: Buffer) => void;
}

const DIGEST_BYTES = 32;

/**
 * In `node_modules/.cache/halite` of the program's folder, where other tools keep such things too; `undefined` where the program has no
 * `node_modules`. Files of other builds are removed when one is kept; each has its digest before it and is put in place by a rename.
 *
 * @param name of letters, digits and dashes
 */
export function codeCache(home: string, build: string, name: string): CodeCache | undefined {
  const modules = join(home, "node_modules");
  if (!existsSync(modules)) return undefined;
  const folder = join(modules, ".cache/halite");
  const own = `code-${build}-`;
  const file = join(folder, `${own}${process.version}-${process.arch}-${name}`);
  return {
    read: () => {
      try {
        const kept = readFileSync(file);
        const code = kept.subarray(DIGEST_BYTES);
        return digestOf(code).equals(kept.subarray(0, DIGEST_BYTES)) ? code : undefined;
      } catch {
        return undefined;
      }
    },
    keep: (code) => {
      const aside = `${file}.${process.pid}.${randomBytes(4).toString("hex")}`;
      try {
        mkdirSync(folder, { recursive: true });
        writeFileSync(aside, Buffer.concat([digestOf(code), code]));
        renameSync(aside, file);
        for (const other of readdirSync(folder))
          if (other.startsWith("code-") && !other.startsWith(own)) rmSync(join(folder, other), { force: true });
      } catch {
        removeIfPossible(aside);
      }
    },
  };
}

/** Where a folder can't be written nothing can be removed either. */
function removeIfPossible(file: string): void {
  try {
    rmSync(file, { force: true });
  } catch {
    // Nothing was written then.
  }
}

function digestOf(code: Buffer): Buffer {
  return createHash("sha256").update(code).digest();
}
