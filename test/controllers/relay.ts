import { chmod, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:net";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { NodeCommandError, type NodeCommand, type NodeCommands, type NodeResult } from "../../src/controllers/runtime/index.ts";

/** A program that stands before the commands of a controller's process (`--enter`), and has them run where the test says. */
export interface Relay {
  readonly program: string;
  stop(): Promise<void>;
}

export async function startRelay(folder: string, commands: NodeCommands): Promise<Relay> {
  const socket = join(folder, "relay.sock");
  const program = join(folder, "enter.cjs");
  const server: Server = createServer({ allowHalfOpen: true }, (connection) => {
    connection.on("error", () => undefined);
    void answer(connection, commands).then((result) => connection.end(JSON.stringify(result)));
  });
  await new Promise<void>((resolve) => {
    server.listen(socket, resolve);
  });
  await writeFile(program, `#!${process.execPath}\n(${client.toString()})(${JSON.stringify(socket)});\n`);
  await chmod(program, 0o755);
  return {
    program,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
      }),
  };
}

async function answer(connection: NodeJS.ReadableStream, commands: NodeCommands): Promise<NodeResult> {
  // Sent by the client below.
  const { words, input } = JSON.parse(await text(connection)) as { readonly words: readonly string[]; readonly input: string };
  const [tool = "", ...args] = words;
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- HostCommands runs no other
  const command = { tool, args, ...(input !== "" && { input: Buffer.from(input, "base64").toString("utf8") }) } as NodeCommand;
  try {
    return await commands.run(command);
  } catch (error) {
    if (error instanceof NodeCommandError) return error.result;
    return { status: 255, stdout: "", stderr: String(error) };
  }
}

/** The program: its own source is written into a file, so it refers to nothing around it. */
function client(path: string): void {
  // oxlint-disable-next-line typescript/no-require-imports -- a CommonJS file of its own
  const { connect } = require("node:net") as typeof import("node:net");
  const input: Buffer[] = [];
  process.stdin.on("data", (chunk: Buffer) => input.push(chunk));
  process.stdin.on("end", () => {
    const connection = connect(path);
    connection.end(JSON.stringify({ words: process.argv.slice(2), input: Buffer.concat(input).toString("base64") }));
    let output = "";
    connection.setEncoding("utf8").on("data", (chunk: string) => (output += chunk));
    connection.on("end", () => {
      const { status, stdout, stderr } = JSON.parse(output) as NodeResult;
      process.stdout.write(stdout);
      process.stderr.write(stderr);
      process.exitCode = status;
    });
  });
}
