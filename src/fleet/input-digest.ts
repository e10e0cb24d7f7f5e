import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { canonical } from "../memo/index.ts";
import { OWN_BUNDLES } from "./bundles.ts";
import type { Fleet } from "./load.ts";
import { filesBelow } from "./out.ts";
import { rosterText } from "./partition.ts";

/**
 * SHA-256, in hexadecimal, over all that the compile reads: every file of the roots, the sealed files, the roster, the config, the fleet's schemas,
 * policies and bundles.
 */
export function inputDigest(fleet: Fleet): string {
  const hash = createHash("sha256");
  for (const roots of [fleet.fileRoots, fleet.pillarRoots, fleet.sealedRoots]) {
    for (const saltenv of roots.environments()) {
      for (const path of roots.list(saltenv)) hash.update(`${saltenv}\0${path}\0${roots.find(saltenv, path)?.digest ?? ""}\n`);
    }
  }
  for (const cluster of fleet.roster.clusters) hash.update(`${cluster.id}\0${rosterText(cluster)}\n`);
  return hash.update(settingsDigest(fleet)).digest("hex");
}

/** The same over what is no file of the roots and not in the roster: the config, and the schemas, policies and bundles that come with the fleet. */
export function settingsDigest(fleet: Fleet): string {
  const { fileRoots, pillarRoots, kubernetes, sealed, policies, saltOptions } = fleet.config;
  const settings = policies.settings ?? null;
  const hash = createHash("sha256");
  hash.update(JSON.stringify([[...fileRoots], [...pillarRoots], kubernetes, sealed.root, sealed.allow, settings, canonical(saltOptions)]));
  for (const folder of ["schemas/pillar", "schemas/crds", "policies", OWN_BUNDLES]) {
    for (const path of filesBelow(fleet.folder, folder).sort()) hash.update(`\0${path}\0`).update(contentAt(join(fleet.folder, path)));
  }
  return hash.digest("hex");
}

/** Links may lead nowhere, or to a folder. */
function contentAt(path: string): Buffer | string {
  try {
    return readFileSync(path);
  } catch {
    return "";
  }
}
