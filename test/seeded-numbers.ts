/** Numbers from 0 to below 1, the same ones for the same seed (mulberry32). */
export function seededNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** The seed HALITE_SEED: a number, or `random` for one that nobody knows before; `otherwise` where it is not given. Whoever takes it prints it. */
export function givenSeed(otherwise: number): number {
  const given = process.env["HALITE_SEED"];
  return given === "random" ? Date.now() % 2 ** 31 : Number(given ?? otherwise);
}
