// The update rules of the optimisers as formulas.
import { rounded } from "/static/lib/format.js";

/** @param {Page.Hyperparameters} optimizer */
const adam = ({ beta1 = 0.9, beta2 = 0.999 }) => [
  `m ← ${rounded(beta1)} m + ${rounded(1 - beta1)} g`, `v ← ${rounded(beta2)} v + ${rounded(1 - beta2)} g²`, "θ ← θ − η m̂ / (√v̂ + ε)",
];
/** @type {{[kind in Api.Optimizer["kind"]]: (optimizer: Page.Hyperparameters) => string[]}} */
const RULES = {
  gd: () => ["θ ← θ − η g"],
  momentum: ({ momentum = 0.9 }) => [`v ← ${rounded(momentum)} v + g`, "θ ← θ − η v"],
  nesterov: ({ momentum = 0.9 }) => [`v ← ${rounded(momentum)} v + g`, `θ ← θ − η (g + ${rounded(momentum)} v)`],
  adagrad: () => ["G ← G + g²", "θ ← θ − η g / (√G + ε)"],
  rmsprop: ({ decay = 0.99 }) => [`G ← ${rounded(decay)} G + ${rounded(1 - decay)} g²`, "θ ← θ − η g / (√G + ε)"],
  adam,
  ista: () => ["θ ← soft(θ − η g, η λ₁)"],
  fista: () => ["y = θ + (tₖ − 1)/tₖ₊₁ (θ − θ′)", "θ ← soft(y − η g, η λ₁)"],
  adamw: (set) => [...adam(set).slice(0, 2), `θ ← θ − η m̂ / (√v̂ + ε) − η ${rounded(set.weight_decay ?? 0.01)} θ`],
};

/** The gradient of E without its l1 penalty. @type {{[kind: string]: string}} */
const SMOOTH = { ista: "g = ∇(E − λ₁‖θ‖₁)(θ)", fista: "g = ∇(E − λ₁‖θ‖₁)(y)" };

/**
 * The formulas of a rule in order. `isOther` is true if g differs from ∇E(θ): a batch's gradient, or a clipped one.
 * @param {Page.Hyperparameters} optimizer
 * @param {boolean} isOther
 */
export function rule(optimizer, isOther) {
  const parts = RULES[optimizer.kind](optimizer);
  if (isOther) return parts;
  if (optimizer.kind === "gd") return ["θ ← θ − η ∇E(θ)"];
  return [SMOOTH[optimizer.kind] ?? "g = ∇E(θ)", ...parts];
}
