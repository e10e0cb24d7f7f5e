import { afterAll, beforeAll } from "vitest";
import { canBuild, isBuilt } from "./build.ts";
import { Client } from "./client.ts";
import { startControlPlane, type ControlPlane, type ControlPlaneOptions } from "./index.ts";

/** Whether a control plane is there, or can be built. */
export async function canHavePlane(): Promise<boolean> {
  return (await isBuilt()) || (await canBuild());
}

/** A control plane for the tests of a suite, and a client of it, which are handed over before the first one. */
export function usePlane(
  options: ControlPlaneOptions,
  take: (started: { readonly plane: ControlPlane; readonly api: Client }) => void,
): void {
  let plane: ControlPlane | undefined;
  let api: Client | undefined;
  beforeAll(async () => {
    plane = await startControlPlane(options);
    api = new Client(plane);
    take({ plane, api });
  });
  afterAll(async () => {
    api?.close();
    await plane?.stop();
  });
}
