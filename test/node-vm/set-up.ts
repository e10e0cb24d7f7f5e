/** What `npm test` runs before the node tests: makes the node's image, if it is not there yet. */
import { buildNodeImage, whyNoNode } from "./build.ts";

const reason = whyNoNode();
if (reason === undefined) await buildNodeImage();
else {
  console.error(reason);
  process.exitCode = 1;
}
