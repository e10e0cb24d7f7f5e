// Installs the dependencies that package-lock.json names, when node_modules is missing or of another lock file.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const stamp = `${root}node_modules/.halite-installed`;

/** @returns {boolean} whether something was installed */
export function install() {
  const digest = createHash("sha256")
    .update(readFileSync(`${root}package-lock.json`))
    .digest("hex");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === digest) return false;
  // Not `npm ci`: it refuses a lock file that lacks optional packages of other platforms, which a registry mirror may not carry.
  const done = spawnSync("npm", ["install", "--no-save", "--no-audit", "--no-fund", "--loglevel=error"], {
    cwd: root,
    // What is installed here is built by whoever asks for it.
    env: { ...process.env, HALITE_INSTALLS: "1" },
    stdio: ["ignore", 2, 2],
  });
  if (done.error !== undefined || done.status !== 0) {
    console.error("npm install failed; see above. It needs a package registry: `npm config get registry` names yours.");
    process.exit(3);
  }
  writeFileSync(stamp, digest);
  return true;
}
