import { chmod, rm } from "node:fs/promises";
import { Server, ServerCredentials, status, type sendUnaryData, type ServerUnaryCall, type UntypedHandleCall } from "@grpc/grpc-js";
import type { Clock, Log } from "../runtime/index.ts";
import { csiRoot, serviceDefinition } from "./definitions.ts";
import { CsiError } from "./error.ts";
import type { Handlers } from "./messages.ts";

export interface CsiServices {
  readonly Identity: Handlers<"Identity">;
  readonly Controller?: Handlers<"Controller">;
  readonly Node?: Handlers<"Node">;
}

export interface CsiServerOptions {
  /** The path of the unix socket. What lies there from before is removed. */
  readonly socket: string;
  readonly services: CsiServices;
  readonly clock: Clock;
  readonly log: Log;
  /** Is told of each call, in milliseconds; `code` as gRPC has it. */
  readonly called?: (method: string, code: string, milliseconds: number) => void;
}

/** Is asked all the time: not worth a line while it succeeds. */
const QUIET: ReadonlySet<string> = new Set([
  "Probe",
  "GetPluginInfo",
  "GetPluginCapabilities",
  "GetCapacity",
  "ControllerGetCapabilities",
  "NodeGetCapabilities",
  "NodeGetVolumeStats",
  "ListSnapshots",
]);

/** In milliseconds. */
const FLUSH = 500;

/** Serves CSI on a unix socket that only root can reach. */
export class CsiServer {
  readonly #server = new Server({ "grpc.max_receive_message_length": 4 * 2 ** 20 });
  readonly #options: CsiServerOptions;
  #calls = 0;
  #idle: (() => void) | undefined;

  private constructor(options: CsiServerOptions) {
    this.#options = options;
    const root = csiRoot();
    for (const [service, handlers] of Object.entries(options.services)) {
      if (handlers === undefined) continue;
      const definition = serviceDefinition(service, root);
      const wrapped = Object.fromEntries(Object.keys(definition).map((method) => [method, this.#wrap(method, handlers)]));
      this.#server.addService(definition, wrapped);
    }
  }

  /** @throws the system's error where the socket can't be had */
  static async start(options: CsiServerOptions): Promise<CsiServer> {
    const server = new CsiServer(options);
    await rm(options.socket, { force: true });
    await new Promise<void>((resolve, reject) => {
      server.#server.bindAsync(`unix:${options.socket}`, ServerCredentials.createInsecure(), (error) =>
        error === null ? resolve() : reject(error),
      );
    });
    await chmod(options.socket, 0o600);
    return server;
  }

  /** Takes no calls any more, and is done when those that were taken are answered. */
  async stop(): Promise<void> {
    const idle = new Promise<void>((resolve) => {
      this.#idle = resolve;
      if (this.#calls === 0) resolve();
    });
    const closed = new Promise<void>((resolve) => this.#server.tryShutdown(() => resolve()));
    await idle;
    // The last answers are on their way still.
    await within(FLUSH, closed);
    this.#server.forceShutdown();
    // A caller that keeps its end of a connection open after that is not waited for.
    await within(FLUSH, closed);
  }

  #wrap(method: string, handlers: object): UntypedHandleCall {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- Handlers has a function for each method; a test holds it against csi.proto
    const handler = (handlers as Readonly<Record<string, (request: object) => Promise<object>>>)[method];
    return (call: ServerUnaryCall<object, object>, answer: sendUnaryData<object>) => {
      void this.#call(method, handler, call.request).then((result) => {
        if (result instanceof CsiError) answer({ code: status[result.code], details: result.message });
        else answer(null, result);
        // Counted until it is answered: who stops waits for that.
        this.#calls -= 1;
        if (this.#calls === 0) this.#idle?.();
        return result;
      });
    };
  }

  async #call(method: string, handler: ((request: object) => Promise<object>) | undefined, request: object): Promise<object> {
    const { clock, log, called = () => undefined } = this.#options;
    const begun = clock.monotonic();
    this.#calls += 1;
    let result: object;
    try {
      if (handler === undefined) throw new CsiError("UNIMPLEMENTED", `${method} is not there`);
      result = await handler(request);
    } catch (error) {
      result =
        error instanceof CsiError
          ? error
          : new CsiError("INTERNAL", error instanceof Error ? error.message : String(error), { cause: error });
    }
    const milliseconds = clock.monotonic() - begun;
    const code = result instanceof CsiError ? result.code : "OK";
    called(method, code, milliseconds);
    const fields = { method, code, milliseconds: Math.round(milliseconds), ...named(request) };
    if (result instanceof CsiError) log.warn("a call was refused or has failed", { ...fields, error: result });
    else if (!QUIET.has(method)) log.info("called", fields);
    return result;
  }
}

/** Waits for something, no longer than so many milliseconds. */
async function within(milliseconds: number, what: Promise<void>): Promise<void> {
  await new Promise<void>((resolve) => {
    const late = setTimeout(resolve, milliseconds);
    void what.then(() => {
      clearTimeout(late);
      return resolve();
    });
  });
}

/** What of a request tells it apart; never secrets or contexts. */
function named(request: object): Readonly<Record<string, unknown>> {
  const names = new Set(["name", "volumeId", "snapshotId", "sourceVolumeId", "stagingTargetPath", "targetPath"]);
  return Object.fromEntries(Object.entries(request).filter(([name, value]) => names.has(name) && value !== ""));
}
