// The landscape as a surface in 3-D with the path and a ball that rolls to the chosen step. A frame is drawn only after a
// change. `stop()` frees the GPU's memory.
import {
  AmbientLight, Curve, DataTexture, DirectionalLight, DoubleSide, InstancedMesh, Light, Matrix4, Mesh, MeshBasicMaterial, MeshLambertMaterial,
  NearestFilter, OctahedronGeometry, PerspectiveCamera, Quaternion, Scene, SphereGeometry, SRGBColorSpace, TubeGeometry, Vector3, WebGLRenderer,
} from "/static/vendor/three-0.185.1/three.module.min.js";
import { choose, h } from "/static/lib/dom.js";
import { t } from "/static/lib/i18n.js";
import { orbit } from "/static/components/landscape/orbit-controls.js";
import { heightMap } from "/static/components/landscape/height-map.js";
import { surfaceMesh, tinting } from "/static/components/landscape/mesh.js";

const [BALL, LINE, DOT, LIFT] = [0.05, 0.008, 0.016, 0.006];
const MOST_DOTS = 200;
const PIECES = 24; // of the path between two of its steps, so that the line follows the surface
const MOST_PIECES = 6000;
const NEAR = 1e-4;
const ROLL_MS = 160;
const ROLLING = 0.6; // share of the time between two steps that a roll takes when steps come fast
const SHAPE = 0.62; // height by width of the picture

/**
 * Has the interface of `landscape`, for one path and without the arrow.
 * @param {HTMLElement} host
 * @param {Page.Surface} data
 * @param {Page.PictureOptions} options
 * @returns {Page.Picture}
 */
