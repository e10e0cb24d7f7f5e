import { mkdtempSync, rmSync } from "node:fs";
import { connect as connectHttp2 } from "node:http2";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { credentials, makeClientConstructor, type Client, type ServiceError } from "@grpc/grpc-js";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { CsiServer, serviceDefinition } from "../../../src/controllers/csi/index.ts";
import type { Handlers } from "../../../src/controllers/csi/messages.ts";
import { jsonLog, systemClock } from "../../../src/controllers/runtime/index.ts";
import { endsSoon, until } from "../../kubernetes/servers.ts";

describe("a CSI server with callers, and calls, that go wrong", () => {
  let folder: string;
  let socket: string;
  let server: CsiServer;
  let probe: () => Promise<object>;
  const clients: Client[] = [];
  let stopped: Promise<void> | undefined;
  const stop = (): Promise<void> => (stopped ??= server.stop());

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), "halite-csi-"));
    socket = join(folder, "csi.sock");
    stopped = undefined;
    probe = () => Promise.resolve({ ready: { value: true } });
    // What is answered is to be wrong, too.
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- as a handler with a bug would
    const Identity = { Probe: () => probe(), GetPluginInfo: () => Promise.resolve({ name: "n" }) } as unknown as Handlers<"Identity">;
    server = await CsiServer.start({
      socket,
      services: { Identity },
      clock: systemClock,
      log: jsonLog({ clock: systemClock, write: () => undefined }),
    });
  });
  afterEach(async () => {
    await stop();
    for (const client of clients.splice(0)) client.close();
    rmSync(folder, { recursive: true, force: true });
  });

  function begin(method: string): { readonly answer: Promise<ServiceError | object>; readonly cancel: () => void } {
    const definition = serviceDefinition("Identity");
    const of = definition[method];
    if (of === undefined) throw new Error(`no ${method}`);
    const client = new (makeClientConstructor(definition, "Identity"))(`unix:${socket}`, credentials.createInsecure());
    clients.push(client);
    let cancel = (): void => undefined;
    const answer = new Promise<ServiceError | object>((resolve) => {
      const call = client.makeUnaryRequest(of.path, of.requestSerialize, of.responseDeserialize, {}, (error, found: object | undefined) =>
        resolve(error ?? found ?? {}),
      );
      cancel = () => call.cancel();
    });
    return { answer, cancel };
  }

  async function isServing(): Promise<void> {
    expect(await begin("GetPluginInfo").answer).toMatchObject({ name: "n" });
  }

  /** A call that the server is at until it is said what it answers. */
  async function beginHeld(): Promise<{ readonly call: ReturnType<typeof begin>; readonly answer: (found: object) => void }> {
    return new Promise((resolve) => {
      probe = () => new Promise((answer) => resolve({ call, answer }));
      const call = begin("Probe");
    });
  }

  test("what is thrown that is no error, and an answer that is none of the message's, are INTERNAL", async () => {
    // oxlint-disable-next-line prefer-promise-reject-errors -- as other people's code does
    probe = () => Promise.reject("words");
    expect(await begin("Probe").answer).toMatchObject({ code: 13, details: "words" });
    probe = () => Promise.resolve({ ready: "no message" });
    expect(await begin("Probe").answer).toMatchObject({ code: 13 });
    await isServing();
  });

  test("a caller that cancels, or is gone, before it is answered", async () => {
    for (const gone of [true, false]) {
      const { call, answer } = await beginHeld();
      if (gone) for (const client of clients.splice(0)) client.close();
      call.cancel();
      await call.answer;
      answer({ ready: { value: true } });
    }
    await isServing();
  });

  test("what is no HTTP/2, no gRPC, no message, or too long a one", async () => {
    for (const text of ["GET / HTTP/1.1\r\n\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\nrubbish, rubbish, rubbish", "\0".repeat(100)]) {
      const client = connect(socket);
      client.on("error", () => undefined);
      client.write(text);
      client.resume();
      await new Promise<void>((resolve) => {
        client.once("close", () => resolve());
        setTimeout(() => client.destroy(), 100);
      });
    }
    const bodies = [
      Buffer.from("rubbish"),
      Buffer.concat([Buffer.of(0, 0, 0, 0, 3), Buffer.of(255, 255, 255)]),
      Buffer.concat([Buffer.of(1, 0, 0, 0, 3), Buffer.of(1, 2, 3)]),
      Buffer.concat([Buffer.of(0, 0xff, 0xff, 0xff, 0xff), Buffer.of(1, 2, 3)]),
      Buffer.concat([Buffer.of(0, 0, 0x60, 0, 0), Buffer.alloc(0x600000)]),
    ];
    for (const [index, body] of bodies.entries()) {
      const session = connectHttp2("http://localhost", { createConnection: () => connect(socket) });
      session.on("error", () => undefined);
      const stream = session.request({
        ":method": "POST",
        ":path": "/csi.v1.Identity/Probe",
        "content-type": index === 0 ? "text/plain" : "application/grpc",
        te: "trailers",
      });
      stream.on("error", () => undefined);
      stream.resume();
      stream.end(body);
      await new Promise<void>((resolve) => {
        stream.once("close", () => resolve());
        setTimeout(() => session.destroy(), 1000);
      });
      session.destroy();
    }
    await isServing();
  });

  test("a server that stops answers what it was asked before, and waits for no connection that stays", async () => {
    await isServing();
    const { call, answer } = await beginHeld();
    const silent = connect(socket);
    silent.on("error", () => undefined);
    await until("it is connected", () => !silent.connecting);
    const over = stop();
    answer({ ready: { value: true } });
    expect(await call.answer).toEqual({ ready: { value: true } });
    expect(await endsSoon(over, 30_000)).toBe(true);
    silent.destroy();
  });
});
