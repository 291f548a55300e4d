/** Random drawings, as program text that runs on the simulated board and on the interpreter alike. */

/** Repeatable random numbers (xorshift). */
export function dice(seed: number) {
  let state = seed | 0 || 1;
  const next = () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
  return {
    int: (from: number, to: number) => from + Math.floor(next() * (to - from + 1)),
    chance: (share: number) => next() < share,
    pick: <T>(list: readonly T[]): T => list[Math.floor(next() * list.length)] as T,
  };
}

type Dice = ReturnType<typeof dice>;

function literal(bytes: number[]): string {
  return `"${bytes.map(b => `\\x${b.toString(16).padStart(2, '0')}`).join('')}"`;
}

function bytes(d: Dice, length: number, from = 0, to = 255): number[] {
  return Array.from({ length }, () => d.int(from, to));
}

function coordinate(d: Dice, size: number): string {
  const kind = d.int(0, 9);
  if (kind === 0) {
    return d.pick([
      'NaN',
      'undefined',
      '-0.5',
      '0.99',
      'Infinity',
      '-Infinity',
      'null',
      'true',
      '1e9',
      '-1e9',
    ]);
  }
  const whole = kind < 7 ? d.int(-3, size + 2) : d.int(-3 * size, 3 * size);
  return d.chance(0.2) ? `${whole}.${d.int(1, 9)}` : String(whole);
}

function rectangle(d: Dice, w: number, h: number): string {
  return `g.fillRect(${coordinate(d, w)},${coordinate(d, h)},${coordinate(d, w)},${coordinate(d, h)});`;
}

function image(d: Dice, w: number, h: number): string {
  const width = d.int(1, 40);
  const height = d.int(1, 40);
  const whole = (width * height + 7) >> 3;
  const data = bytes(d, d.chance(0.15) ? d.int(0, whole) : whole);
  const buffer = d.pick([literal(data), `new Uint8Array([${data}]).buffer`, `new Uint8Array([${data}])`]);
  const transparent = d.pick([
    '',
    ',transparent:0',
    ',transparent:1',
    ',transparent:undefined',
    ',transparent:7',
  ]);
  const text = `{width:${width},height:${height}${d.chance(0.7) ? ',bpp:1' : ''}${transparent},buffer:${buffer}}`;
  return `g.drawImage(${text},${coordinate(d, w)},${coordinate(d, h)});`;
}

function font(d: Dice): string {
  const height = d.int(1, 20);
  const first = d.pick([32, 32, 32, 0, 65, 200, 255]);
  const fixed = d.chance(0.4);
  const widths = fixed ? [] : bytes(d, d.int(1, 60), 0, 12);
  const width = d.int(0, 12);
  const columns = fixed ? width * 60 : widths.reduce((a, b) => a + b, 0);
  // Sometimes too short: the interpreter reads zeros past the end.
  const length = d.chance(0.1) ? d.int(0, 20) : (columns * height + 7) >> 3;
  const packed = height | (d.pick([0, 1, 1, 2, 3, 7]) << 8) | (d.pick([0, 0, 1]) << 16);
  return `g.setFontCustom(${literal(bytes(d, length))},${first},${fixed ? width : literal(widths)},${packed});`;
}

function text(d: Dice): string {
  const codes = Array.from({ length: d.int(0, 12) }, () =>
    d.chance(0.1) ? 10 : d.int(1, d.pick([90, 255])),
  );
  return literal(codes);
}

/** One drawing: statements on a surface `g`, each of which is legal for the simulated board. */
export function drawing(d: Dice, w: number, h: number): string[] {
  const lines = [font(d)];
  for (let i = d.int(3, 12); i > 0; i--) {
    const kind = d.int(0, 99);
    if (kind < 25) {
      lines.push(rectangle(d, w, h));
    } else if (kind < 50) {
      lines.push(image(d, w, h));
    } else if (kind < 75) {
      lines.push(`g.drawString(${text(d)},${coordinate(d, w)},${coordinate(d, h)});`);
    } else if (kind < 83) {
      lines.push(font(d));
    } else if (kind < 95) {
      lines.push(`g.setColor(${d.pick(['0', '1', '1', '2', '3', '-1', '0.9', 'true', 'false'])});`);
    } else if (kind < 97) {
      lines.push('g.clear();');
    } else {
      lines.push(`tell("width "+g.stringWidth(${text(d)}));`);
    }
  }
  return lines;
}

/** A program that makes the drawing and tells its bytes in hexadecimal. */
export function drawingProgram(lines: string[], w: number, h: number): string {
  return `(function(){
var g=Graphics.createArrayBuffer(${w},${h},1,{vertical_byte:true,msb:false});
${lines.join('\n')}
var u=new Uint8Array(g.buffer),s="",i;
for(i=0;i<u.length;i++)s+=(u[i]<16?"0":"")+u[i].toString(16);
tell(s);
})();`;
}
