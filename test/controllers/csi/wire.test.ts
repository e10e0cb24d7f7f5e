import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { credentials, makeClientConstructor, type ServiceError } from "@grpc/grpc-js";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { CsiServer, serviceDefinition } from "../../../src/controllers/csi/index.ts";
import { jsonLog, systemClock } from "../../../src/controllers/runtime/index.ts";
import { driverOn, MIB, simulatedNode, SIZE } from "../lvm-csi/driver.ts";

describe("CSI on a unix socket", () => {
  const folder = mkdtempSync(join(tmpdir(), "halite-csi-"));
  const socket = join(folder, "csi.sock");
  const lines: string[] = [];
  const called: string[] = [];
  let server: CsiServer;

  beforeAll(async () => {
    const { services } = driverOn(simulatedNode().node);
    server = await CsiServer.start({
      socket,
      services,
      clock: systemClock,
      log: jsonLog({ clock: systemClock, write: (line) => lines.push(line) }),
      called: (method, code) => called.push(`${method} ${code}`),
    });
  });
  afterAll(async () => {
    await server.stop();
    rmSync(folder, { recursive: true });
  });

  function call(service: string, method: string, request: object = {}): Promise<Record<string, unknown> | ServiceError> {
    const definition = serviceDefinition(service);
    const Client = makeClientConstructor(definition, service);
    const client = new Client(`unix:${socket}`, credentials.createInsecure());
    const of = definition[method];
    return new Promise((resolve) => {
      if (of === undefined) throw new Error(`no ${method}`);
      client.makeUnaryRequest(of.path, of.requestSerialize, of.responseDeserialize, request, (error, answer) => {
        client.close();
        resolve(error ?? { ...answer });
      });
    });
  }

  test("only root can reach it, and there is a function for every method of csi.proto", async () => {
    expect(statSync(socket).mode & 0o777).toBe(0o600);
    const { services } = driverOn(simulatedNode().node);
    for (const service of ["Identity", "Controller", "Node"] as const)
      expect(Object.keys(services[service]).sort()).toEqual(Object.keys(serviceDefinition(service)).sort());
  });

  test("numbers, maps, lists, oneofs and wrapped values arrive as they were sent", async () => {
    expect(await call("Identity", "GetPluginInfo")).toEqual({ name: "lvm.csi.halite.dev", vendorVersion: "1", manifest: {} });
    expect(await call("Identity", "Probe")).toEqual({ ready: { value: true } });
    expect(await call("Controller", "GetCapacity", { parameters: { type: "linear" } })).toEqual({
      availableCapacity: 3072 * MIB,
      maximumVolumeSize: { value: 3072 * MIB },
      minimumVolumeSize: { value: 300 * MIB },
    });
    const made = await call("Controller", "CreateVolume", {
      name: "pvc-grüße",
      capacityRange: { requiredBytes: SIZE },
      volumeCapabilities: [{ mount: { fsType: "xfs", mountFlags: ["noatime"] }, accessMode: { mode: "SINGLE_NODE_WRITER" } }],
    });
    expect(made).toMatchObject({
      volume: { capacityBytes: SIZE, accessibleTopology: [{ segments: { "topology.lvm.halite.dev/node": "n1" } }] },
    });
    expect(await call("Node", "NodeGetInfo")).toEqual({
      nodeId: "n1",
      maxVolumesPerNode: 0,
      accessibleTopology: { segments: { "topology.lvm.halite.dev/node": "n1", "topology.lvm.halite.dev/vg-data": "true" } },
    });
  });

  test("refusals have CSI's codes and say why; what is not there is said to be so", async () => {
    expect(await call("Controller", "CreateVolume", { name: "" })).toMatchObject({ code: 3, details: "name is missing" });
    expect(await call("Node", "NodeUnstageVolume", { volumeId: "x", stagingTargetPath: "a/../b" })).toMatchObject({ code: 3 });
    expect(called).toContain("CreateVolume INVALID_ARGUMENT");
    expect(lines.some((line) => line.includes('"method":"CreateVolume","code":"INVALID_ARGUMENT"'))).toBe(true);
  });
});
