import type { Finding } from "../finding/index.ts";
import type { PyDict } from "../python/index.ts";
import type { PillarProvenance } from "../salt/index.ts";
export class PillarSchemas {
  static in(_folder: string): PillarSchemas {
    return new PillarSchemas();
  }
  check(_pillar: PyDict, _provenance: () => PillarProvenance | undefined): readonly Finding[] {
    return [];
  }
}
