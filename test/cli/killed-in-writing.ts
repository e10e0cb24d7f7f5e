import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { HALITE } from "./halite.ts";

/**
 * Counts what a process, or one of its threads, does to files below its working folder, and has it killed instead of the last of them; of a text that is
 * to be written half is there then.
 */
const PRELOAD = `
const fs = require("node:fs");
const { resolve, sep } = require("node:path");
const { syncBuiltinESMExports } = require("node:module");
let left = Number(process.env.HALITE_TEST_WRITES);
const below = process.cwd() + sep;
const files = new Set();
const isOurs = (at) => (typeof at === "number" ? files.has(at) : typeof at === "string" && resolve(at).startsWith(below));
const isWrite = (name, flags) => name !== "openSync" || (typeof flags === "string" && !flags.startsWith("r"));
for (const name of ["mkdirSync", "openSync", "writeFileSync", "writeSync", "fsyncSync", "closeSync", "renameSync", "unlinkSync", "rmSync", "rmdirSync"]) {
  const real = fs[name];
  fs[name] = (at, ...rest) => {
    const counts = isOurs(at) && isWrite(name, rest[0]);
    if (counts && --left === 0) {
      if (name === "writeFileSync") fs.writevSync(typeof at === "number" ? at : fs.openSync(at, "w"), [Buffer.from(rest[0]).subarray(0, rest[0].length / 2)]);
      process.kill(process.pid, "SIGKILL");
    }
    const done = real(at, ...rest);
    if (counts && name === "openSync") files.add(done);
    if (name === "closeSync") files.delete(at);
    return done;
  };
}
syncBuiltinESMExports();
`;

/** Runs a command that is killed at that write. Says whether there were so many. */
export async function killedAtWrite(writes: number, folder: string, args: readonly string[]): Promise<boolean> {
  const preload = join(folder, "killed.cjs");
  writeFileSync(preload, PRELOAD);
  const child = spawn(process.execPath, [HALITE, ...args], {
    cwd: folder,
    stdio: "ignore",
    env: { PATH: process.env["PATH"] ?? "", HOME: folder, NODE_OPTIONS: `--require ${preload}`, HALITE_TEST_WRITES: String(writes) },
  });
  return await new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (_, signal) => resolve(signal === "SIGKILL"));
  });
}
