import { constants, type ServerHttp2Stream } from "node:http2";
import { connect } from "node:net";
import { describe, expect, test, vi } from "vitest";
import { ApiError, Informer, NO_LOG, Resource, systemClock, UnreachableError, type ApiClient } from "../../src/kubernetes/index.ts";
import { clientAt, endsSoon, http2Server, NO_PODS, podEvent, PODS, Port, until } from "./servers.ts";

/** A port of HTTP/2; connections come through after `delay` milliseconds. */
async function http2Port(answer: (stream: ServerHttp2Stream, path: string) => void, delay = 0): Promise<Port> {
  const server = await http2Server(answer);
  return await Port.listen((socket) => {
    socket.pause();
    setTimeout(() => {
      server.emit("connection", socket);
      socket.resume();
    }, delay);
  });
}

async function withPort(port: Port, scheme: "http" | "https", act: (client: ApiClient) => Promise<void>): Promise<void> {
  const client = clientAt(`${scheme}://${port.authority}`);
  try {
    await act(client);
  } finally {
    client.close();
    await port.close();
  }
}

describe("what a client has begun ends with it, and with its signal", () => {
  test.each(["close", "signal"] as const)("a connection that a silent server never makes: %s", async (how) => {
    const port = await Port.listen((socket) => socket.resume());
    await withPort(port, "https", async (client) => {
      const stop = new AbortController();
      const ended = client.call({ method: "GET", path: "/", signal: stop.signal }).then(
        () => undefined,
        (error: unknown) => error,
      );
      await until("it is connected", () => port.open.size === 1);
      if (how === "close") client.close();
      else stop.abort();
      expect(await endsSoon(ended)).toBe(true);
      expect(await ended).toBeInstanceOf(how === "close" ? UnreachableError : DOMException);
      client.close();
      await until("no connection is left", () => port.open.size === 0);
    });
  });

  test("a watch whose signal is given while the connection is made is not begun", async () => {
    let streams = 0;
    const port = await http2Port((stream) => {
      streams++;
      stream.respond({ ":status": 200 });
    }, 300);
    await withPort(port, "https", async (client) => {
      const stop = new AbortController();
      const watch = client.stream({ method: "GET", path: "/watch", signal: stop.signal });
      const refused = expect(watch).rejects.toThrow(UnreachableError);
      await until("it is connected", () => port.open.size === 1);
      stop.abort();
      await refused;
      // Another one, on the same connection, is.
      await client.stream({ method: "GET", path: "/watch" });
      expect(streams).toBe(1);
    });
  });

  test("watches of a connection that takes no further requests (GOAWAY)", async () => {
    const port = await http2Port((stream, path) => {
      stream.respond({ ":status": 200 });
      if (path === "/watch") stream.write("{");
      else {
        stream.end("{}");
        stream.session?.goaway(constants.NGHTTP2_NO_ERROR);
      }
    });
    await withPort(port, "https", async (client) => {
      const { body } = await client.stream({ method: "GET", path: "/watch" });
      const over = new Promise((resolve) => body.resume().once("close", resolve));
      await client.call({ method: "GET", path: "/" });
      // What goes away is known a moment later: then the next call makes another connection.
      while (port.connections === 1) await client.call({ method: "GET", path: "/" }).catch(() => undefined);
      client.close();
      expect(await endsSoon(over)).toBe(true);
      // The server's own end stays as long as the server does not read.
      const sockets = (): number => process.getActiveResourcesInfo().filter((name) => name === "TCPSocketWrap").length;
      await until("no socket but the server's is left", () => sockets() <= port.open.size);
    });
  });

  test("an older connection that ends while another one is made is not mistaken for it", async () => {
    let refused = 0;
    const port = await http2Port((stream, path) => {
      // The token of the first connection is not taken.
      stream.respond({ ":status": path === "/first" && refused++ === 0 ? 401 : 200 });
      stream.end("{}");
    }, 200);
    let read = 0;
    const client = clientAt(`https://${port.authority}`, {}, () => String(read++));
    try {
      const first = client.call({ method: "GET", path: "/first" });
      await until("the second connection is being made", () => port.connections === 2);
      // Both ends of the old one are gone.
      await until("the first connection is gone", () => port.open.size === 1);
      await client.call({ method: "GET", path: "/second" });
      await first;
      expect(port.connections).toBe(2);
    } finally {
      client.close();
    }
    await until("no connection is left", () => port.open.size === 0);
    await port.close();
  });

  test("a watch of such a connection, once its network is gone", async () => {
    const answers = await http2Server((stream, path) => {
      stream.respond({ ":status": 200 });
      if (path === "/watch") stream.write("{");
      else {
        stream.end("{}");
        stream.session?.goaway(constants.NGHTTP2_NO_ERROR);
      }
    });
    const server = await Port.listen((socket) => answers.emit("connection", socket));
    let silence = (): void => undefined;
    const wire = await Port.listen((near, number) => {
      const [host = "", port = ""] = server.authority.split(":");
      const far = connect(Number(port), host);
      far.on("error", () => undefined);
      near.pipe(far).pipe(near);
      near.once("close", () => far.destroy());
      if (number > 0) return;
      silence = () => {
        near.unpipe().pause();
        far.unpipe().pause();
      };
    });
    vi.useFakeTimers({ toFake: ["setTimeout", "setInterval", "clearTimeout", "clearInterval"] });
    try {
      await withPort(wire, "https", async (client) => {
        const { body } = await client.stream({ method: "GET", path: "/watch" });
        body.on("error", () => undefined);
        const over = new Promise<void>((resolve) => body.resume().once("close", () => resolve()));
        while (wire.connections === 1) await client.call({ method: "GET", path: "/" }).catch(() => undefined);
        // Nothing comes of it any more, and no end of it either.
        silence();
        await vi.advanceTimersByTimeAsync(180_000);
        vi.useRealTimers();
        expect(await endsSoon(over)).toBe(true);
      });
    } finally {
      vi.useRealTimers();
      await server.close();
    }
  });

  test("over HTTP/1.1: fifteen watches do not keep a call waiting, and none is left", async () => {
    const port = await Port.listen((socket) => {
      socket.on("data", (text) => {
        socket.write(
          String(text).startsWith("GET /watch")
            ? "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\nx\r\n"
            : "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}",
        );
      });
    });
    await withPort(port, "http", async (client) => {
      const watches = Array.from({ length: 15 }, () => client.stream({ method: "GET", path: "/watch" }));
      expect(await endsSoon(client.call({ method: "GET", path: "/" }))).toBe(true);
      const bodies = (await Promise.all(watches)).map(({ body }) => new Promise((resolve) => body.resume().once("close", resolve)));
      client.close();
      expect(await endsSoon(Promise.all(bodies))).toBe(true);
      await until("no connection is left", () => port.open.size === 0);
      expect(port.connections).toBe(16);
    });
  });

  test("over HTTP/1.1: an answer that takes the connection for something else", async () => {
    const port = await Port.listen((socket) => {
      socket.on("data", () => socket.write("HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n"));
    });
    await withPort(port, "http", async (client) => {
      const stream = client.stream({ method: "GET", path: "/" });
      const refused = expect(stream).rejects.toThrow(UnreachableError);
      expect(await endsSoon(stream)).toBe(true);
      await refused;
    });
  });

  test("a watch that is refused with a page that never ends", async () => {
    const port = await http2Port((stream) => {
      stream.respond({ ":status": 503 });
      const more = (): void => {
        if (!stream.destroyed) stream.write("x".repeat(16 * 1024), more);
      };
      more();
    });
    await withPort(port, "https", async (client) => {
      const stream = client.stream({ method: "GET", path: "/" });
      const refused = expect(stream).rejects.toThrow(ApiError);
      // Sooner than a page that is too slow is given up.
      expect(await endsSoon(stream, 4500)).toBe(true);
      await refused;
    });
  });
});

