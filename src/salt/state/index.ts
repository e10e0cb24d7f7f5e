/**
 * The room of states: SLS to high data to low chunks, and the order in which chunks take effect (salt/state.py, Salt 3007.1).
 * Names of stages are Salt's: render_highstate, reconcile_extend, verify_high, requisite_in, apply_exclude, compile_high_data.
 */
export { compileHigh, type HighRequest } from "./high.ts";
export { compileStates, type CompiledStates, type FailedSls } from "./compile.ts";
export { verifyHigh } from "./verify.ts";
