import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { build } from "esbuild";
import { inTemporaryFolder, PROJECT } from "./cli/halite.ts";

/**
 * Runs a module of TypeScript in a process that may open a hundred files, all of which it opens with `fill()` until `closeAll()`: each child that it starts then fails, and has
 * no streams. What it prints; with the error, where one ended it.
 */
export async function withoutFiles(source: string): Promise<string> {
  const fill = `
    import { closeSync, openSync } from "node:fs";
    const opened = [];
    function fill() { try { for (;;) opened.push(openSync("/dev/null", "r")); } catch {} }
    function closeAll() { for (const file of opened.splice(0)) closeSync(file); }
  `;
  return await runModule(`${fill}${source}`, ["sh", "-c", 'ulimit -n 100; exec "$0" "$1"']);
}

/** Runs a module of TypeScript below a program. What it prints; with the error, where one ended it. */
export async function runModule(source: string, [below = "env", ...args]: readonly string[]): Promise<string> {
  return await inTemporaryFolder(async (folder) => {
    const program = join(folder, "program.mjs");
    const bundled = await build({
      stdin: { contents: source, resolveDir: PROJECT, loader: "ts" },
      bundle: true,
      platform: "node",
      format: "esm",
      write: false,
      banner: { js: 'import { createRequire as made } from "node:module"; const require = made(import.meta.url);' },
    });
    await writeFile(program, bundled.outputFiles[0]?.text ?? "");
    return await new Promise((resolve) => {
      execFile(below, [...args, process.execPath, program], { cwd: folder, timeout: 60_000 }, (error, stdout, stderr) => {
        resolve(`${stdout}${error === null ? "" : `${error.message}\n${stderr}`}`);
      });
    });
  });
}
