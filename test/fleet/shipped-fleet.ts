import { FleetCompiler, impactOn, kubernetesSchemas, loadFleet, recordClusters, type ImpactQuestion } from "../../src/fleet/index.ts";
import { PROJECT } from "../cli/halite.ts";

/** The shipped fleet with its records. */
export function shipped() {
  const fleet = loadFleet(`${PROJECT}/halite.yaml`, kubernetesSchemas(PROJECT), PROJECT);
  const compiler = new FleetCompiler(fleet);
  const { clusters } = fleet.roster;
  const records = recordClusters(compiler, clusters, { begun: 0, state: undefined });
  const impact = (question: ImpactQuestion) => impactOn(compiler, clusters, records, question);
  return { compiler, clusters, impact };
}
