// `npm run bench`: installs, builds, runs the benchmark.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const { build } = await import("./build.mjs");
await build();
const done = spawnSync(process.execPath, [`${root}node_modules/tsx/dist/cli.mjs`, `${root}bench/run.ts`, ...process.argv.slice(2)], {
  cwd: root,
  stdio: "inherit",
});
process.exitCode = done.status ?? 1;
