import { createHash } from "node:crypto";
import { join } from "node:path";
import { canonical } from "../memo/index.ts";
import { filesIn } from "../salt/index.ts";
import { OWN_BUNDLES } from "./bundles.ts";
import type { Fleet } from "./load.ts";
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
    const top = join(fleet.folder, folder);
    for (const path of filesIn(fleet.files, top)) hash.update(`\0${folder}/${path}\0`).update(fleet.files.read(join(top, path)));
  }
  return hash.digest("hex");
}
