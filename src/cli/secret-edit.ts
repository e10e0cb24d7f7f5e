import { spawn, type ChildProcess } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { createInterface } from "node:readline/promises";
import { FindingError } from "../finding/index.ts";
import { createSopsFile, SopsFile } from "../unseal/index.ts";
import { EnvironmentError, UsageError, type Command, type CommandContext, type ExitCode } from "./command.ts";
import { privateFile } from "./private-file.ts";
import { reportError } from "./report-error.ts";
import { SecretFleet, sopsTime } from "./secret-fleet.ts";
import { writeWhole } from "./write-whole.ts";

/** `halite secret edit FILE`. */
export const command: Command = {
  run: async (context) => {
    const [written, ...more] = context.arguments.positional;
    if (written === undefined || more.length > 0) throw new UsageError("name one SOPS file");
    if (written.includes("#")) throw new UsageError("edit opens a whole file; `halite secret seal FILE#PATH` changes one value");
    const fleet = SecretFleet.open(context);
    const file = fleet.fileName(written);
    const absolute = join(fleet.root, file);
    const display = fleet.display(file);
    const old = existsSync(absolute) ? await SopsFile.read(fleet.read(file), display).open(await fleet.ring()) : undefined;
    const rule = old === undefined ? fleet.rule(file, fleet.clusterKeys(context.arguments.value("clusters")).values()).rule : undefined;
    const before = old?.plainText() ?? new Uint8Array();
    try {
      const encrypt = async (plain: Uint8Array): Promise<string> => {
        const now = sopsTime(Date.now());
        if (old !== undefined) return old.withPlainText(plain, now);
        if (rule === undefined) throw new TypeError("neither a file nor a rule");
        return createSopsFile(plain, display, { ...rule, gpg: fleet.gpg() }, now);
      };
      return await editUntilWhole(context, basename(file), display, before, encrypt, (text) => writeWhole(absolute, text));
    } finally {
      before.fill(0);
      old?.wipe();
    }
  },
};

async function editUntilWhole(
  context: CommandContext,
  name: string,
  display: string,
  before: Uint8Array,
  encrypt: (plain: Uint8Array) => Promise<string>,
  write: (text: string) => void,
): Promise<ExitCode> {
  const { terminal, arguments: args } = context;
  const say = (changed: boolean, text: string): 0 => {
    terminal.out(args.flag("json") ? `${JSON.stringify({ file: display, changed }, undefined, 2)}\n` : `${text}\n`);
    return 0;
  };
  const plain = privateFile(name, before, context.env);
  const signals = ["SIGTERM", "SIGHUP", "SIGINT"] as const;
  let editor: ChildProcess | undefined;
  // Ctrl-C is the editor's, which has the terminal; who ends this process ends the editor.
  const ended = (signal: NodeJS.Signals): void => {
    if (signal === "SIGINT" && process.stdin.isTTY) return;
    plain.remove();
    editor?.kill("SIGTERM");
    process.exit(128 + (signal === "SIGTERM" ? 15 : signal === "SIGHUP" ? 1 : 2));
  };
  for (const signal of signals) process.on(signal, ended);
  try {
    for (;;) {
      editor = startEditor(plain.path, context.env);
      await endOf(editor);
      const after = readFileSync(plain.path);
      try {
        if (Buffer.from(before).equals(after)) return say(false, `${display} is as it was`);
        const text = await encrypt(after);
        write(text);
        return say(true, `sealed ${display}`);
      } catch (error) {
        if (!(error instanceof FindingError) || !process.stdin.isTTY) throw error;
        reportError(error, { name: "secret" }, terminal);
        await askAgain();
      } finally {
        after.fill(0);
      }
    }
  } finally {
    for (const signal of signals) process.off(signal, ended);
    plain.remove();
  }
}

/** The editor of SOPS_EDITOR, VISUAL or EDITOR, with its arguments; vi where none is set. */
function startEditor(path: string, env: CommandContext["env"]): ChildProcess {
  const words = [env["SOPS_EDITOR"], env["VISUAL"], env["EDITOR"]].find((each) => each !== undefined && each.trim() !== "") ?? "vi";
  const [program = "vi", ...more] = Array.from(
    words.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g),
    (match) => match[1] ?? match[2] ?? match[3] ?? "",
  );
  return spawn(program, [...more, path], { stdio: "inherit" });
}

function endOf(editor: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    editor.once("error", (error) =>
      reject(
        new EnvironmentError(`the editor can't be started: ${error.message}`, "set EDITOR to the one that you use; nothing was changed"),
      ),
    );
    editor.once("exit", (code, signal) => {
      if (code === 0) resolve();
      else reject(new EnvironmentError(`the editor ended with ${signal ?? `status ${code}`}`, "nothing was changed"));
    });
  });
}

async function askAgain(): Promise<void> {
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    await lines.question("Enter opens the editor again, Ctrl-C leaves the file as it was: ");
  } finally {
    lines.close();
  }
}
