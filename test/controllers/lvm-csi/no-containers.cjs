// A container runtime that has no containers (CRI, k8s.io/cri-api): whatever it is asked it answers with an empty message, but for its version and that it is
// ready; a pod's sandbox it refuses. Runs in the node. Prints the methods.
const { createServer } = require("node:http2");
const [, , path] = process.argv;
const field = (number, bytes) => Buffer.concat([Buffer.from([(number << 3) | 2, bytes.length]), bytes]);
const text = (number, value) => field(number, Buffer.from(value));
const condition = (type) => field(1, Buffer.concat([text(1, type), Buffer.from([0x10, 1])]));
const ANSWERS = {
  Version: Buffer.concat([text(1, "0.1.0"), text(2, "none"), text(3, "1.0.0"), text(4, "v1")]),
  Status: field(1, Buffer.concat([condition("RuntimeReady"), condition("NetworkReady")])),
};
createServer()
  .on("stream", (stream, headers) => {
    stream.on("error", () => undefined);
    const method = headers[":path"].split("/").pop();
    stream.resume();
    stream.on("end", () => {
      console.log(method);
      if (["RunPodSandbox", "GetContainerEvents", "StreamPodSandboxes"].includes(method)) {
        stream.respond(
          { ":status": 200, "content-type": "application/grpc", "grpc-status": "12", "grpc-message": "there are no containers here" },
          { endStream: true },
        );
        return;
      }
      const body = ANSWERS[method] ?? Buffer.alloc(0);
      const head = Buffer.alloc(5);
      head.writeUInt32BE(body.length, 1);
      stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
      stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
      stream.end(Buffer.concat([head, body]));
    });
  })
  .listen(path);
