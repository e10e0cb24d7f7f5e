// Joins ends: `FROM=TO` each, an end a port, HOST:PORT or the path of a unix socket. Runs in the node, where there is no other program that does.
const net = require("node:net");
const end = (text) => {
  if (text.startsWith("/")) return { path: text };
  const [host, port] = text.includes(":") ? text.split(":") : ["127.0.0.1", text];
  return { host, port: Number(port) };
};
for (const pair of process.argv.slice(2)) {
  const [from, to] = pair.split("=").map(end);
  net
    .createServer((socket) => {
      const other = net.connect(to);
      for (const each of [socket, other])
        each
          .on("error", () => undefined)
          .on("close", () => {
            socket.destroy();
            other.destroy();
          });
      socket.pipe(other).pipe(socket);
    })
    .listen(from);
}
