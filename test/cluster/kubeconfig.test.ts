import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { endpointOf, type Endpoint } from "../../src/cluster/index.ts";
import { pluginCredentials } from "../../src/cluster/kubeconfig-plugin.ts";
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

describe("the credentials of a kubeconfig", () => {
  /** A kubeconfig with one context, whose user and cluster have these fields. */
  const one = (user: Readonly<Record<string, unknown>>, cluster: Readonly<Record<string, unknown>> = {}): string =>
    JSON.stringify({
      clusters: [{ name: "c", cluster: { server: "https://c:6443/", ...cluster } }],
      users: [{ name: "u", user }],
      contexts: [{ name: "one", context: { cluster: "c", user: "u" } }],
    });

  test("files count from the kubeconfig's own folder, are read anew each time, and a token's file wins over a token", async () => {
    await inTemporaryFolder(async (folder) => {
      for (const [name, text] of [
        ["ca.crt", "CA"],
        ["tls.crt", "CERT"],
        ["tls.key", "KEY"],
        ["token", "first\n"],
      ] as const)
        writeFileSync(join(folder, name), text);
      const path = join(folder, "config");
      const user = { "client-certificate": "tls.crt", "client-key": "tls.key", tokenFile: "token", token: "other", as: "somebody" };
      writeFileSync(path, one(user, { "certificate-authority": "ca.crt", "tls-server-name": "kube" }));
      const endpoint = endpointOf({ path, cluster: "one" });
      expect(endpoint.server).toBe("https://c:6443");
      expect(await endpoint.credentials()).toMatchObject({
        ca: "CA",
        cert: "CERT",
        key: "KEY",
        servername: "kube",
        rejectUnauthorized: true,
        headers: { authorization: "Bearer first", "impersonate-user": "somebody" },
      });
      writeFileSync(join(folder, "token"), "second");
      expect((await endpoint.credentials()).headers["authorization"]).toBe("Bearer second");
      writeFileSync(path, one({ "client-certificate": "gone.crt" }));
      await expect(endpointOf({ path, cluster: "one" }).credentials()).rejects.toThrow(/context one gives no credentials: ENOENT/);
    });
  });

  test("what stands in it in base64 wins over files; a password is Basic; TLS that is not to be verified is not", async () => {
    await inTemporaryFolder(async (folder) => {
      const path = join(folder, "config");
      const base64 = (text: string): string => Buffer.from(text).toString("base64");
      const user = { "client-certificate-data": base64("CERT"), "client-certificate": "none", username: "ada", password: "p" };
      writeFileSync(path, one(user, { "certificate-authority-data": base64("CA"), "insecure-skip-tls-verify": true }));
      expect(await endpointOf({ path, cluster: "one" }).credentials()).toMatchObject({
        ca: "CA",
        cert: "CERT",
        rejectUnauthorized: false,
        headers: { authorization: `Basic ${base64("ada:p")}` },
      });
    });
  });

  test("of several files the first has the word; a plugin is run; a proxy is refused", async () => {
    await inTemporaryFolder(async (folder) => {
      const [first, second] = [join(folder, "first"), join(folder, "second")];
      const plugin = join(folder, "plugin");
      const answer = { apiVersion: "client.authentication.k8s.io/v1", kind: "ExecCredential", status: { token: "from-plugin" } };
      writeFileSync(plugin, `#!/bin/sh\necho '${JSON.stringify(answer)}'\n`, { mode: 0o755 });
      const exec = { apiVersion: "client.authentication.k8s.io/v1", command: plugin, interactiveMode: "Never" };
      writeFileSync(first, one({ exec }));
      writeFileSync(second, one({ token: "other" }, { server: "https://other" }));
      const merged = endpointOf({ variable: `${first}:${second}:${join(folder, "none")}`, cluster: "one" });
      expect(merged.server).toBe("https://c:6443");
      expect((await merged.credentials()).headers).toEqual({ authorization: "Bearer from-plugin" });
      writeFileSync(plugin, "#!/bin/sh\necho 'log in first' >&2\nexit 1\n");
      await expect(endpointOf({ path: first, cluster: "one" }).credentials()).rejects.toThrow(/gives no credentials: .*/);
      writeFileSync(second, one({}, { "proxy-url": "socks5://p" }));
      expect(() => endpointOf({ path: second, cluster: "one" })).toThrow(/goes through a proxy \(proxy-url\), which Halite does not/);
    });
  });
});

test("a credential plugin that hangs is ended, with all that waits for it", async () => {
  await inTemporaryFolder(async (folder) => {
    const plugin = join(folder, "plugin");
    writeFileSync(plugin, `#!/bin/sh\necho $$ >${join(folder, "pid")}\nexec sleep 1000\n`, { mode: 0o755 });
    const exec = { apiVersion: "client.authentication.k8s.io/v1", command: plugin, interactiveMode: "Never" };
    const none = {
      caData: undefined,
      caFile: undefined,
      certData: undefined,
      certFile: undefined,
      keyData: undefined,
      keyFile: undefined,
      token: undefined,
      tokenFile: undefined,
      username: undefined,
      password: undefined,
      impersonate: undefined,
      tlsServerName: undefined,
      proxyUrl: undefined,
    };
    const cluster = { ...none, name: "c", server: "https://c:6443", skipTlsVerify: false };
    await expect(pluginCredentials(cluster, { ...none, name: "u", plugin: { exec } }, 1000)).rejects.toThrow("has given nothing in 1 s");
    const pid = Number(readFileSync(join(folder, "pid"), "utf8"));
    await expect.poll(() => existsSync(`/proc/${pid}`), { timeout: 10_000 }).toBe(false);
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
