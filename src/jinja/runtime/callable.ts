import { PyCallable, PyError, type Kwargs, type Value } from "../../python/index.ts";
import type { CallState } from "../types.ts";

/** A function that is told who calls it: the names the template sees, the place, the limits (Jinja's `pass_context`). */
export abstract class StateCallable extends PyCallable {
  abstract callWith(state: CallState, args: readonly Value[], kwargs: Kwargs): Value;
  /** Only a template can call it. @throws PyError */
  call(): Value {
    throw new PyError("TypeError", `${this.name}() can only be called from a template`);
  }
}
