/**
 * The room of YAML: Salt's loader for SLS, pillar and `import_yaml`; Kubernetes' loader for manifests; PyYAML's dumper for what states and
 * filters print; and the one canonical emitter for what Halite writes.
 */
export { emit } from "./emit.ts";
export { YamlError } from "./error.ts";
export { isPlainSafe } from "./emit-scalar.ts";
export { isPlainString } from "./kubernetes-scalar.ts";
export { loadKubernetes } from "./load-kubernetes.ts";
export { loadSalt } from "./load-salt.ts";
export { isSaltString } from "./salt-scalar.ts";
export { type DataPositions } from "./positions.ts";
export { dumpPyYaml, serializePyYaml, type DumpPyYamlOptions } from "./dump-pyyaml.ts";
