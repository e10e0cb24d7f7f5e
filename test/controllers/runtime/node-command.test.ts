import { mkdtempSync, readFileSync, rmSync, existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import {
  describeCommand,
  HostCommands,
  NodeCommandError,
  systemClock,
  type HostCommandsOptions,
  type NodeCommand,
} from "../../../src/controllers/runtime/index.ts";
import { until } from "./api.ts";
import { ManualClock } from "./manual-clock.ts";

const folder = mkdtempSync(join(tmpdir(), "halite-command-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Runs a script of bash in the place of a program of the node, with the program's name and arguments. */
const commands = (script: string, options: Partial<HostCommandsOptions> = {}): HostCommands =>
  new HostCommands({ clock: systemClock, grace: 200, prefix: ["bash", "--norc", "-c", script, "bash"], ...options });

const VGS: NodeCommand = { tool: "vgs", args: ["--reportformat", "json"] };

async function failure(run: Promise<unknown>): Promise<NodeCommandError> {
  const error: unknown = await run.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof NodeCommandError)) throw new Error(`no NodeCommandError: ${String(error)}`);
  return error;
}

test("arguments arrive as they are, whatever stands in them, and no shell reads them", async () => {
  const args = ["$(touch x)", "a b", "'", '"', "", "*", "`id`", "ü", "--", "\n"];
  const { stdout } = await commands('printf "%s\\0" "$@"').run({ tool: "vgs", args });
  expect(stdout.split("\0").slice(0, -1)).toEqual(["vgs", ...args]);
});

test("the environment is the command's own, its input comes on standard input", async () => {
  const { stdout } = await commands("cat; env | cut -d= -f1 | sort").run({ ...VGS, input: "secret\n" });
  expect(stdout.split("\n").filter((line) => !["", "_", "PWD", "SHLVL", "OLDPWD"].includes(line))).toEqual([
    "secret",
    "LANG",
    "LC_ALL",
    "PATH",
  ]);
});

test("an exit status that is accepted is a result, another one an error with what was said", async () => {
  expect(await commands("echo out; exit 5").run({ ...VGS, accept: [0, 5] })).toEqual({ status: 5, stdout: "out\n", stderr: "" });
  const error = await failure(commands("echo 'no such group' >&2; exit 5").run(VGS));
  expect(error.failure).toBe("failed");
  expect(error.message).toBe("vgs --reportformat json: exit status 5: no such group");
  expect(error.result.status).toBe(5);
});

test("at the deadline the command and all that it has started end, also what does not listen to SIGTERM", async () => {
  const file = join(folder, "pids");
  const script = `trap '' TERM; (trap '' TERM; echo $BASHPID >>${file}; sleep 1000) & echo $$ >>${file}; wait; wait`;
  const clock = new ManualClock();
  const ending = failure(commands(script, { clock }).run({ ...VGS, timeout: 300 }));
  const written = (): readonly string[] => (existsSync(file) ? readFileSync(file, "utf8").split("\n").slice(0, -1) : []);
  await until("both run", () => written().length === 2);
  // The deadline, and so long after SIGTERM.
  await clock.pass(300);
  await clock.pass(200);
  const error = await ending;
  expect(error.failure).toBe("timeout");
  expect(error.message).toContain("it had not ended after 0.3 s");
  expect(error.lingers).toBe(false);
  for (const pid of written()) await until("it is gone", () => !isAlive(pid));
});

test("what a command leaves behind is ended, and can't keep it from being done", async () => {
  const file = join(folder, "left");
  const { stdout } = await commands(`(echo $BASHPID >${file}; sleep 1000) & while [ ! -s ${file} ]; do :; done; echo done`).run(VGS);
  expect(stdout).toBe("done\n");
  await until("it is gone", () => !isAlive(readFileSync(file, "utf8").trim()));
});

test("output is bounded: more of it ends the command", async () => {
  const error = await failure(commands("yes", { mostOutput: 100_000 }).run(VGS));
  expect(error.failure).toBe("output");
  expect(error.message).toContain("it wrote more than 100000 bytes");
  expect(error.result.stdout.length).toBeLessThanOrEqual(100_000);
  const { stderr } = await commands("head -c 300000 /dev/zero | tr '\\0' x >&2; echo end >&2").run(VGS);
  expect(stderr).toHaveLength(64 * 1024);
  expect(stderr.endsWith("xend\n")).toBe(true);
});

test("when the process is to end, what runs is ended and nothing is begun", async () => {
  const stop = new AbortController();
  const file = join(folder, "begun");
  const running = failure(commands(`echo >${file}; sleep 1000`, { signal: stop.signal }).run(VGS));
  while (!existsSync(file)) await systemClock.sleep(10, stop.signal);
  stop.abort();
  expect((await running).failure).toBe("stopped");
  expect((await failure(commands("true", { signal: stop.signal }).run(VGS))).message).toContain("it was not begun");
});

test("what can't be started is said to be absent; what is not in the list is not run", async () => {
  const absent = await failure(commands("", { prefix: ["/nowhere/nsenter"] }).run(VGS));
  expect(absent.failure).toBe("absent");
  expect(absent.message).toContain("ENOENT");
  // As from a caller without types.
  const tool: unknown = "sh";
  const forbidden = await failure(commands("").run({ tool: tool as NodeCommand["tool"], args: [] }));
  expect(forbidden.message).toBe("sh: it is none of the programs that controllers run");
  expect((await failure(commands("").run({ tool: "vgs", args: ["a\0b"] }))).message).toContain("holds a NUL");
});

test("each run is timed with what became of it", async () => {
  const seen: string[] = [];
  const timed = ({ tool }: NodeCommand, result: string, milliseconds: number): void => {
    expect(milliseconds).toBeGreaterThan(0);
    seen.push(`${tool} ${result}`);
  };
  await commands("true", { timed }).run(VGS);
  await failure(commands("false", { timed }).run(VGS));
  expect(seen).toEqual(["vgs ok", "vgs failed"]);
});

test("messages show a command as it would be typed", () => {
  expect(describeCommand({ tool: "lvcreate", args: ["--name", "it's", "/dev/x", ""] })).toBe("lvcreate --name 'it'\\''s' /dev/x ''");
});

function isAlive(pid: string): boolean {
  // A process that has ended and waits to be taken leave of counts as gone.
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}
