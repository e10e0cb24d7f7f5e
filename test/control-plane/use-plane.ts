import { afterAll, beforeAll } from "vitest";
import { canBuild, isBuilt } from "./build.ts";
import { Client } from "./client.ts";
import { startControlPlane, type ControlPlane, type ControlPlaneOptions } from "./index.ts";

/** Whether a control plane is there, or can be built. */
export async function canHavePlane(): Promise<boolean> {
  return (await isBuilt()) || (await canBuild());
}

/** The API servers that a behaviour which hangs on theirs is shown on, for `describe.each`: this minor version's, and the one's before. */
export const API_SERVERS = ["current", "older"] as const;

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
