import { createSecureServer } from "node:http2";
import { expect, test } from "vitest";
import { ApiClient } from "../../src/kubernetes/index.ts";
import { sealingPair } from "../sealed/certificate.ts";

const WATCHES = 3;
const CALLS = 39;

test("one HTTP/2 connection, at most eight requests at a time, watches aside; what is in the background waits behind all else", async () => {
  let sessions = 0;
  const begun: number[] = [];
  const order: string[] = [];
  let answered = 0;
  let open: (() => void)[] = [];
  const { privateKey: key, certificate: cert } = await sealingPair();
  const server = createSecureServer({ key, cert }, (request, response) => {
    response.writeHead(200, { "content-type": "application/json" });
    if (request.url.startsWith("/watch")) {
      response.write("\n");
      return;
    }
    order.push(request.url);
    open.push(() => response.end("{}"));
    // Answered eight by eight: with fewer at a time it would never go on.
    if (open.length < 8 && order.length < CALLS) return;
    begun.push(client.counts.requests - WATCHES - answered);
    answered += open.length;
    for (const answer of open) answer();
    open = [];
  });
  server.on("session", () => sessions++);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const client = new ApiClient({
    server: `https://127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`,
    from: "test",
    credentials: async () => ({
      ca: undefined,
      cert: undefined,
      key: undefined,
      rejectUnauthorized: false,
      servername: undefined,
      headers: {},
      fingerprint: "",
    }),
  });
  try {
    const watches = await Promise.all(
      Array.from({ length: WATCHES }, (_, each) => client.stream({ method: "GET", path: `/watch/${each}` })),
    );
    const told = Array.from({ length: 8 }, (_, each) => client.call({ method: "GET", path: `/first/${each}` }));
    const behind = client.call({ method: "POST", path: "/behind", background: true, body: {} });
    const more = Array.from({ length: 30 }, (_, each) => client.call({ method: "GET", path: `/more/${each}` }));
    await Promise.all([...told, behind, ...more]);
    expect(sessions).toBe(1);
    expect(begun).toEqual([8, 8, 8, 8, 7]);
    expect(order.at(-1)).toBe("/behind");
    for (const watch of watches) watch.close();
  } finally {
    client.close();
    await new Promise<void>((resolve) => server.close(() => resolve()));
  }
});
