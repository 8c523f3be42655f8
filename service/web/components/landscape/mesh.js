// The mesh of the 3-D surface: the grid of E as triangles.
import { BufferGeometry, DataTexture, Float32BufferAttribute, NearestFilter, SRGBColorSpace } from "/static/vendor/three-0.185.1/three.module.min.js";
import { isTrue } from "/static/components/landscape/axes.js";

const HIGH = 0.8; // the surface's height; its width is 2
const TINTS = 1024;

/**
 * Returns the mesh's `geometry` and `depth`, `holds(x, y)`, and `above(x, y)`: the surface point over a point of the plane.
 * @param {Api.Landscape} data
 * @param {Page.HeightMap} heightMap
 */
export function surfaceMesh(data, heightMap) {
  const [columns, rows] = [data.x.values.length, data.y.values.length];
  /** @param {Api.Axis} axis */
  const span = ({ values }) => values[values.length - 1] - values[0];
  const depth = isTrue(data.x, data.y) ? (2 * span(data.y)) / span(data.x) : 2;
  const shares = data.energy.map((row) => row.map((value) => (value === null ? NaN : heightMap.rise(value))));
  /** @param {number} x */
  const column = (x) => ((columns - 1) * (x - data.x.values[0])) / span(data.x);
  /** @param {number} y */
  const row = (y) => ((rows - 1) * (y - data.y.values[0])) / span(data.y);
  /** @param {number} i @param {number} j @param {number} share @returns {[x: number, y: number, z: number]} */
  const point = (i, j, share) => [(2 * i) / (columns - 1) - 1, HIGH * share, depth * (0.5 - j / (rows - 1))];

  /** Bilinear interpolation between the four grid values around a point; the triangles differ from it slightly. @param {number} x @param {number} y */
  function above(x, y) {
    const [i, j] = [within(column(x), columns - 1), within(row(y), rows - 1)];
    const [left, down] = [Math.min(Math.floor(i), columns - 2), Math.min(Math.floor(j), rows - 2)];
    /** @param {number[]} line */
    const along = (line) => mix(line[left], line[left + 1], i - left);
    const share = mix(along(shares[down]), along(shares[down + 1]), j - down);
    return point(i, j, Number.isFinite(share) ? share : 1);
  }
  /** @param {number} x @param {number} y */
  const holds = (x, y) => [column(x) / (columns - 1), row(y) / (rows - 1)].every((share) => share >= 0 && share <= 1);
  const cells = data.x.values.map((_, i) => i);
  const positions = shares.flatMap((line, j) => cells.flatMap((i) => point(i, j, line[i] || 0)));
  const tints = data.energy.flat().flatMap((value) => [heightMap.share(value), 0.5]);
  const geometry = new BufferGeometry();
  geometry.setAttribute("position", new Float32BufferAttribute(positions, 3));
  geometry.setAttribute("uv", new Float32BufferAttribute(tints, 2));
  geometry.setIndex(triangles(shares));
  geometry.computeVertexNormals();
  return { geometry, depth, above, holds };
}

/** @param {number} value @param {number} most */
const within = (value, most) => Math.min(most, Math.max(0, value));
/** @param {number} from @param {number} to @param {number} part */
const mix = (from, to, part) => from + part * (to - from);

/** Two triangles for each cell with four finite corners. @param {number[][]} shares */
function triangles(shares) {
  const columns = shares[0].length;
  const found = [];
  for (let j = 0; j + 1 < shares.length; j += 1) for (let i = 0; i + 1 < columns; i += 1) {
    const [a, b, c, d] = [j * columns + i, j * columns + i + 1, (j + 1) * columns + i, (j + 1) * columns + i + 1];
    const whole = [shares[j][i], shares[j][i + 1], shares[j + 1][i], shares[j + 1][i + 1]].every(Number.isFinite);
    if (whole) found.push(a, b, c, b, d, c);
  }
  return found;
}

/**
 * The colours by height, in the same steps as between the contours of the map. `colours` are those of low, middle and high.
 * @param {Page.HeightMap} heightMap
 * @param {number[][]} colours
 */
export function tinting(heightMap, colours) {
  const bounds = heightMap.levels.map(heightMap.share);
  const bytes = new Uint8Array(4 * TINTS);
  for (let i = 0; i < TINTS; i += 1) {
    const share = bounds.findLast((bound) => bound <= i / (TINTS - 1)) ?? 0;
    const [from, to, part] = share < 0.5 ? [colours[0], colours[1], 2 * share] : [colours[1], colours[2], 2 * share - 1];
    bytes.set([...from.map((each, k) => Math.round(mix(each, to[k], part))), 255], 4 * i);
  }
  const texture = new DataTexture(bytes, TINTS, 1);
  texture.colorSpace = SRGBColorSpace;
  texture.magFilter = texture.minFilter = NearestFilter;
  texture.needsUpdate = true;
  return texture;
}
