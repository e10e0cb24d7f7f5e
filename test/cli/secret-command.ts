import { spawn } from "node:child_process";
import { HALITE, type Run } from "./halite.ts";

/** Runs `halite secret` with a text on its standard input. */
export function secret(folder: string, args: readonly string[], input = ""): Promise<Run> {
  const child = spawn(process.execPath, [HALITE, "secret", ...args], {
    cwd: folder,
    env: { PATH: process.env["PATH"] ?? "", HOME: folder },
  });
  let [stdout, stderr] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (part: string) => (stdout += part));
  child.stderr.setEncoding("utf8").on("data", (part: string) => (stderr += part));
  child.stdin.on("error", () => undefined);
  child.stdin.end(input);
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (status) => resolve({ status, stdout, stderr }));
  });
}
