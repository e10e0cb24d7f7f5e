import { writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { endpointOf, type Endpoint } from "../../src/cluster/index.ts";
import { ApiClient, ApiError } from "../../src/kubernetes/index.ts";
import { inTemporaryFolder } from "../cli/halite.ts";

const config = (contexts: readonly (readonly [string, string])[], current = ""): string =>
  JSON.stringify({
    apiVersion: "v1",
    kind: "Config",
    clusters: contexts.map(([name, server]) => ({ name, cluster: { server } })),
    users: [{ name: "u", user: { token: "secret-token" } }],
    contexts: contexts.map(([name]) => ({ name, context: { cluster: name, user: "u" } })),
    "current-context": current,
  });

describe("which context of a kubeconfig is a cluster's", () => {
  const cases: readonly (readonly [
    string,
    readonly (readonly [string, string])[],
    { readonly context?: string; readonly host?: string; readonly given?: boolean },
    string,
  ])[] = [
    [
      "the one that is named",
      [
        ["a", "https://a"],
        ["one", "https://b"],
      ],
      { context: "a" },
      "context a",
    ],
    [
      "the one that bears the cluster's name",
      [
        ["a", "https://a"],
        ["one", "https://b"],
      ],
      {},
      "context one",
    ],
    [
      "the only one that leads to the roster's host",
      [
        ["a", "https://a"],
        ["b", "https://b:6443/"],
      ],
      { host: "https://b:6443" },
      "context b",
    ],
    ["the only one of a file that was given", [["a", "https://a"]], { given: true }, "context a"],
  ];
  test.each(cases)("%s", async (_name, contexts, { context, host, given = false }, from) => {
    await inTemporaryFolder(async (folder) => {
      const path = join(folder, "config");
      writeFileSync(path, config(contexts, "a"));
      const found = endpointOf({ ...(given ? { path } : { variable: path }), cluster: "one", context, host });
      expect(found.from).toBe(from);
      expect((await found.credentials()).headers).toEqual({ authorization: "Bearer secret-token" });
    });
  });

  test("never the current one, never one of several; and no message shows a token", async () => {
    await inTemporaryFolder(async (folder) => {
      const path = join(folder, "config");
      writeFileSync(
        path,
        config(
          [
            ["a", "https://a"],
            ["b", "https://b"],
          ],
          "a",
        ),
      );
      expect(() => endpointOf({ path, cluster: "one" })).toThrow("no context of the kubeconfig is named one; it has a, b");
      expect(() => endpointOf({ path, cluster: "one", context: "c" })).toThrow("the kubeconfig has no context c; it has a, b");
      expect(() => endpointOf({ path: join(folder, "none"), cluster: "one" })).toThrow(/none \(--kubeconfig\) can't be read: ENOENT/);
      writeFileSync(path, "users: [{token: secret-token, a: [}");
      let said = "";
      try {
        endpointOf({ path, cluster: "one" });
      } catch (error) {
        said = String(error);
      }
      expect(said).toContain("is no kubeconfig");
      expect(said).not.toContain("secret-token");
    });
  });
});

describe("an API behind a proxy that speaks HTTP/1.1 only", () => {
  const endpoint = (port: number): Endpoint => ({
    server: `http://127.0.0.1:${port}/behind`,
    from: "test",
    credentials: async () => ({
      ca: undefined,
      cert: undefined,
      key: undefined,
      rejectUnauthorized: true,
      servername: undefined,
      headers: { authorization: "Bearer t" },
      fingerprint: "",
    }),
  });

  test("requests, bodies of DELETE, refusals and Retry-After are the same there", async () => {
    const seen: string[] = [];
    let throttle = true;
    const server = createServer((request, response) => {
      let body = "";
      request.setEncoding("utf8").on("data", (chunk: string) => (body += chunk));
      request.once("end", () => {
        seen.push(`${request.method} ${request.url} ${request.headers.authorization} ${body}`);
        response.setHeader("content-type", "application/json");
        if (throttle) {
          throttle = false;
          response.writeHead(429, { "retry-after": "1" });
          response.end(JSON.stringify({ kind: "Status", code: 429, reason: "TooManyRequests", message: "wait" }));
        } else if (request.url?.includes("missing") === true) {
          response.writeHead(404);
          response.end(JSON.stringify({ kind: "Status", code: 404, reason: "NotFound", message: "no such thing" }));
        } else response.end(JSON.stringify({ ok: true }));
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    const client = new ApiClient(endpoint(typeof address === "object" && address !== null ? address.port : 0));
    try {
      expect(await client.call({ method: "DELETE", path: "/api/v1/x", body: { preconditions: { uid: "u" } } })).toEqual({ ok: true });
      expect(await client.call({ method: "GET", path: "/api/v1/y", query: { limit: "5", continue: undefined } })).toEqual({ ok: true });
      expect(await client.find({ method: "GET", path: "/missing" })).toBeUndefined();
      await expect(client.call({ method: "GET", path: "/missing" })).rejects.toThrow(ApiError);
      expect(seen.slice(0, 3)).toEqual([
        'DELETE /behind/api/v1/x Bearer t {"preconditions":{"uid":"u"}}',
        'DELETE /behind/api/v1/x Bearer t {"preconditions":{"uid":"u"}}',
        "GET /behind/api/v1/y?limit=5 Bearer t ",
      ]);
      expect(client.counts).toMatchObject({ throttled: 1, retries: 1 });
    } finally {
      client.close();
      await new Promise((resolve) => server.close(resolve));
    }
  });
});
