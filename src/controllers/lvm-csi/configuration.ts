import { parseSystemConfiguration, SYSTEM_CONFIGURATION, type ConfiguredVolumeGroup } from "../storage-api/index.ts";
import type { NodeFiles } from "./node-files.ts";

/**
 * The groups that storage-node has made for volumes; none where it has not written its file yet.
 *
 * @throws SystemConfigurationError
 */
export async function configuredGroups(files: NodeFiles): Promise<readonly ConfiguredVolumeGroup[]> {
  const text = await files.read(SYSTEM_CONFIGURATION);
  return text === undefined ? [] : parseSystemConfiguration(text).volumeGroups;
}
