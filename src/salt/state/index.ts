/**
 * The room of states: SLS to high data to low chunks, and the order in which chunks take effect (salt/state.py, Salt 3007.1).
 * Names of stages are Salt's: render_highstate, reconcile_extend, verify_high, requisite_in, apply_exclude, compile_high_data.
 */
export { compileHigh, type HighRequest, type HighState } from "./high.ts";
export { compileLow, type LowState } from "./low.ts";
export { compileStates, type CompiledStates, type FailedSls } from "./compile.ts";
export { verifyHigh } from "./verify.ts";
export { runOrder } from "./requisites.ts";
export type { SlsName, StateError } from "./errors.ts";
