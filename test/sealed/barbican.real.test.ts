import { createServer, type Server } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { FindingError, printFinding } from "../../src/finding/index.ts";
import { parseReference, revealObject, SecretValue, sealedDigest } from "../../src/sealed/index.ts";
import { Barbican } from "../../src/unseal/index.ts";
import { haveBarbican, startBarbican, startKeystone, type KeystoneService, type Service } from "./barbican-service.ts";

const DOWN = '{"description": "maintenance"}';
const BYTES = Uint8Array.from({ length: 256 }, (_, index) => index);
const value = (bytes: string | Uint8Array): SecretValue => SecretValue.of(Buffer.from(bytes));

const refusal = async (run: () => Promise<unknown>): Promise<string> => {
  try {
    await run();
  } catch (error) {
    if (error instanceof FindingError) return error.findings.map(printFinding).join("\n");
    throw error;
  }
  throw new Error("not refused");
};
/** Ports and ids differ from run to run. */
const masked = (text: string): string =>
  text.replaceAll(/127\.0\.0\.1:\d+/g, "HOST").replaceAll(/\b[0-9a-f]{32}\b|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, "ID");

describe.skipIf(!haveBarbican)("Barbican without Keystone", () => {
  let service: Service;
  let own: Barbican;
  let other: Barbican;
  beforeAll(async () => {
    service = await startBarbican();
    const of = (project: string): Barbican => new Barbican({ endpoint: service.url, authentication: { kind: "project", project } });
    own = of("storage");
    other = of("elsewhere");
  });
  afterAll(() => service.stop());

  test("stores bytes of any kind and gives them back, by id and by name", async () => {
    const id = await own.store("luks-a", value(BYTES));
    for (const name of [id, "luks-a"]) {
      const opened = await own.open(parseReference(`?{barbican:${name}@1}`), {});
      expect(opened.reveal("verify")).toEqual(BYTES);
    }
    expect(await own.find("luks-a")).toMatchObject({ id, name: "luks-a", status: "ACTIVE", expiration: null });
    await own.remove(id);
    expect(await refusal(() => own.find(id))).toContain("has no secret");
  });

  test("a text that another client stored as text", async () => {
    const stored = await fetch(`${service.url}/v1/secrets`, {
      method: "POST",
      headers: { "x-project-id": "storage", "content-type": "application/json" },
      body: JSON.stringify({ name: "as-text", payload: "wört", payload_content_type: "text/plain" }),
    });
    expect(stored.status).toBe(201);
    expect(Buffer.from((await own.open(parseReference("?{barbican:as-text}"), {})).reveal("verify")).toString()).toBe("wört");
  });

  test("names with what a URL and JSON take for their own", async () => {
    for (const name of ['a b&c=d"e\\ü', "100%", "a/b", "?x#y"]) {
      const id = await own.store(name, value("v"));
      expect((await own.find(name)).id).toBe(id);
    }
  });

  test("in an object: the digest is over the reference, so that another @VERSION is another digest", async () => {
    await own.store("ceph-admin", value("canary"));
    const reference = "?{barbican:ceph-admin@2}";
    const text = `?{barbican:ceph-admin@2;sha256=${sealedDigest(reference)}}`;
    const object = { apiVersion: "v1", kind: "Secret", metadata: { name: "x" }, data: { k: text } };
    const body = JSON.parse(Buffer.from((await revealObject(object, [own])).body()).toString());
    expect(Buffer.from(body.data.k, "base64").toString()).toBe("canary");
    const stale = { ...object, data: { k: text.replace("@2", "@3") } };
    expect(await refusal(() => revealObject(stale, [own]))).toContain("sealed-digest-mismatch");
  });

  test("what Barbican refuses is said, and nothing of the value", async () => {
    const id = await own.store("twice", value("canary"));
    await own.store("twice", value("canary"));
    const said = [
      await refusal(() => own.find("none")),
      await refusal(() => own.find("twice")),
      await refusal(() => other.open(parseReference(`?{barbican:${id}@1}`), {})),
      await refusal(() => other.find("twice")),
      await refusal(() => other.remove(id)),
      await refusal(() => own.find("00000000-0000-4000-8000-000000000000")),
      await refusal(async () => new Barbican({ endpoint: "nonsense", authentication: { kind: "project", project: "x" } })),
    ].join("\n");
    expect(said).not.toContain("canary");
    await expect(`${masked(said)}\n`).toMatchFileSnapshot("golden/barbican.txt");
  });

  test("work that was ended says so", async () => {
    await expect(own.open(parseReference("?{barbican:luks-a}"), { signal: AbortSignal.abort(new Error("ended")) })).rejects.toThrow(
      "ended",
    );
  });
});

