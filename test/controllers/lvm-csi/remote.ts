import { cpSync } from "node:fs";
import { connect, createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { credentials, makeClientConstructor } from "@grpc/grpc-js";
import { serviceDefinition, type RequestOf, type ResponseOf } from "../../../src/controllers/csi/index.ts";
import type { Services } from "../../../src/controllers/csi/messages.ts";
import type { StorageNode } from "../../node-vm/index.ts";
import { NODE, SOCKET } from "./lvm-node.ts";

/** The node's port that leads to the driver's socket. */
export const CSI_PORT = 9000;

/** Opens the node's network, and within it the way from a port to the driver and, where asked for, from loopback to a port of this machine. */
export async function openNetwork(node: StorageNode, api?: number): Promise<void> {
  cpSync(fileURLToPath(new URL("./bridge.cjs", import.meta.url)), join(node.exchange, "bridge.cjs"));
  const pairs = [`10.0.2.15:${CSI_PORT}=${SOCKET}`, ...(api === undefined ? [] : [`127.0.0.1:${api}=10.0.2.2:${api}`])];
  const listened = pairs.map((pair) => `/dev/tcp/${(pair.split("=")[0] ?? "").replace(":", "/")}`);
  await node.output(`modprobe virtio_net; udevadm settle -t 120
device=$(ls /sys/class/net | grep -v '^lo$' | head -n 1)
ip addr add 10.0.2.15/24 dev "$device" && ip link set "$device" up
setsid /host${NODE} /exchange/bridge.cjs ${pairs.join(" ")} >>/exchange/bridge.log 2>&1 </dev/null &
for each in ${listened.join(" ")}; do until (exec 3<>$each) 2>/dev/null; do sleep .1; done; done`);
}

/** A unix socket here that leads to the node's driver. */
export class RemoteSocket {
  readonly path: string;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  constructor(path: string, port: number) {
    this.path = path;
    this.#server = createServer((socket) => {
      const other = connect(port, "127.0.0.1");
      for (const each of [socket, other]) {
        this.#sockets.add(each);
        each.on("error", () => undefined);
        each.on("close", () => {
          this.#sockets.delete(each);
          socket.destroy();
          other.destroy();
        });
      }
      socket.pipe(other).pipe(socket);
    }).listen(path);
  }

  /** Calls the driver. @throws gRPC's error */
  call<S extends keyof Services, M extends keyof Services[S] & string>(
    service: S,
    method: M,
    request: Partial<RequestOf<S, M>>,
  ): Promise<ResponseOf<S, M>> {
    const definition = serviceDefinition(service);
    const of = definition[method];
    if (of === undefined) throw new Error(`no method ${method}`);
    const client = new (makeClientConstructor(definition, service))(`unix:${this.path}`, credentials.createInsecure());
    return new Promise((resolve, reject) => {
      const deadline = Date.now() + 240_000;
      client.makeUnaryRequest(of.path, of.requestSerialize, of.responseDeserialize, request, { deadline } as never, (error, answer) => {
        client.close();
        // What the driver answers has the shape that csi.proto gives it.
        if (error === null) resolve(answer as ResponseOf<S, M>);
        else reject(error);
      });
    });
  }

  close(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }
}
