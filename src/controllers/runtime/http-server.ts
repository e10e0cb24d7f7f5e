import type { Server } from "node:http";

/** Answers that are under way when a server is to end may take so long, in milliseconds: they are made of what is at hand. */
const ANSWERING = 1000;

/** @throws the system's error where the port can't be had */
export async function listen(server: Server, port: number, host: string | undefined): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    // Stays: a connection that can't be accepted later, as no file or memory is left for it, ends nothing.
    server.on("error", reject);
    server.listen(port, host, resolve);
  });
}

/** Takes no connections any more, and is done when what is being answered is; who says or reads nothing is not waited for. */
export async function endServer(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  // A connection that has asked for nothing yet is no idle one to Node, and from here on no time limit of it is looked after.
  const late = setTimeout(() => server.closeAllConnections(), ANSWERING);
  await closed;
  clearTimeout(late);
}
