import { readFileSync } from "node:fs";
import { execFile } from "node:child_process";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { build } from "../../../scripts/build.mjs";
import {
  Metrics,
  runProgram,
  runtimeMetrics,
  countedCommands,
  systemClock,
  UsageError,
  type ProgramValues,
} from "../../../src/controllers/runtime/index.ts";
import { PROJECT } from "../../cli/halite.ts";

const CONTROLLERS = ["storage-node", "local-volume-provisioner", "lvm-csi", "volume-scheduler"] as const;
const OPTIONS = {
  node: { type: "string", required: true, about: "the Node's name" },
  zone: { type: "string", required: true, about: "its zone" },
  port: { type: "number", default: 9000, about: "of /healthz" },
  host: { type: "string", about: "on which that is served" },
  dry: { type: "boolean", about: "nothing is done" },
} as const;

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

  test.each(CONTROLLERS)(
    "%s: with arguments that it does not know 2, outside of a pod 3, each with one line that says why",
    async (bundle) => {
      const usage = await run(bundle, "--nonsense");
      expect(usage).toMatchObject({ status: 2, stdout: "", stderr: expect.stringMatching(new RegExp(`^${bundle}: .*--nonsense.*\n$`)) });
      const given: Readonly<Record<string, string>> = {
        "storage-node": "--flavor-file=/gone",
        "local-volume-provisioner": "--config=/gone",
      };
      const files = given[bundle];
      const needed = bundle === "volume-scheduler" ? [] : ["--node=n1", ...(files === undefined ? [] : [files])];
      const outside = await run(bundle, ...needed, ...(bundle === "storage-node" ? ["--flavor=f"] : []));
      expect(outside).toMatchObject({ status: 3, stdout: "", stderr: expect.stringMatching(new RegExp(`^${bundle}: .+\n$`)) });
    },
  );

  test.each(["storage-node", "local-volume-provisioner", "lvm-csi"])("%s says which arguments it needs", async (bundle) => {
    expect(await run(bundle)).toMatchObject({ status: 2, stderr: expect.stringContaining("--node") });
  });

  /** Runs a program of the test's own in this process. */
  async function runHere(args: readonly string[], main: (values: ProgramValues<typeof OPTIONS>) => Promise<number>): Promise<Ended> {
    const said = { stdout: "", stderr: "" };
    const process = {
      exitCode: undefined as number | undefined,
      argv: ["node", "demo.cjs", ...args],
      stdout: { write: (text: string) => (said.stdout += text), on: () => undefined },
      stderr: { write: (text: string) => (said.stderr += text), on: () => undefined },
      exit: () => undefined,
    };
    await runProgram({ name: "demo", about: "shows options", options: OPTIONS }, process, main);
    return { status: process.exitCode ?? -1, ...said };
  }

  test("in order: what the program gives", async () => {
    expect(await runHere(["--node=n", "--zone=z"], () => Promise.resolve(0))).toEqual({ status: 0, stdout: "", stderr: "" });
    expect(await runHere(["--node=n", "--zone=z"], () => Promise.reject(new UsageError("--node is odd")))).toEqual({
      status: 2,
      stdout: "",
      stderr: "demo: --node is odd\n",
    });
  });

  test("options: text, whole numbers, switches, defaults, and what is needed", async () => {
    const given: unknown[] = [];
    const main = (values: ProgramValues<typeof OPTIONS>): Promise<number> => {
      given.push(values);
      return Promise.resolve(0);
    };
    await runHere(["--node=n1", "--zone=z"], main);
    await runHere(["--node", "n2", "--zone=z", "--port=0", "--dry", "--host=::1"], main);
    const defaults = { host: undefined, port: 9000, dry: false };
    expect(given).toEqual([
      { ...defaults, node: "n1", zone: "z" },
      { node: "n2", zone: "z", port: 0, dry: true, host: "::1" },
    ]);
    for (const [args, why] of [
      [[], "--node and --zone are missing"],
      [["--node=", "--zone=z"], "--node is missing"],
      [["--node=n", "--zone=z", "--port=9e3"], '--port takes a whole number, not "9e3"'],
      [["--node=n", "--zone=z", "--port=-1"], '--port takes a whole number, not "-1"'],
      [["--node=n", "--zone=z", "more"], "Unexpected argument 'more'"],
    ] as const)
      expect(await runHere(args, main)).toMatchObject({ status: 2, stdout: "", stderr: expect.stringContaining(`demo: ${why}`) });
    expect(given).toHaveLength(2);
  });

  test.each([...CONTROLLERS, "halite-sync"])("%s has help, and says its version", async (bundle) => {
    const help = await run(bundle, "--help");
    expect(help).toMatchObject({ status: 0, stderr: "" });
    // The zone's job has the command's page.
    if (bundle === "halite-sync") expect(help.stdout).toMatch(/^halite sync: /);
    else await expect(help.stdout).toMatchFileSnapshot(`golden/${bundle}.help.txt`);
    const { version } = JSON.parse(readFileSync(join(PROJECT, "package.json"), "utf8"));
    expect(await run(bundle, "--version")).toEqual({ status: 0, stdout: `${bundle} ${version}\n`, stderr: "" });
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
