import { spawn, type ChildProcess } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createSecureServer, type ServerHttp2Stream } from "node:http2";
import { build as esbuild } from "esbuild";
import { beforeAll, describe, expect, test } from "vitest";
import { build } from "../../../scripts/build.mjs";
import { Metrics, runProcess, systemClock, type HostProcess } from "../../../src/controllers/runtime/index.ts";
import { NO_LOG } from "../../../src/kubernetes/index.ts";
import { inTemporaryFolder, PROJECT } from "../../cli/halite.ts";
import { mustRun } from "../../real/run.ts";
import { endsSoon, NO_PODS, Port, until } from "../../kubernetes/servers.ts";

/** A process that is sent signals by the test alone. */
function hostProcess(): { readonly process: HostProcess; readonly signal: () => void } {
  const handlers = new Set<() => void>();
  return {
    process: { on: (_signal, handler) => handlers.add(handler), off: (_signal, handler) => handlers.delete(handler) },
    signal: () => {
      for (const handler of handlers) handler();
    },
  };
}

describe("runProcess", () => {
  const common = { clock: systemClock, log: NO_LOG, metrics: new Metrics(), port: 0, host: "127.0.0.1" };

  test("work that has failed ends what it had begun", async () => {
    const { process } = hostProcess();
    let begun: AbortSignal | undefined;
    const status = await runProcess({
      ...common,
      process,
      work: async (signal) => {
        begun = signal;
        await Promise.reject(new Error("a bug"));
      },
    });
    expect([status, begun?.aborted]).toEqual([1, true]);
  });

  test("what the work still waits for after its signal is hurried", async () => {
    const { process, signal } = hostProcess();
    let answer = (): void => undefined;
    let begins = (): void => undefined;
    const begun = new Promise<void>((resolve) => (begins = resolve));
    const status = runProcess({
      ...common,
      process,
      hurry: () => answer(),
      work: () => {
        begins();
        return new Promise((resolve) => (answer = resolve));
      },
    });
    await begun;
    signal();
    // What is not hurried ends by its own limit, with 1.
    expect(await status).toBe(0);
  });
});

/** A program as it runs, with what it says. */
class Program {
  readonly child: ChildProcess;
  readonly ended: Promise<number | string | null>;
  said = "";

