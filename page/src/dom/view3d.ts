/** A case in 3D. Loaded when the rest of the page stands; draws a frame when something has changed, and none otherwise. */
import {
  AmbientLight,
  BufferAttribute,
  BufferGeometry,
  CanvasTexture,
  Color,
  DirectionalLight,
  DoubleSide,
  Group,
  HemisphereLight,
  LinearFilter,
  Mesh,
  MeshBasicMaterial,
  MeshStandardMaterial,
  PCFShadowMap,
  PerspectiveCamera,
  PlaneGeometry,
  Scene,
  ShadowMaterial,
  SRGBColorSpace,
  Vector3,
  WebGLRenderer,
} from 'three';
import { toCreasedNormals } from 'three/addons/utils/BufferGeometryUtils.js';
import { type MeshHeader, readMeshes } from '../mesh-file.ts';

/** The flattest edge that is no part of a round (enclosure/pictures/surface.ts). */
const crease = (24 * Math.PI) / 180;

/** From a chair, a little from the left: as the pictures of the cases are. */
const home = { around: -13, above: 36 };
/** Left free around it at home, as a share of the picture's sides. */
const margin = 0.05;
const limits = { around: 60, above: [12, 70] as const };
const fieldDegrees = 14;
/** The picture's sides. */
export const aspect = 880 / 720;
/** How deep the button goes, mm. */
const travelMm = 1.2;
/** The screen's own dots, so many times as many on the texture: else they shimmer. */
const textureScale = 4;

type Point = [number, number];

export interface Case3d {
  /** The display has another picture. */
  repaint(): void;
  /** 0: up, 1: down. */
  press(depth: 0 | 1): void;
  /** By so many degrees. */
  turn(around: number, above: number): void;
  /** Back to where it stood. */
  settle(): void;
  resize(): void;
  /** Not when the browser next draws, but now. */
  drawNow(): void;
  /** Shares of the picture's sides: the display's corners, and the box around the button. */
  places(): { display: [Point, Point, Point, Point]; button: [Point, Point] };
  readonly frames: number;
}

export function showCase(canvas: HTMLCanvasElement, file: ArrayBuffer, glass: HTMLCanvasElement): Case3d {
  const { header, meshes } = readMeshes(file);
  const renderer = new WebGLRenderer({ canvas, antialias: true, alpha: true, powerPreference: 'low-power' });
  renderer.shadowMap.enabled = true;
  renderer.shadowMap.type = PCFShadowMap;
  const scene = new Scene();
  const model = new Group();
  model.rotation.x = ((90 - header.leanDegrees) * Math.PI) / 180 - Math.PI / 2;
  const parts = new Map<string, Mesh>();
  for (const part of meshes) {
    const indexed = new BufferGeometry();
    indexed.setAttribute('position', new BufferAttribute(part.positions, 3));
    indexed.setIndex(new BufferAttribute(part.indices, 1));
    const rough = part.name === 'glass' ? 0.15 : 0.72;
    const mesh = new Mesh(
      toCreasedNormals(indexed, crease),
      new MeshStandardMaterial({
        ...{ color: new Color(part.color), roughness: rough, metalness: 0 },
        // Its far sides are not in the file.
        shadowSide: DoubleSide,
      }),
    );
    mesh.castShadow = part.name !== 'glass';
    mesh.receiveShadow = true;
    parts.set(part.name, mesh);
    model.add(mesh);
  }
  const screen = screenOf(header, glass);
  model.add(screen.mesh);
  scene.add(model);
  model.updateMatrixWorld(true);
  const { middle, radius, floor } = extentOf(model);
  const ground = new Mesh(new PlaneGeometry(20 * radius, 20 * radius), new ShadowMaterial({ opacity: 0.16 }));
  ground.rotation.x = -Math.PI / 2;
  ground.position.y = floor;
  ground.receiveShadow = true;
  scene.add(ground, ...lightsOf(middle, radius));
  const camera = new PerspectiveCamera(fieldDegrees, aspect, radius, radius * 30);

  let { around, above } = home;
  let frames = 0;
  let due = false;
  const draw = () => {
    due = false;
    renderer.render(scene, camera);
    frames++;
  };
  const later = () => {
    if (due) return;
    due = true;
    requestAnimationFrame(draw);
  };
  const aim = () => {
    const [a, b] = [(around * Math.PI) / 180, (above * Math.PI) / 180];
    const far = radius / Math.tan((fieldDegrees / 2) * (Math.PI / 180));
    camera.position.set(
      middle.x + far * Math.sin(a) * Math.cos(b),
      middle.y + far * Math.sin(b),
      middle.z + far * Math.cos(a) * Math.cos(b),
    );
    camera.lookAt(middle);
    camera.updateMatrixWorld(true);
    later();
  };
  const resize = () => {
    const { clientWidth, clientHeight } = canvas;
    if (clientWidth === 0) return;
    renderer.setPixelRatio(Math.min(2, devicePixelRatio));
    renderer.setSize(clientWidth, clientHeight, false);
    later();
  };
  const at = (point: Vector3): Point => {
    const p = point.project(camera);
    return [(p.x + 1) / 2, (1 - p.y) / 2];
  };
  aim();
  frameTo(camera, [...parts.values()].flatMap(cornersOf).map(at));
  resize();
  return {
    repaint() {
      screen.repaint();
      later();
    },
    press(depth) {
      const button = parts.get('button');
      if (button === undefined) return;
      button.position.z = -travelMm * depth;
      later();
    },
    turn(dAround, dAbove) {
      around = Math.max(-limits.around, Math.min(limits.around, around + dAround));
      above = Math.max(limits.above[0], Math.min(limits.above[1], above + dAbove));
      aim();
    },
    settle() {
      ({ around, above } = home);
      aim();
    },
    resize,
    drawNow: draw,
    places() {
      const {
        at: [x, y, z],
        mm: [width, height],
      } = header.display;
      const corner = (i: number, j: number) =>
        at(model.localToWorld(new Vector3(x + (i * width) / 2, y + (j * height) / 2, z)));
      return {
        display: [corner(-1, 1), corner(1, 1), corner(1, -1), corner(-1, -1)],
        button: boxOf(parts.get('button') ?? model, at),
      };
    },
    get frames() {
      return frames;
    },
  };
}

