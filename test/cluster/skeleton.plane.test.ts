import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { canBuild, Client, isBuilt, startControlPlane, type ControlPlane } from "../control-plane/index.ts";
import { pass, troubles } from "./passes.ts";

const possible = (await isBuilt()) || (await canBuild());

describe.skipIf(!possible)("plan and apply against a real API server", () => {
  let plane: ControlPlane;
  let api: Client;
  beforeAll(async () => {
    plane = await startControlPlane();
    api = new Client(plane);
  });
  afterAll(async () => {
    api?.close();
    await plane?.stop();
  });

  const namespace = "apiVersion: v1\nkind: Namespace\nmetadata: {name: demo}\n";
  const config = (name: string, value: string): string =>
    `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ${name}, namespace: demo}\ndata: {value: "${value}"}\n`;

  test("create, leave alone, update, prune", async () => {
    const manifests = {
      demo: { "ns.yaml": namespace, "a.yaml": config("a", "1"), "b.yaml": config("b", "1"), "c.yaml": config("c", "1") },
    };
    const first = await pass(plane, manifests);
    expect(troubles(first.result)).toEqual([]);
    expect(first.operations).toEqual([
      "create Namespace demo",
      "create ConfigMap demo/a",
      "create ConfigMap demo/b",
      "create ConfigMap demo/c",
    ]);
    const second = await pass(plane, manifests);
    expect(second.operations).toEqual(["skip Namespace demo", "skip ConfigMap demo/a", "skip ConfigMap demo/b", "skip ConfigMap demo/c"]);
    expect(second.writes).toBe(0);
    const third = await pass(plane, { demo: { "ns.yaml": namespace, "a.yaml": config("a", "2"), "b.yaml": config("b", "1") } });
    expect(troubles(third.result)).toEqual([]);
    expect(third.operations).toEqual(["skip Namespace demo", "update ConfigMap demo/a", "skip ConfigMap demo/b", "prune ConfigMap demo/c"]);
    expect((await api.call("GET", "/api/v1/namespaces/demo/configmaps/c")).status).toBe(404);
    expect(await api.call("GET", "/api/v1/namespaces/demo/configmaps/a")).toMatchObject({ body: { data: { value: "2" } } });
  });
});
