/** The room of Salt's operations on plain data: paths into it, merging, copying (salt/utils/data.py, dictupdate.py, 3007.1). */
export { deepCopy } from "../../python/index.ts";
export { merge, mergeRecurse, update } from "./dictupdate.ts";
export { filterBy } from "./filter-by.ts";
export { fnmatchcase, isGlob } from "./fnmatch.ts";
export { loadJson, throughJson } from "./json.ts";
export { traverse } from "./traverse.ts";
