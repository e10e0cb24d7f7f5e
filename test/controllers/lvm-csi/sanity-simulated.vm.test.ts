import { execFile } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmdirSync, rmSync, statSync, unlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { CsiServer } from "../../../src/controllers/csi/index.ts";
import { jsonLog, systemClock } from "../../../src/controllers/runtime/index.ts";
import { csiTool, haveCsiTools } from "../../csi-tools/build.ts";
import { driverOn, MIB, simulatedNode } from "./driver.ts";

// The same judge on the simulated node: seconds instead of minutes, so that it is asked of each type and of block devices too.
describe.skipIf(!haveCsiTools("csi-sanity"))("csi-sanity on the driver with simulated LVM", () => {
  test.each([
    ["thin", "mount"],
    ["linear", "mount"],
    ["striped", "mount"],
    ["thin", "block"],
    ["linear", "block"],
  ])("passes whole with %s volumes, %s, and leaves nothing behind", async (type, access) => {
    const folder = mkdtempSync(join(tmpdir(), "halite-sanity-"));
    const { node } = simulatedNode(8192);
    // What the judge looks at lies on this machine's own disk.
    node.after = ({ tool, args }) => {
      const path = args.at(-1) ?? "";
      if (!path.startsWith(folder)) return;
      if (tool === "mkdir") mkdirSync(path, { recursive: true });
      if (tool === "touch") writeFileSync(path, "");
      if (tool === "rmdir" && existsSync(path)) rmdirSync(path);
      if (tool === "unlink" && existsSync(path)) unlinkSync(path);
    };
    node.alsoThere = (path) =>
      path.startsWith(folder) && existsSync(path) ? (statSync(path).isDirectory() ? "directory" : "file") : undefined;
    const lines: string[] = [];
    const server = await CsiServer.start({
      socket: join(folder, "csi.sock"),
      services: driverOn(node).services,
      clock: systemClock,
      log: jsonLog({ clock: systemClock, write: (line) => lines.push(line) }),
    });
    try {
      writeFileSync(join(folder, "parameters.yaml"), `type: ${type}\n`);
      writeFileSync(join(folder, "mutable.yaml"), 'readIops: "500"\n');
      const flags = [
        `--csi.endpoint=${join(folder, "csi.sock")}`,
        `--csi.mountdir=${join(folder, "target")}`,
        `--csi.stagingdir=${join(folder, "staging")}`,
        `--csi.testvolumesize=${320 * MIB}`,
        `--csi.testvolumeexpandsize=${400 * MIB}`,
        `--csi.testvolumeaccesstype=${access}`,
        `--csi.testvolumeparameters=${join(folder, "parameters.yaml")}`,
        `--csi.testvolumemutableparameters=${join(folder, "mutable.yaml")}`,
        "--ginkgo.no-color",
      ];
      const run = await promisify(execFile)(csiTool("csi-sanity"), flags, { maxBuffer: 2 ** 26, timeout: 300_000 }).catch(
        (error: unknown) => error,
      );
      const stdout = typeof run === "object" && run !== null && "stdout" in run ? String(run.stdout) : String(run);
      expect(run, `${stdout.slice(-20_000)}\n${lines.slice(-20).join("")}`).not.toBeInstanceOf(Error);
      expect(stdout).toMatch(/ 0 Failed \| 1 Pending/);
      expect(node.volumes.map(({ name }) => name)).toEqual(["pool"]);
      expect(node.mounts).toEqual([]);
    } finally {
      await server.stop();
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
