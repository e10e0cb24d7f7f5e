import { execFile } from "node:child_process";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { buildControlPlane, type ControlPlane } from "../control-plane/index.ts";

/** The real addon manager's script, with kubectl of the cluster's version: one pass over a folder, as its loop does it. */
export class RealAddonManager {
  readonly #plane: ControlPlane;
  readonly folder: string;

  constructor(plane: ControlPlane, name: string) {
    this.#plane = plane;
    this.folder = join(plane.folder, "addons", name);
  }

  /** Writes the addons' folder anew and runs one pass. Gives what the script printed. */
  async pass(files: Readonly<Record<string, string>>): Promise<string> {
    await rm(this.folder, { recursive: true, force: true });
    await mkdir(this.folder, { recursive: true });
    for (const [name, text] of Object.entries(files)) {
      await mkdir(dirname(join(this.folder, name)), { recursive: true });
      await writeFile(join(this.folder, name), text);
    }
    const { kubectl, scripts } = await buildControlPlane();
    const env = {
      PATH: process.env["PATH"] ?? "",
      HOME: this.#plane.folder,
      KUBECTL_BIN: kubectl,
      KUBECTL_OPTS: `--kubeconfig=${this.#plane.kubeconfig}`,
      ADDON_PATH: this.folder,
    };
    return await new Promise((resolve, reject) => {
      execFile(
        "bash",
        ["-c", "source ./kube-addons.sh; ensure_addons; reconcile_addons"],
        { cwd: scripts, env, timeout: 240_000 },
        (error, stdout, stderr) => {
          // A pass that fails in part ends with a status that says nothing.
          if (error !== null && error.killed === true) reject(error);
          else resolve(`${stdout}${stderr}`);
        },
      );
    });
  }
}
