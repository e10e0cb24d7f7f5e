/** What `npm test` runs before the control-plane tests: builds what is not there yet. */
import { buildControlPlane } from "./build.ts";

await buildControlPlane();
