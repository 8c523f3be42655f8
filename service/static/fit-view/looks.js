// How the data and f(θ, x) are drawn: a curve through the points, classes on the plane, or predictions against what was given.
// Each is loaded when it is wanted.

export async function lookOf(answer, target) {
  if (!answer.y) return (await import("/static/fit-view/curve.js")).curveLook(answer, target);
  if (answer.classes) return (await import("/static/fit-view/regions.js")).regionsLook(answer);
  return (await import("/static/fit-view/against.js")).againstLook(answer, target);
}
