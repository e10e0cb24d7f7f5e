/** The room of the state top file: which SLS a minion's highstate has (salt/state.py BaseHighState, Salt 3007.1). */
export { compileTop, type CompiledTop } from "./compile.ts";
export { stateEnvironments } from "./environments.ts";
