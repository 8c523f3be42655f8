// Orbits a camera around the surface: dragging, the arrow keys, plus and minus, and pinching on a trackpad.
const START = { turn: -0.5, tilt: 0.6, far: 3.15 };
/** @type {{[name in "tilt" | "far"]: [least: number, most: number]}} */
const BOUNDS = { tilt: [0.12, 1.5], far: [1.8, 7] };
const MIDDLE = 0.3; // share of the surface's height
const [KEY_TURN, DRAG_TURN, PINCH, KEY_ZOOM] = [0.12, 0.008, 0.01, 1.12];

/**
 * Each change of the view calls `onTurn()`; `place(camera)` positions the camera.
 * @param {HTMLElement} element
 * @param {() => void} onTurn
 */
export function orbit(element, onTurn) {
  let view = { ...START };
  /** @type {Page.Point | null} */
  let held = null;

  /** @param {number} turn @param {number} tilt @param {number} closer */
  function change(turn, tilt, closer) {
    /** @param {keyof typeof BOUNDS} name @param {number} value */
    const clamp = (name, value) => Math.min(BOUNDS[name][1], Math.max(BOUNDS[name][0], value));
    view = { turn: view.turn + turn, tilt: clamp("tilt", view.tilt + tilt), far: clamp("far", view.far * closer) };
    onTurn();
  }

  function reset() {
    view = { ...START };
    onTurn();
  }

  /** @param {KeyboardEvent} event */
  function press(event) {
    /** @type {{[key: string]: [turn: number, tilt: number, closer: number]}} */
    const moves = {
      ArrowLeft: [-KEY_TURN, 0, 1], ArrowRight: [KEY_TURN, 0, 1], ArrowUp: [0, KEY_TURN, 1], ArrowDown: [0, -KEY_TURN, 1],
      "+": [0, 0, 1 / KEY_ZOOM], "=": [0, 0, 1 / KEY_ZOOM], "-": [0, 0, KEY_ZOOM],
    };
    if (event.ctrlKey || event.metaKey || !(event.key in moves)) return;
    event.preventDefault();
    change(...moves[event.key]);
  }

  element.addEventListener("keydown", press);
  element.addEventListener("pointerdown", (event) => {
    held = [event.clientX, event.clientY];
    element.setPointerCapture(event.pointerId);
  });
  element.addEventListener("pointermove", (event) => {
    if (!held) return;
    change(-DRAG_TURN * (event.clientX - held[0]), DRAG_TURN * (event.clientY - held[1]), 1);
    held = [event.clientX, event.clientY];
  });
  for (const end of ["pointerup", "pointercancel"]) element.addEventListener(end, () => { held = null; });
  element.addEventListener("wheel", (event) => {
    if (!event.ctrlKey) return; // the wheel scrolls the page; a pinch arrives as a wheel event with ctrlKey
    event.preventDefault();
    change(0, 0, Math.exp(PINCH * event.deltaY));
  }, { passive: false });

  /** @param {import("/static/vendor/three-0.185.1/three.module.min.js").Camera} camera */
  function place(camera) {
    const flat = Math.cos(view.tilt) * view.far;
    camera.position.set(Math.sin(view.turn) * flat, Math.sin(view.tilt) * view.far + MIDDLE, Math.cos(view.turn) * flat);
    camera.lookAt(0, MIDDLE, 0);
  }
  return { place, reset };
}
