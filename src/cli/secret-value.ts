import { createReadStream } from "node:fs";
import { SecretValue } from "../sealed/index.ts";
import { EnvironmentError, UsageError, type CommandContext } from "./command.ts";

/** Bytes of a value at most: no Secret of Kubernetes holds more. */
const LIMIT = 1024 * 1024;

/**
 * Reads the value that is to be sealed: from the file descriptor of `--fd`, else from standard input, where on a terminal it is asked for and not
 * shown. The bytes are taken as they come; `--trim` takes one line end off.
 *
 * @throws UsageError, EnvironmentError
 */
export async function readValue(context: CommandContext): Promise<SecretValue> {
  const { arguments: args, terminal } = context;
  const fd = args.value("fd");
  if (fd !== undefined && !/^\d{1,4}$/.test(fd))
    throw new UsageError(`--fd takes the number of an open file descriptor, not ${JSON.stringify(fd)}`);
  const asked = fd === undefined && process.stdin.isTTY;
  const bytes = asked
    ? await askHidden(context)
    : await readAll(fd === undefined || fd === "0" ? process.stdin : createReadStream("", { fd: Number(fd), autoClose: false }), fd);
  if (bytes.length === 0) throw new UsageError("the value is empty: nothing came from standard input (or --fd)");
  const end = bytes.at(-1) !== 0x0a ? bytes.length : bytes.at(-2) === 0x0d ? bytes.length - 2 : bytes.length - 1;
  if (end === bytes.length) return SecretValue.of(bytes);
  if (args.flag("trim")) {
    // A copy: a Buffer's slice is the same memory.
    const trimmed = Uint8Array.from(bytes.subarray(0, end));
    bytes.fill(0);
    return SecretValue.of(trimmed);
  }
  terminal.err("note: the value ends with a line end, which is sealed with it; --trim takes it off\n");
  return SecretValue.of(bytes);
}

async function readAll(stream: NodeJS.ReadableStream, fd: string | undefined): Promise<Uint8Array> {
  const parts: Buffer[] = [];
  let size = 0;
  try {
    for await (const part of stream) {
      const bytes = Buffer.from(part);
      size += bytes.length;
      if (size > LIMIT) throw new UsageError(`the value is larger than ${LIMIT} bytes, which no Secret holds`);
      parts.push(bytes);
    }
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new EnvironmentError(
      `the value can't be read${fd === undefined ? "" : ` from file descriptor ${fd}`}: ${error instanceof Error ? error.message : String(error)}`,
      "open it in the shell: halite secret seal … --fd 3 3<FILE",
    );
  }
  const whole = Buffer.concat(parts);
  for (const part of parts) part.fill(0);
  return whole;
}

/** One line from the terminal, without an echo. */
function askHidden({ terminal }: CommandContext): Promise<Uint8Array> {
  terminal.err("Value (not shown; Enter ends it): ");
  const { stdin } = process;
  stdin.setRawMode(true);
  const bytes: number[] = [];
  return new Promise((resolve, reject) => {
    const end = (how: () => void): void => {
      stdin.setRawMode(false);
      stdin.off("data", take);
      stdin.pause();
      terminal.err("\n");
      how();
    };
    const take = (part: Buffer): void => {
      for (const byte of part) {
        if (byte === 0x03 || byte === 0x04) return end(() => reject(new UsageError("nothing was sealed")));
        if (byte === 0x0d || byte === 0x0a) return end(() => resolve(Uint8Array.from(bytes)));
        if (byte === 0x7f || byte === 0x08) bytes.pop();
        else bytes.push(byte);
      }
    };
    stdin.on("data", take);
    stdin.resume();
  });
}
