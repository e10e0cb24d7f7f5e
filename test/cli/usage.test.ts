import { describe, expect, test } from "vitest";
import { COMMANDS } from "../../src/cli/commands.ts";
import { main } from "../../src/cli/main.ts";
import { terminalOn } from "../../src/cli/terminal.ts";

interface Said {
  readonly status: number;
  readonly out: string;
  readonly err: string;
}

/** A stream that hands on what is written to it. */
function stream(write: (text: string) => void): { write(text: string): boolean } {
  return {
    write: (text) => {
      write(text);
      return true;
    },
  };
}

async function run(...args: string[]): Promise<Said> {
  let out = "";
  let err = "";
  const terminal = terminalOn(
    stream((text) => (out += text)),
    stream((text) => (err += text)),
    {},
  );
  const status = await main(args, terminal, "/nonexistent", {});
  return { status, out, err };
}

describe("help", () => {
  test("the overview names every command", async () => {
    const { status, out } = await run("--help");
    expect(status).toBe(0);
    await expect(out).toMatchFileSnapshot("golden/help.txt");
    for (const command of COMMANDS) expect(out).toContain(command.name);
  });

  test.each(COMMANDS.map((command) => command.name))("%s --help", async (name) => {
    const { status, out, err } = await run(name, "--help");
    expect({ status, err }).toEqual({ status: 0, err: "" });
    await expect(out).toMatchFileSnapshot(`golden/help-${name}.txt`);
    for (const line of out.split("\n")) expect(line.length).toBeLessThanOrEqual(100);
  });

  test("`help COMMAND` and `COMMAND -h` are the same page", async () => {
    expect((await run("help", "render")).out).toBe((await run("render", "-h")).out);
  });
});

describe("usage errors: one line that says what, one that says where the help is, exit 2", () => {
  test.each<[string, string[], string]>([
    ["unknown command", ["rendr"], "halite: unknown command rendr; did you mean render?\nTry `halite --help`.\n"],
    ["unknown command like nothing", ["frobnicate"], "halite: unknown command frobnicate\nTry `halite --help`.\n"],
    ["unknown option", ["render", "--chekc"], "halite: unknown option --chekc; did you mean --check?\nTry `halite render --help`.\n"],
    ["unknown short option", ["render", "-x"], "halite: unknown option -x\nTry `halite render --help`.\n"],
    ["a value is missing", ["render", "--out"], "halite: option --out needs a value\nTry `halite render --help`.\n"],
    ["a switch with a value", ["render", "--check=yes"], "halite: option --check takes no value\nTry `halite render --help`.\n"],
    ["given twice", ["render", "--out", "a", "--out", "b"], "halite: option --out was given more than once\nTry `halite render --help`.\n"],
    ["init without a folder", ["init"], "halite: name one folder for the new fleet\nTry `halite init --help`.\n"],
    [
      "completion of an unknown shell",
      ["completion", "tcsh"],
      "halite: name a shell: bash, zsh or fish\nTry `halite completion --help`.\n",
    ],
  ])("%s", async (_name, args, expected) => {
    expect(await run(...args)).toEqual({ status: 2, out: "", err: expected });
  });

  test("no command prints the overview and exits 2", async () => {
    expect(await run()).toMatchObject({ status: 2, err: "" });
  });
});

describe("completion", () => {
  test.each(["bash", "zsh", "fish"])("%s", async (shell) => {
    const { status, out } = await run("completion", shell);
    expect(status).toBe(0);
    await expect(out).toMatchFileSnapshot(`golden/completion.${shell}`);
  });
});