describe("a service that does not answer as it should", () => {
  const servers: Server[] = [];
  afterAll(() => Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve)))));
  /** A server that sends a text as soon as it is spoken to, and holds the connection or closes it. */
  const serve = async (text: string | undefined, close: boolean): Promise<Barbican> => {
    const server = createServer((socket) => {
      socket.on("error", () => undefined);
      socket.once("data", () => {
        if (text !== undefined) socket.write(text);
        if (close) socket.destroySoon();
      });
      // A test ends its own connections by its time limit.
      socket.unref();
    });
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    // What comes is waited for, however busy the machine is.
    const timeout = close ? 60_000 : 300;
    return new Barbican({ endpoint: `http://127.0.0.1:${port}/v1/`, authentication: { kind: "project", project: "p" }, timeout });
  };
  test.each<[string, string | undefined, boolean]>([
    ["silence", undefined, false],
    ["a connection that is closed", undefined, true],
    ["half an answer, then silence", "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc", false],
    ["half an answer, then closed", "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc", true],
    ["no HTTP", "hello\r\n\r\n", true],
    ["no JSON", "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 5\r\n\r\n<html", true],
    ["an error of its own", `HTTP/1.1 503 Down\r\nContent-Type: application/json\r\nContent-Length: ${DOWN.length}\r\n\r\n${DOWN}`, true],
    ["an endless answer", `HTTP/1.1 200 OK\r\n\r\n${"x".repeat(1_200_000)}`, true],
  ])("%s", async (name, text, close) => {
    const barbican = await serve(text, close);
    const said = await refusal(() => barbican.find("x"));
    await expect(`${masked(said)}\n`).toMatchFileSnapshot(`golden/barbican/${name.replaceAll(/\W+/g, "-")}.txt`);
  });

  test("nobody listens", async () => {
    const barbican = new Barbican({ endpoint: "http://127.0.0.1:1", authentication: { kind: "project", project: "p" } });
    expect(await refusal(() => barbican.find("x"))).toContain("can't be reached: ECONNREFUSED");
  });
});

describe.skipIf(!haveBarbican)("Barbican with Keystone", () => {
  let keystone: KeystoneService;
  let service: Service;
  beforeAll(async () => {
    keystone = await startKeystone();
    service = await startBarbican(keystone);
  }, 600_000);
  afterAll(async () => {
    await service?.stop();
    await keystone?.stop();
  });
  const barbican = (secret = keystone.credential.secret, id = keystone.credential.id): Barbican =>
    new Barbican({
      endpoint: service.url,
      authentication: { kind: "keystone", authUrl: keystone.url, credentialId: id, secret: () => Promise.resolve(value(`${secret}\n`)) },
    });

  test("an application credential: stored, found, read; a token is asked for once", async () => {
    const own = barbican();
    const id = await own.store("with-keystone", value("canary"));
    expect(Buffer.from((await own.open(parseReference("?{barbican:with-keystone@1}"), {})).reveal("verify")).toString()).toBe("canary");
    await own.remove(id);
    await own.wipe();
  });

  test("another's credential, no identity at all, one that has been deleted", async () => {
    const without = new Barbican({ endpoint: service.url, authentication: { kind: "project", project: "storage" } });
    const own = barbican();
    await own.store("later", value("canary"));
    const said = [await refusal(() => barbican("canary-wrong").find("x")), await refusal(() => without.find("x"))];
    await keystone.removeCredential();
    said.push(await refusal(() => own.find("later")));
    expect(said.join("\n")).not.toContain("canary");
    await expect(`${masked(said.join("\n"))}\n`).toMatchFileSnapshot("golden/keystone.txt");
  });
});
