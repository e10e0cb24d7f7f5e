import { isList, isObject, textAt, type Json } from "../../kubernetes/index.ts";

/** How a volume is cleaned before another claim may have it. */
export type CleanPolicy = "clear" | "discard" | "shred";

export interface VolumeClass {
  readonly clean: CleanPolicy;
  readonly reclaim: "Delete" | "Retain";
}

export interface ProvisionerConfig {
  readonly classes: ReadonlyMap<string, VolumeClass>;
  /** Serials of disks whose volumes may be erased although they are another cluster's, or nobody knows whose. */
  readonly erase: readonly string[];
}

/** The config is not what this program understands; the message names the place. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
}

/** Reads `{"classes": {NAME: {"clean": …, "reclaim": …}}, "erase": […]}`. @throws ConfigError */
export function parseConfig(text: string): ProvisionerConfig {
  let value: Json;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new ConfigError(`no JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
  const classes = isObject(value) ? value["classes"] : undefined;
  const erase = isObject(value) ? value["erase"] : undefined;
  if (!isObject(classes)) throw new ConfigError("classes is no mapping");
  if (!isList(erase)) throw new ConfigError("erase is no list");
  return {
    classes: new Map(Object.entries(classes).map(([name, settings]) => [name, volumeClass(name, settings)])),
    erase: erase.map(String),
  };
}

function volumeClass(name: string, settings: Json | undefined): VolumeClass {
  const clean = textAt(settings, "clean");
  const reclaim = textAt(settings, "reclaim");
  if (clean !== "clear" && clean !== "discard" && clean !== "shred")
    throw new ConfigError(`classes.${name}.clean is none of clear, discard, shred`);
  if (reclaim !== "Delete" && reclaim !== "Retain") throw new ConfigError(`classes.${name}.reclaim is none of Delete, Retain`);
  return { clean, reclaim };
}
