import { AddonCache, compileAddons, readAddonSettings, ReleaseTexts, type WrittenFile } from "../../src/addon/index.ts";
import type { ReleaseFiles } from "../../src/cluster/index.ts";
import { PyDict, type Value } from "../../src/python/index.ts";
import { loadSalt } from "../../src/yaml/index.ts";
import { shippedCustomResources, shippedSchemas } from "../schema/objects.ts";

/** Manifests by addon and file name. */
export type Manifests = Readonly<Record<string, Readonly<Record<string, string>>>>;

export interface ReleaseSetting {
  readonly cluster?: string;
  readonly kubernetes?: string;
  /** Pillar in YAML: `addons: {NAME: {…}}`. */
  readonly pillar?: string;
  /** Namespaces that exist without any addon making them. */
  readonly namespaces?: readonly string[];
}

/** The release that these manifests compile to, by the project's own second stage. */
export function releaseOf(manifests: Manifests, setting: ReleaseSetting = {}): ReleaseFiles {
  const written: WrittenFile[] = Object.entries(manifests).flatMap(([addon, files]) =>
    Object.entries(files).map(([name, text]) => ({
      path: `/etc/kubernetes/addons/${addon}/${name}`,
      content: new TextEncoder().encode(text),
      id: `${addon}-${name}`,
      sls: addon,
      source: null,
    })),
  );
  const loaded: Value = loadSalt(setting.pillar ?? "{}", { file: "pillar" }).value;
  const pillar = loaded instanceof PyDict ? loaded : new PyDict();
  pillar.set("halite", PyDict.from({ namespaces: [...(setting.namespaces ?? [])] }));
  const { addons, sealed } = compileAddons({
    written,
    failed: [],
    settings: readAddonSettings(pillar),
    schema: shippedSchemas().forVersion(setting.kubernetes ?? "1.36"),
    knownCrds: shippedCustomResources(),
    sources: () => [],
    cache: new AddonCache(),
  });
  const identity = { id: setting.cluster ?? "test-1", az: "az1", kubernetes: setting.kubernetes ?? "1.36" };
  const texts = new ReleaseTexts().files({ state: "compiled", cluster: identity, addons, sealed, rollout: null });
  return new Map([...texts].map(([path, text]) => [path, new TextEncoder().encode(text)]));
}
