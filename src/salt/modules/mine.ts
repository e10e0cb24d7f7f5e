import { PyDict } from "../../python/index.ts";
import type { ModuleTable } from "./types.ts";

/**
 * `mine.get` is an empty dict, as `salt-call --local` gives it, with a warning: the mine lives on a master.
 * The other functions of `mine` are refused.
 */
export function mineModule(): ModuleTable {
  return {
    get: {
      signature: "tgt fun tgt_type? exclude_minion?",
      run: (context) => {
        context.warn({
          code: "salt-mine-empty",
          severity: "warning",
          message: "salt['mine.get'] gives an empty dict: the mine is kept by a Salt master, which a render does not ask",
          advice: "Put the data into pillar.",
        });
        return new PyDict();
      },
    },
  };
}
