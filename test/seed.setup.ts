import fc from "fast-check";

const given = process.env["HALITE_SEED"];
const seed = given === "random" ? Date.now() % 2 ** 31 : Number(given ?? 20261);

/** fast-check prints the seed of a failure; `HALITE_SEED=…` has that run again. */
fc.configureGlobal({ seed });
