/** The room of SLS files: their names in an environment, how a name finds its file, and what rendering one is. */
export { SlsNames, findSls, type FoundSls } from "./files.ts";
export { type RenderSls, type StandIns } from "./request.ts";
export { iterate } from "./iterate.ts";
