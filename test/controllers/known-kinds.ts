import type { ControlPlane } from "../control-plane/index.ts";
import { until } from "./runtime/api.ts";

/**
 * Waits until kinds that were just defined are served, and stand in what kubectl looks kinds up in, which follows a moment later.
 *
 * @param plurals of their names
 */
export async function untilKnown(plane: Pick<ControlPlane, "kubectl">, ...plurals: readonly string[]): Promise<void> {
  for (const plural of plurals) {
    let said = "";
    try {
      await until(`${plural} are known`, () =>
        plane.kubectl(["get", plural, "-A"]).then(
          () => true,
          (error: unknown) => {
            said = String(error);
            return false;
          },
        ),
      );
    } catch (error) {
      throw new Error(`${String(error)}\n${said}`, { cause: error });
    }
  }
}
