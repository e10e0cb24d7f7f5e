/**
 * The room of YAML: Salt's loader for SLS, pillar and `import_yaml`; Kubernetes' loader for manifests; PyYAML's dumper for what states and
 * filters print; and the one canonical emitter for what Halite writes.
 */
export { emit } from "./emit.ts";
export { YamlError, type PyYamlClass, type YamlErrorCode } from "./error.ts";
export { loadKubernetes, type KubernetesDocument } from "./load-kubernetes.ts";
export { loadSalt, type LoadedSalt, type LoadSaltOptions } from "./load-salt.ts";
export { NO_POSITIONS, type DataPositions, type Place } from "./positions.ts";
export { dumpPyYaml, serializePyYaml, type DumpPyYamlOptions } from "./dump-pyyaml.ts";
export type { DumpStyle } from "./pyyaml-represent.ts";
