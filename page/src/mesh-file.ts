/** The file of a case's meshes: a header's length (32 bits), the header as JSON, then 16-bit numbers; see page/meshes.ts. */

export interface MeshPart {
  name: 'front' | 'button' | 'roof' | 'back' | 'foot' | 'glass';
  /** `#rrggbb` */
  color: string;
  vertices: number;
  triangles: number;
  /** A corner is at min + step × its number, in mm of the case's own frame: x to the right, y up, z out of the front. */
  min: [number, number, number];
  step: number;
}

export interface MeshHeader {
  /** How far the case leans back on its foot. */
  leanDegrees: number;
  parts: MeshPart[];
  /** The middle of the display's lit area, and its size. */
  display: { at: [number, number, number]; mm: [number, number] };
}

export interface Mesh extends MeshPart {
  /** Three numbers a corner. */
  positions: Float32Array;
  indices: Uint16Array;
}

const unzigzag = (n: number) => (n >>> 1) ^ -(n & 1);

/** Throws when the file is none. */
export function readMeshes(file: ArrayBuffer): { header: MeshHeader; meshes: Mesh[] } {
  const length = new DataView(file).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(file, 4, length))) as MeshHeader;
  const numbers = new Uint16Array(file, 4 + length);
  let at = 0;
  const meshes = header.parts.map((part): Mesh => {
    const positions = new Float32Array(3 * part.vertices);
    for (let k = 0; k < 3; k++) {
      let value = 0;
      for (let i = 0; i < part.vertices; i++) {
        value += unzigzag(numbers[at++] ?? 0);
        positions[3 * i + k] = (part.min[k] ?? 0) + part.step * value;
      }
    }
    const indices = new Uint16Array(3 * part.triangles);
    let value = 0;
    for (let i = 0; i < indices.length; i++) {
      value += unzigzag(numbers[at++] ?? 0);
      indices[i] = value;
    }
    return { ...part, positions, indices };
  });
  return { header, meshes };
}
