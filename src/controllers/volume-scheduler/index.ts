/**
 * The volume scheduler: chooses volumes for pods by rules about disks, and binds both. The decision is a pure function of an inventory that informers
 * keep; `main.ts` is the process.
 */
export { filter, onNode, prepare, scores, type FilterAnswer, type OnNode, type Request } from "./decide.ts";
export { Inventory } from "./inventory.ts";
export { NodeMemory } from "./memory.ts";
export { capacityOf, claimOf, classOf, nodeOf, podOf, volumeOf } from "./objects.ts";
export { solve, type Option, type Puzzle } from "./search.ts";
