import type { SchemaFiles } from "./definitions.ts";

/** The versions of Kubernetes that schemas/kubernetes/ covers, oldest first: for who needs no more of it. */
export function kubernetesVersions(files: SchemaFiles): readonly string[] {
  // The project's own generated file (scripts/schema/generate.ts).
  const { versions }: { readonly versions: readonly string[] } = JSON.parse(files("index.json"));
  return versions;
}
