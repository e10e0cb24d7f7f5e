import { randomInt } from "node:crypto";
import { createSocket } from "node:dgram";
import { readFileSync } from "node:fs";
import { createServer } from "node:net";

/** So many ports lie in the range that is chosen from. */
const WIDTH = 12_000;

/**
 * Ports for programs that listen on 127.0.0.1 later, and again after they were killed. Nobody else is given one of them meanwhile: they are below those that
 * the kernel gives to connections and to whoever asks for any port, and among all who ask here each is held, for as long as this process lives, by the UDP port
 * of its number.
 *
 * @throws an Error where none can be found
 */
export async function freePorts(count: number): Promise<number[]> {
  const below = lowestOfKernel();
  const ports: number[] = [];
  for (let tries = 0; ports.length < count; tries++) {
    if (tries > 1000 + count) throw new Error(`no ${count} free ports from ${below - WIDTH} to ${below - 1}`);
    const port = below - WIDTH + randomInt(WIDTH);
    if ((await isFree(port)) && (await hold(port))) ports.push(port);
  }
  return ports;
}

/** The lowest port that the kernel gives out by itself (ip(7), ip_local_port_range). Where that leaves no room below it, Linux' own default. */
function lowestOfKernel(): number {
  let lowest = Number.NaN;
  try {
    lowest = Number(readFileSync("/proc/sys/net/ipv4/ip_local_port_range", "utf8").trim().split(/\s+/)[0]);
  } catch {
    // Not Linux.
  }
  return lowest > WIDTH + 1024 ? lowest : 32_768;
}

/** Whether anybody could listen there, on every address. */
function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen({ port, exclusive: true }, () => server.close(() => resolve(true)));
  });
}

/** Whether nobody else who asks here has it; from now on nobody gets it. */
function hold(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createSocket("udp4");
    socket.once("error", () => resolve(false));
    socket.bind({ port, address: "127.0.0.1", exclusive: true }, () => {
      socket.unref();
      resolve(true);
    });
  });
}