export function surface3d(host, data, { paths: [path] }) {
  const shape = heightMap(data.energy);
  const canvas = h("canvas", { tabindex: 0, role: "application", "aria-label": t("landscape.surfaceFigure") });
  const context = canvas.getContext("webgl2", { antialias: true, alpha: true });
  if (!context) {
    choose(host, h("p", { class: "nothing" }, t("landscape.noWebGL")));
    return { select: () => {}, heightMap: shape, stop: () => {} };
  }
  const names = [data.x.short, data.y.short].map((name) => h("span", { class: "axis-name", "aria-hidden": "true" }, name));
  const turning = orbit(canvas, draw);
  choose(host, h("div", { class: "hill" }, canvas, names, h("button", { type: "button", click: turning.reset }, t("landscape.reset"))));

  const renderer = new WebGLRenderer({ canvas, context, antialias: true, alpha: true });
  const camera = new PerspectiveCamera(38, 1 / SHAPE, 0.1, 30);
  const mesh = surfaceMesh(data, shape);
  const places = path.step.map((_, i) => mesh.above(path.x[i], path.y[i]));
  const edges = [mesh.above(middle(data.x), data.y.values[0]), mesh.above(data.x.values[0], middle(data.y))];
  const ball = rollingBall();
  let [scene, frame] = [new Scene(), 0];
  /** @type {Roll | null} */
  let roll = null;

  /** Takes the colours from the theme. */
  function build() {
    /** @param {string} name */
    const colour = (name) => (getComputedStyle(host).getPropertyValue(name).match(/[\d.]+/g) ?? []).slice(0, 3).map(Number);
    clear();
    scene = new Scene();
    const map = tinting(shape, ["low", "middle", "high"].map((each) => colour(`--ground-${each}`)));
    const sun = new DirectionalLight(0xffffff, 1.9);
    sun.position.set(-1.5, 3, 1.2);
    const ink = `rgb(${colour("--ground-path").join(",")})`;
    scene.add(new AmbientLight(0xffffff, 1.5), sun, ball, new Mesh(mesh.geometry, new MeshLambertMaterial({ map, side: DoubleSide })));
    scene.add(new Mesh(tube(), new MeshBasicMaterial({ color: ink })), dots(ink), minima(`rgb(${colour("--chart-ink").join(",")})`));
    ball.material.map?.dispose();
    ball.material.map = stripes(colour("--ground-path"));
    draw();
  }

  const tube = () => {
    const line = polyline(path, mesh);
    return new TubeGeometry(line, line.points.length, LINE, 6);
  };

  /** @param {string} color */
  function dots(color) {
    const stride = Math.ceil(places.length / MOST_DOTS);
    return marks(new SphereGeometry(DOT, 12, 8), color, places.filter((_, i) => i % stride === 0));
  }

  /** The known minima of a function. @param {string} color */
  const minima = (color) => marks(new OctahedronGeometry(2 * DOT), color, data.minima.map(({ x, y }) => mesh.above(x, y)));

  /** The same shape at several places. @param {SphereGeometry | OctahedronGeometry} geometry @param {string} color @param {[x: number, y: number, z: number][]} places */
  function marks(geometry, color, places) {
    const found = new InstancedMesh(geometry, new MeshBasicMaterial({ color }), places.length);
    for (const [i, [x, y, z]] of places.entries()) found.setMatrixAt(i, new Matrix4().makeTranslation(x, y + LIFT, z));
    return found;
  }

  function draw() {
    frame ||= requestAnimationFrame((now) => {
      frame = 0;
      if (roll) advance(roll, now);
      canvas.dataset.step = String(roll?.step ?? ""); // the ball's step; empty while the ball is hidden
      turning.place(camera);
      renderer.render(scene, camera);
      label();
    });
  }

  /** The axis labels are text above the canvas, at the projected edges of the surface. */
  function label() {
    const { clientWidth: wide, clientHeight: high } = canvas;
    for (const [i, place] of edges.entries()) {
      const { x, y } = new Vector3(...place).project(camera);
      names[i].style.transform = `translate(${((x + 1) / 2) * wide}px, ${((1 - y) / 2) * high + 22}px) translate(-50%, -50%)`;
    }
  }

  /** @param {[x: number, y: number, z: number]} place */
  function resting([x, y, z]) {
    return new Vector3(x, y + BALL, z);
  }

  /** The position of a step, interpolated where the path omits the step; null beyond the path. @param {number} step @returns {Page.Point | null} */
  function at(step) {
    const i = path.step.findIndex((each) => each >= step);
    if (i <= 0) return i === 0 ? [path.x[0], path.y[0]] : null;
    const part = (step - path.step[i - 1]) / (path.step[i] - path.step[i - 1]);
    /** @param {number[]} column */
    const between = (column) => column[i - 1] + part * (column[i] - column[i - 1]);
    return [between(path.x), between(path.y)];
  }

  /** @type {Page.Picture["select"]} */
  function select(step, point = null) {
    const to = point ?? at(step);
    ball.visible = to !== null && mesh.holds(...to);
    roll = to && ball.visible ? rollTo(step, to, performance.now()) : null;
    draw();
  }

  /**
   * A roll is shorter than the interval since the last step, so that the ball keeps up with a playback.
   * @param {number} step
   * @param {Page.Point} to
   * @param {number} begun
   * @returns {Roll}
   */
  function rollTo(step, to, begun) {
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    const lasts = calm ? 0 : Math.min(ROLL_MS, ROLLING * (begun - (roll?.begun ?? -Infinity)));
    return { step, from: roll?.to ?? to, to, begun, lasts };
  }

  /** @param {Roll} roll @param {number} now */
  function advance({ from: [fromX, fromY], to: [toX, toY], begun, lasts }, now) {
    const part = lasts ? Math.min(1, Math.max(0, (now - begun) / lasts)) : 1;
    const next = resting(mesh.above(fromX + part * (toX - fromX), fromY + part * (toY - fromY)));
    const moved = next.clone().sub(ball.position);
    const axle = new Vector3(0, 1, 0).cross(moved);
    if (axle.length() > 1e-9) ball.quaternion.premultiply(new Quaternion().setFromAxisAngle(axle.normalize(), moved.length() / BALL));
    ball.position.copy(next);
    if (part < 1) draw();
  }

  function clear() {
    scene.traverse((each) => {
      if (each instanceof InstancedMesh || each instanceof Light) each.dispose();
      if (!(each instanceof Mesh)) return;
      if (each !== ball && each.geometry !== mesh.geometry) each.geometry.dispose();
      if (each !== ball) each.material.dispose();
      each.material.map?.dispose();
    });
  }

  function size() {
    const wide = host.clientWidth;
    if (!wide) return;
    renderer.setPixelRatio(Math.min(2, devicePixelRatio));
    renderer.setSize(wide, Math.round(wide * SHAPE));
    draw();
  }

  function stop() {
    cancelAnimationFrame(frame);
    frame = -1; // stops further frames
    sizes.disconnect();
    document.removeEventListener("themechange", build);
    clear();
    for (const each of [mesh.geometry, ball.geometry, ball.material, renderer]) each.dispose();
    renderer.forceContextLoss();
  }

  build();
  const sizes = new ResizeObserver(size);
  sizes.observe(host);
  document.addEventListener("themechange", build);
  return { select, heightMap: shape, stop };
}

