import fc from "fast-check";
import { givenSeed } from "./seeded-numbers.ts";

/** fast-check prints the seed of a failure; `HALITE_SEED=…` has that run again. */
fc.configureGlobal({ seed: givenSeed(20261) });