describe("a watch", () => {
  async function follow(
    answer: (stream: ServerHttp2Stream) => void,
    act: (counts: Map<string, number>, all: () => number) => Promise<void>,
  ): Promise<void> {
    const port = await http2Port((stream, path) => {
      if (path.includes("watch=true")) answer(stream);
      else {
        stream.respond({ ":status": 200 });
        stream.end(NO_PODS);
      }
    });
    await withPort(port, "https", async (client) => {
      const counts = new Map<string, number>();
      const stop = new AbortController();
      const informer = new Informer({
        resource: new Resource(client, PODS),
        clock: systemClock,
        random: Math.random,
        log: NO_LOG,
        resync: 0,
        count: (what) => counts.set(what, (counts.get(what) ?? 0) + 1),
      });
      const running = informer.run(stop.signal);
      await act(counts, () => informer.all().length);
      stop.abort();
      expect(await endsSoon(running)).toBe(true);
    });
  }

  test("that ends as soon as it began is asked for again after a while, not at once", async () => {
    await follow(
      (stream) => {
        stream.respond({ ":status": 200 });
        stream.end();
      },
      async (counts) => {
        await until("it has failed twice", () => (counts.get("failed") ?? 0) >= 2);
        expect(counts.get("watch")).toBe(2);
        expect(counts.get("list")).toBe(1);
      },
    );
  });

  test("whose lines come in pieces, the letters too, is read as it was sent", async () => {
    const event = podEvent(2).replace("pod-2", "pod-größe");
    await follow(
      (stream) => {
        stream.respond({ ":status": 200 });
        const bytes = [...Buffer.from(`${event}\r\n${podEvent(3)}${podEvent(4)}`)];
        const next = (): void => {
          const byte = bytes.shift();
          if (byte !== undefined) stream.write(Buffer.of(byte), () => setImmediate(next));
        };
        next();
      },
      async (_counts, all) => until("all three are there", () => all() === 3),
    );
  });
});
