import type { Handlers } from "../csi/index.ts";
import { DRIVER } from "./identity.ts";

export function identityService(version: string): Handlers<"Identity"> {
  return {
    GetPluginInfo: () => Promise.resolve({ name: DRIVER, vendorVersion: version }),
    GetPluginCapabilities: () =>
      Promise.resolve({
        capabilities: [
          { service: { type: "CONTROLLER_SERVICE" } },
          { service: { type: "VOLUME_ACCESSIBILITY_CONSTRAINTS" } },
          { volumeExpansion: { type: "ONLINE" } },
        ],
      }),
    // Without a volume group it has nothing to do, and is ready nevertheless.
    Probe: () => Promise.resolve({ ready: { value: true } }),
  };
}
