import { execFile } from "node:child_process";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { build } from "../../../scripts/build.mjs";
import { Metrics, runProgram, runtimeMetrics, countedCommands, systemClock, UsageError } from "../../../src/controllers/runtime/index.ts";
import { PROJECT } from "../../cli/halite.ts";

interface Ended {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a bundle as a pod that has no API server does. */
function run(bundle: string, ...args: string[]): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(process.execPath, [join(PROJECT, `dist/bundles/${bundle}.cjs`), ...args], { env: {} }, (error, stdout, stderr) => {
      resolve({ status: error === null ? 0 : Number(error.code), stdout, stderr });
    });
  });
}

describe("how controllers' programs end", () => {
  beforeAll(async () => {
    await build();
  });

  test.each(["storage-node", "local-volume-provisioner", "lvm-csi", "volume-scheduler"])(
    "%s: with arguments that it does not know 2, outside of a pod 3, each with one line that says why",
    async (bundle) => {
      const usage = await run(bundle, "--nonsense");
      expect(usage).toMatchObject({ status: 2, stdout: "", stderr: expect.stringMatching(new RegExp(`^${bundle}: .*--nonsense.*\n$`)) });
      const files = { "storage-node": "--flavor-file=/gone", "local-volume-provisioner": "--config=/gone" }[bundle];
      const needed = bundle === "volume-scheduler" ? [] : ["--node=n1", ...(files === undefined ? [] : [files])];
      const outside = await run(bundle, ...needed, ...(bundle === "storage-node" ? ["--flavor=f"] : []));
      expect(outside).toMatchObject({ status: 3, stdout: "", stderr: expect.stringMatching(new RegExp(`^${bundle}: .+\n$`)) });
    },
  );

  test.each(["storage-node", "local-volume-provisioner", "lvm-csi"])("%s says which arguments it needs", async (bundle) => {
    expect(await run(bundle)).toMatchObject({ status: 2, stderr: expect.stringContaining("--node") });
  });

  test("in order: what the program gives", async () => {
    const said: string[] = [];
    const process = { exitCode: undefined as number | undefined, stderr: { write: (text: string) => said.push(text) } };
    await runProgram("demo", process, () => Promise.resolve(0));
    expect([process.exitCode, said]).toEqual([0, []]);
    await runProgram("demo", process, () => Promise.reject(new UsageError("--node is missing")));
    expect([process.exitCode, said]).toEqual([2, ["demo: --node is missing\n"]]);
  });

  test("each command on the node is counted, with what became of it", async () => {
    const metrics = new Metrics();
    const commands = countedCommands(runtimeMetrics(metrics), { clock: systemClock, prefix: ["env"] });
    await commands.run({ tool: "uname", args: [] });
    await commands.run({ tool: "uname", args: ["--nonsense"] }).catch(() => undefined);
    const text = await metrics.text();
    expect(text).toContain('halite_node_command_seconds_count{tool="uname",result="ok"} 1');
    expect(text).toContain('halite_node_command_seconds_count{tool="uname",result="failed"} 1');
  });
});
