import { join } from "node:path";
import { Bundle, type BundleSource } from "../bundle/index.ts";
import { Disk, type FileSystem } from "../salt/index.ts";

/** The folder of a fleet with bundles of its own, files NAME.cjs. */
export const OWN_BUNDLES = "bundles";

/**
 * The bundles that come with the program (`home`, its dist/bundles/) and the fleet's own, which come first where both have a name.
 * Each is read when it is first asked for.
 */
export function bundlesOf(home: string, folder: string, files: FileSystem): BundleSource {
  const paths = new Map([...bundlesIn(new Disk(), join(home, "dist/bundles")), ...bundlesIn(files, join(folder, OWN_BUNDLES))]);
  const read = new Map<string, Bundle>();
  return {
    names: [...paths.keys()].sort(),
    bundle: (name) => {
      const path = paths.get(name);
      if (path === undefined) return undefined;
      const bundle = read.get(name) ?? new Bundle(name, path.files.read(path.path));
      read.set(name, bundle);
      return bundle;
    },
  };
}

/** A name is that of a container and part of a ConfigMap's. */
const NAME = /^([a-z0-9](?:[-a-z0-9]{0,38}[a-z0-9])?)\.cjs$/;

interface BundleFile {
  readonly files: FileSystem;
  readonly path: string;
}

function bundlesIn(files: FileSystem, folder: string): [name: string, file: BundleFile][] {
  return files.names(folder).flatMap((file): [string, BundleFile][] => {
    const name = NAME.exec(file)?.[1];
    return name === undefined ? [] : [[name, { files, path: join(folder, file) }]];
  });
}
