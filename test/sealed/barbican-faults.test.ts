import { createServer } from "node:net";
import { expect, test } from "vitest";
import { Barbican } from "../../src/unseal/index.ts";

test("an answer that is cut off is said to be, and nothing waits for the rest of its time", async () => {
  const server = createServer((socket) => {
    socket.on("error", () => undefined);
    socket.once("data", () => socket.end('HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{"secrets"'));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", () => resolve()));
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  try {
    const timers = (): number => process.getActiveResourcesInfo().filter((name) => name === "Timeout").length;
    const before = timers();
    const barbican = new Barbican({
      endpoint: `http://127.0.0.1:${port}`,
      authentication: { kind: "project", project: "p" },
      timeout: 100_000,
    });
    await expect(barbican.find("name")).rejects.toThrow("the connection was cut within the answer");
    expect(timers()).toBeLessThanOrEqual(before);
  } finally {
    await new Promise<void>((resolve) => server.close(() => resolve()));
  }
});
