// `npm start`: installs, builds, then compiles, validates and publishes this folder's fleet.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { install } from "./install.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
if (install()) console.error("installed dependencies");
const { build } = await import("./build.mjs");
if (await build()) console.error("built dist/halite.mjs");
const done = spawnSync(process.execPath, [`${root}dist/halite.mjs`, "start", "--config", `${root}halite.yaml`, ...process.argv.slice(2)], {
  cwd: root,
  stdio: "inherit",
});
process.exitCode = done.status ?? 3;
