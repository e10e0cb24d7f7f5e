import { defineConfig } from "vitest/config";

/**
 * Six projects, all of them in `npm test`:
 * - fast: everything that needs only Node, but for
 * - slow (`*.slow.test.ts`): what takes many seconds: random edits of fleets, killed renders, faults, exhaustive trials;
 * - differential (`*.diff.test.ts`): judged by the real Jinja2, PyYAML and Salt in test/.cache/salt-venv;
 * - control-plane (`*.plane.test.ts`): judged by a real kube-apiserver built into test/.cache/bin;
 * - vm (`*.vm.test.ts`): in a virtual machine with real LVM, file systems and disks, test/node-vm;
 * - real (`*.real.test.ts`): with the real programs that test/real/set-up.ts installs.
 *
 * Generated tests take the seed HALITE_SEED, a number or `random`; without it the same one every time, so that a run is green or red
 * whoever runs it. `HALITE_KILLS=200` has controllers killed in the virtual machine for as many
 * operations, and not for a minute and a half (test/controllers/kills.ts).
 */
/** Protocol definitions are their text, as scripts/bundle.mjs has it. */
const protocols = {
  name: "protocols",
  transform: (code: string, id: string) =>
    id.endsWith(".proto") ? { code: `export default ${JSON.stringify(code)};`, map: null } : undefined,
};
const shared = { setupFiles: ["test/seed.setup.ts"], testTimeout: 300_000, hookTimeout: 600_000 };
/** What waits for other programs has its own deadlines, which say what did not come: this one is longer than those of a test together. */
const patient = { ...shared, testTimeout: 1_800_000, hookTimeout: 1_800_000 };
export default defineConfig({
  test: {
    maxWorkers: 2,
    projects: [
      {
        plugins: [protocols],
        test: {
          ...shared,
          name: "fast",
          include: ["test/**/*.test.ts"],
          exclude: ["test/**/*.{slow,diff,plane,real,vm}.test.ts", "test/.cache/**"],
        },
      },
      { plugins: [protocols], test: { ...shared, name: "slow", include: ["test/**/*.slow.test.ts"], exclude: ["test/.cache/**"] } },
      { plugins: [protocols], test: { ...shared, name: "differential", include: ["test/**/*.diff.test.ts"], exclude: ["test/.cache/**"] } },
      { plugins: [protocols], test: { ...patient, name: "real", include: ["test/**/*.real.test.ts"], exclude: ["test/.cache/**"] } },
      {
        plugins: [protocols],
        test: { ...patient, name: "vm", include: ["test/**/*.vm.test.ts"], exclude: ["test/.cache/**"], fileParallelism: false },
      },
      {
        plugins: [protocols],
        test: {
          ...patient,
          name: "control-plane",
          include: ["test/**/*.plane.test.ts"],
          exclude: ["test/.cache/**"],
          fileParallelism: false,
        },
      },
    ],
  },
});