/** The ball's motion between two points of the plane. @typedef {{ step: number, from: Page.Point, to: Page.Point, begun: number, lasts: number }} Roll */
/** @param {Api.Axis} axis */
const middle = ({ values }) => (values[0] + values[values.length - 1]) / 2;
const rollingBall = () => new Mesh(new SphereGeometry(BALL, 32, 20), new MeshLambertMaterial());

/** Four light and four dark slices, which make the rolling visible. @param {number[]} colour */
function stripes(colour) {
  const dark = colour.map((each) => Math.round(each * 0.6));
  const texture = new DataTexture(new Uint8Array([0, 1, 2, 3].flatMap(() => [...colour, 255, ...dark, 255])), 8, 1);
  texture.colorSpace = SRGBColorSpace;
  texture.magFilter = NearestFilter;
  texture.needsUpdate = true;
  return texture;
}

/**
 * The path as a line that follows the surface between two steps.
 * @param {Page.Path} path
 * @param {ReturnType<typeof surfaceMesh>} mesh
 */
function polyline(path, mesh) {
  const pieces = Math.max(1, Math.min(PIECES, Math.floor(MOST_PIECES / path.step.length)));
  /** @type {Vector3[]} */
  const points = [];
  for (let i = 0; i < path.step.length; i += 1) {
    const j = Math.min(i + 1, path.step.length - 1);
    for (let k = 0; k < (j === i ? 1 : pieces); k += 1) {
      const [x, y, z] = mesh.above(path.x[i] + (k / pieces) * (path.x[j] - path.x[i]), path.y[i] + (k / pieces) * (path.y[j] - path.y[i]));
      const point = new Vector3(x, y + LIFT, z);
      if (!points.length || point.distanceTo(points[points.length - 1]) > NEAR) points.push(point); // a tube needs a direction
    }
  }
  return new Line(points);
}

/** @extends {Curve<Vector3>} */
class Line extends Curve {
  /** @param {Vector3[]} points */
  constructor(points) {
    super();
    this.points = points.length > 1 ? points : [points[0], points[0].clone().setY(points[0].y + LIFT)];
  }

  /** @param {number} share @param {Vector3} [target] */
  getPoint(share, target = new Vector3()) {
    const at = share * (this.points.length - 1);
    const i = Math.min(Math.floor(at), this.points.length - 2);
    return target.lerpVectors(this.points[i], this.points[i + 1], at - i);
  }

  /**
   * Parametrised by the point's index instead of the arc length: each point is then a corner of the tube.
   * @param {number} share
   * @param {Vector3} [target]
   */
  getPointAt(share, target) {
    return this.getPoint(share, target);
  }

  /** @param {number} share @param {Vector3} [target] */
  getTangentAt(share, target) {
    return this.getTangent(share, target);
  }
}