  constructor(file: string, args: readonly string[], env: Readonly<Record<string, string>> = {}) {
    this.child = spawn(process.execPath, [file, ...args], {
      env: { PATH: process.env["PATH"] ?? "", ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    for (const output of [this.child.stdout, this.child.stderr]) output?.on("data", (chunk: Buffer) => (this.said += chunk.toString()));
    this.ended = new Promise((resolve) => this.child.once("exit", (status, signal) => resolve(status ?? signal)));
  }

  /** Its exit status after SIGTERM, or that it did not end within so many milliseconds. */
  async end(within: number): Promise<number | string | null> {
    this.child.kill("SIGTERM");
    if (!(await endsSoon(this.ended, within))) {
      this.child.kill("SIGKILL");
      return `it did not end in ${within} ms: ${this.said.slice(-2000)}`;
    }
    return await this.ended;
  }
}

/** A program of the test's own. */
async function withProgram(work: string, act: (program: Program) => Promise<void>): Promise<void> {
  await inTemporaryFolder(async (folder) => {
    const { outputFiles } = await esbuild({
      stdin: {
        contents: `import { jsonLog, Metrics, runProcess, runProgram, systemClock } from "./src/controllers/runtime/index.ts";
          const log = jsonLog({ clock: systemClock, write: (line) => process.stdout.write(line) });
          const main = () => runProcess({ process, clock: systemClock, log, metrics: new Metrics(), port: 0, host: "127.0.0.1", work: ${work} });
          void runProgram({ name: "demo", about: "", options: {} }, process, main);`,
        resolveDir: PROJECT,
        loader: "ts",
      },
      bundle: true,
      platform: "node",
      write: false,
    });
    const file = join(folder, "demo.cjs");
    writeFileSync(file, outputFiles[0]?.text ?? "");
    const program = new Program(file, []);
    try {
      await act(program);
    } finally {
      program.child.kill("SIGKILL");
    }
  });
}

describe("a controller's process", () => {
  test("ends when its work has ended, although something of it is open still", async () => {
    await withProgram(
      `async (signal) => { setInterval(() => undefined, 1000); await systemClock.sleep(1e6, signal); }`,
      async (program) => {
        await until("it has begun", () => program.said.includes('"begins"'), 120_000);
        expect(await program.end(60_000)).toBe(0);
      },
    );
  });

  test("goes on when nobody reads its words any more", async () => {
    const work = `async (signal) => { for (;;) { log.info("a line"); await systemClock.sleep(5, signal); if (signal.aborted) return; } }`;
    await withProgram(work, async (program) => {
      await until("it has begun", () => program.said.includes('"begins"'), 120_000);
      program.child.stdout?.destroy();
      program.child.stderr?.destroy();
      // Some hundred lines that nobody gets.
      expect(await endsSoon(program.ended, 1500)).toBe(false);
      expect(await program.end(60_000)).toBe(0);
    });
  });
});

describe("SIGTERM while the API server gives no answer", () => {
  beforeAll(async () => {
    await build();
  });

  /** What a server does with each request; lists and watches are there in `leads`, and all is silent once the Lease is held. */
  const SERVERS = {
    "is not there": undefined,
    "says nothing": "silent",
    "answers no request": () => undefined,
    "answers lists alone": (stream: ServerHttp2Stream, path: string) => answerLists(stream, path),
    "falls silent while this one leads": (stream: ServerHttp2Stream, path: string, method: string, body: string) => {
      if (!answerLists(stream, path) && path.includes("/leases")) leaseAnswer(stream, method, body);
    },
  } as const;

  test.each(
    Object.entries(SERVERS).flatMap(([what, server]) =>
      (["volume-scheduler", "local-volume-provisioner"] as const).map((bundle) => [bundle, what, server] as const),
    ),
  )("%s, of a server that %s: it ends in a few seconds", async (bundle, _what, server) => {
    await inTemporaryFolder(async (folder) => {
      const account = await certified(folder);
      writeFileSync(join(folder, "config.json"), `{"classes": {}, "erase": []}`);
      let asked = 0;
      const tls = createSecureServer({ key: readFileSync(join(folder, "key.pem")), cert: readFileSync(join(account, "ca.crt")) });
      tls.on("session", (session) => session.on("error", () => undefined));
      tls.on("stream", (stream, headers) => {
        asked++;
        stream.on("error", () => undefined);
        let body = "";
        stream.on("data", (chunk: Buffer) => (body += chunk.toString()));
        stream.on("end", () => {
          if (typeof server === "function") server(stream, String(headers[":path"]), String(headers[":method"]), body);
        });
      });
      const port = await Port.listen((socket) => {
        if (typeof server === "function") tls.emit("connection", socket);
        else if (server === undefined) socket.resetAndDestroy();
        else socket.resume();
      });
      const [host = "", number = ""] = port.authority.split(":");
      const args =
        bundle === "volume-scheduler"
          ? ["--port=0", "--health-port=0", "--health-host=127.0.0.1"]
          : [
              "--node=n1",
              `--config=${join(folder, "config.json")}`,
              `--configuration=${join(folder, "none")}`,
              "--port=0",
              "--host=127.0.0.1",
            ];
      const program = new Program(join(PROJECT, `dist/bundles/${bundle}.cjs`), [...args, `--account=${account}`], {
        KUBERNETES_SERVICE_HOST: host,
        KUBERNETES_SERVICE_PORT: number,
      });
      try {
        await until("it has asked", () => (typeof server === "function" ? asked > 0 : port.connections > 0), 120_000);
        if (_what.includes("leads") && bundle === "volume-scheduler")
          await until("it leads", () => program.said.includes('"leads"'), 120_000);
        // Who is later than its pod's time says so by 1.
        expect(await program.end(60_000)).toBe(0);
      } finally {
        program.child.kill("SIGKILL");
        await port.close();
      }
    });
  });
});

/** A ServiceAccount's folder, whose authority is the server's own certificate. */
async function certified(folder: string): Promise<string> {
  const account = join(folder, "account");
  mkdirSync(account);
  const names = ["-subj", "/CN=test", "-addext", "subjectAltName=IP:127.0.0.1"];
  const files = ["-keyout", join(folder, "key.pem"), "-out", join(account, "ca.crt")];
  await mustRun("openssl", ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", ...names, ...files]);
  writeFileSync(join(account, "token"), "token");
  return account;
}

function answerLists(stream: ServerHttp2Stream, path: string): boolean {
  const watch = path.includes("watch=true");
  if (!watch && !path.includes("limit=")) return false;
  stream.respond({ ":status": 200 });
  if (watch) stream.write("\n");
  else stream.end(NO_PODS);
  return true;
}

/** There is no Lease; who makes one has it, and hears nothing of it after that. */
function leaseAnswer(stream: ServerHttp2Stream, method: string, body: string): void {
  if (method === "POST") {
    const lease: { metadata: Record<string, unknown> } = JSON.parse(body);
    stream.respond({ ":status": 201 });
    stream.end(JSON.stringify({ ...lease, metadata: { ...lease.metadata, resourceVersion: "1" } }));
  } else if (method === "GET") {
    stream.respond({ ":status": 404 });
    stream.end(`{"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "NotFound", "code": 404}`);
  }
}
