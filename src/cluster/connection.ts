export { UnreachableError } from "../kubernetes/index.ts";
