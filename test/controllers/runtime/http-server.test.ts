import { connect, type Socket } from "node:net";
import { afterEach, expect, test } from "vitest";
import { HealthServer, type HealthOptions } from "../../../src/controllers/runtime/index.ts";

let server: HealthServer;
const clients: Socket[] = [];
afterEach(() => {
  for (const client of clients.splice(0)) client.destroy();
});

async function start(options: Partial<HealthOptions>): Promise<void> {
  server = await HealthServer.start({ host: "127.0.0.1", port: 0, metrics: { text: () => Promise.resolve("m 1\n") }, ...options });
}

async function say(text: string): Promise<Socket> {
  const client = connect(server.port, "127.0.0.1");
  client.on("error", () => undefined);
  clients.push(client);
  await new Promise<void>((resolve) => client.once("connect", () => resolve()));
  if (text !== "") await new Promise<void>((resolve) => client.write(text, () => resolve()));
  return client;
}

test("a check, a page or metrics that can't be told are an error of that answer, and of nothing else", async () => {
  const broken = (): never => {
    throw new Error("a bug");
  };
  await start({ live: { broken }, pages: { "/status": broken }, metrics: { text: () => Promise.reject(new Error("a bug")) } });
  const get = async (path: string): Promise<number> => (await fetch(`http://127.0.0.1:${server.port}${path}`)).status;
  expect([await get("/healthz"), await get("/status"), await get("/metrics"), await get("/readyz")]).toEqual([500, 500, 500, 200]);
  await server.stop();
});

test.each([
  ["says nothing", ""],
  ["says half of a request", "GET /healthz HTTP/1.1\r\nhost: x\r\n"],
  ["has not sent its body", "POST /healthz HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\n123"],
])("who %s does not keep a server from ending", async (_what, text) => {
  await start({});
  await say(text);
  const begun = performance.now();
  await server.stop();
  expect(performance.now() - begun).toBeLessThan(30_000);
});

test("who does not read what was asked for does not, either", async () => {
  await start({ metrics: { text: () => Promise.resolve("metric 1\n".repeat(4_000_000)) } });
  const client = await say("GET /metrics HTTP/1.1\r\nhost: x\r\n\r\n");
  client.pause();
  const begun = performance.now();
  await server.stop();
  expect(performance.now() - begun).toBeLessThan(30_000);
});

test("what is being answered is answered", async () => {
  let made = (_text: string): void => undefined;
  let asked = (): void => undefined;
  const begun = new Promise<void>((resolve) => (asked = resolve));
  await start({
    metrics: {
      text: () => {
        asked();
        return new Promise((resolve) => (made = resolve));
      },
    },
  });
  const answer = fetch(`http://127.0.0.1:${server.port}/metrics`);
  await begun;
  const stopped = server.stop();
  made("m 2\n");
  expect(await (await answer).text()).toBe("m 2\n");
  await stopped;
});
