/**
 * The room of execution modules: what templates call as `salt['pillar.get']` or `salt.pillar.get`, as Salt 3007.1 answers it, as far as
 * the answer follows from the tree, the pillar and the grains alone. What asks the node, the network, the clock or chance is refused by name.
 */
export { SaltFunctions } from "./salt-object.ts";
export { IFELSE } from "./match.ts";
export { bind, signature } from "./signature.ts";
export { cachePath } from "./file.ts";
export { isTrue } from "./truth.ts";
export type { ModuleContext, RenderRequest } from "./types.ts";