const least = (numbers: number[]) => numbers.reduce((a, b) => Math.min(a, b), Infinity);
const most = (numbers: number[]) => numbers.reduce((a, b) => Math.max(a, b), -Infinity);

/** As large as the picture allows. */
function frameTo(camera: PerspectiveCamera, points: Point[]): void {
  const side = (k: 0 | 1) => points.map(point => point[k]);
  const [left, right, top, bottom] = [
    ...[least(side(0)), most(side(0))],
    ...[least(side(1)), most(side(1))],
  ] as const;
  const share = Math.max(right - left, bottom - top) / (1 - 2 * margin);
  const [x, y] = [(left + right - share) / 2, (top + bottom - share) / 2];
  camera.setViewOffset(1000 * aspect, 1000, x * 1000 * aspect, y * 1000, share * 1000 * aspect, share * 1000);
}

function screenOf({ display }: MeshHeader, glass: HTMLCanvasElement) {
  const picture = document.createElement('canvas');
  picture.width = glass.width * textureScale;
  picture.height = glass.height * textureScale;
  const texture = new CanvasTexture(picture);
  texture.colorSpace = SRGBColorSpace;
  texture.minFilter = LinearFilter;
  texture.generateMipmaps = false;
  const mesh = new Mesh(
    new PlaneGeometry(display.mm[0], display.mm[1]),
    new MeshBasicMaterial({ map: texture, toneMapped: false }),
  );
  const [x, y, z] = display.at;
  mesh.position.set(x, y, z + 0.05);
  const repaint = () => {
    const context = picture.getContext('2d');
    if (context === null) return;
    context.imageSmoothingEnabled = false;
    context.drawImage(glass, 0, 0, picture.width, picture.height);
    texture.needsUpdate = true;
  };
  repaint();
  return { mesh, repaint };
}

function cornersOf(mesh: Mesh): Vector3[] {
  const position = mesh.geometry.getAttribute('position');
  return Array.from({ length: position.count }, (_, i) =>
    mesh.localToWorld(new Vector3().fromBufferAttribute(position, i)),
  );
}

function extentOf(model: Group): { middle: Vector3; radius: number; floor: number } {
  const low = new Vector3(Infinity, Infinity, Infinity);
  const high = new Vector3(-Infinity, -Infinity, -Infinity);
  model.traverse(thing => {
    if (!(thing instanceof Mesh)) return;
    for (const corner of cornersOf(thing)) {
      low.min(corner);
      high.max(corner);
    }
  });
  return {
    middle: low.clone().add(high).multiplyScalar(0.5),
    radius: low.distanceTo(high) / 2,
    floor: low.y,
  };
}

function boxOf(mesh: Mesh | Group, at: (point: Vector3) => Point): [Point, Point] {
  const points = mesh instanceof Mesh ? cornersOf(mesh).map(at) : [];
  const side = (k: 0 | 1) => points.map(point => point[k]);
  return [
    [least(side(0)), least(side(1))],
    [most(side(0)), most(side(1))],
  ];
}

function lightsOf(middle: Vector3, radius: number) {
  const sun = new DirectionalLight(0xfff4e6, 2.4);
  sun.position.copy(middle).add(new Vector3(0.9, 3.6, 1.5).multiplyScalar(radius));
  sun.target.position.copy(middle);
  sun.castShadow = true;
  const { camera } = sun.shadow;
  camera.left = camera.bottom = -1.6 * radius;
  camera.right = camera.top = 1.6 * radius;
  camera.far = 8 * radius;
  sun.shadow.mapSize.set(1024, 1024);
  sun.shadow.radius = 3;
  sun.shadow.normalBias = 0.4;
  return [sun, sun.target, new HemisphereLight(0xf3f8ff, 0xb9ab97, 1.5), new AmbientLight(0xffffff, 0.35)];
}
