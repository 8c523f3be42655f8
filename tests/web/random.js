// Made-up numbers for properties that hold for all: the same ones in each run.

/** Numbers from 0 to 1 (a linear congruential generator). */
export function* uniform(seed = 1) {
  let state = seed >>> 0;
  while (true) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    yield state / 2 ** 32;
  }
}

/** So many doubles of either sign and of all sizes, none of them 0. */
export function doubles(count, seed = 1) {
  const source = uniform(seed);
  const next = () => source.next().value;
  return Array.from({ length: count }, () => (next() < 0.5 ? -1 : 1) * (1 + 9 * next()) * 10 ** Math.floor(-300 + 600 * next()));
}
