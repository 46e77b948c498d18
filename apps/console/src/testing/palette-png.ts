import { crc32, deflateSync, inflateSync } from 'node:zlib';

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
const MAX_COLORS = 256;
/** Channels of the colour types without a palette. */
const CHANNELS = new Map([
  [2, 3],
  [6, 4],
]);

interface Image {
  readonly width: number;
  readonly height: number;
  /** One number, 0xrrggbb, for each pixel. */
  readonly pixels: Uint32Array;
}

/**
 * Makes a PNG of a page smaller, with a palette of its 256 most frequent colours; others become the nearest of them.
 * @param png 8 bits per channel, RGB or RGBA, not interlaced, as browsers write it; transparency is dropped
 * @throws Error for other forms
 */
export function toPalettePng(png: Uint8Array): Buffer {
  const image = decode(Buffer.from(png));
  const palette = frequentColors(image.pixels);
  return encode(image, palette, indexesOf(image.pixels, palette));
}

function decode(png: Buffer): Image {
  if (!png.subarray(0, SIGNATURE.length).equals(SIGNATURE)) throw new Error('this is no PNG');
  let header: Buffer = Buffer.alloc(0);
  const data: Buffer[] = [];
  for (let offset = SIGNATURE.length; offset < png.length;) {
    const length = png.readUInt32BE(offset);
    const type = png.toString('latin1', offset + 4, offset + 8);
    const content = png.subarray(offset + 8, offset + 8 + length);
    if (type === 'IHDR') header = content;
    if (type === 'IDAT') data.push(content);
    offset += length + 12;
  }
  const [bits, colorType = -1, , , interlaced] = header.subarray(8);
  const channels = CHANNELS.get(colorType);
  if (bits !== 8 || channels === undefined || interlaced !== 0)
    throw new Error('a PNG with 8 bits per channel, RGB or RGBA and not interlaced is needed');
  const width = header.readUInt32BE(0);
  const height = header.readUInt32BE(4);
  const bytes = unfilter(inflateSync(Buffer.concat(data)), width * channels, height, channels);
  const pixels = new Uint32Array(width * height);
  for (let pixel = 0, at = 0; pixel < pixels.length; pixel += 1, at += channels)
    pixels[pixel] = bytes.readUIntBE(at, 3);
  return { width, height, pixels };
}

/** Reverses the filters of PNG, by which each row is predicted from the bytes at its left and above. */
function unfilter(filtered: Buffer, stride: number, height: number, channels: number): Buffer {
  const bytes = Buffer.alloc(stride * height);
  for (let row = 0; row < height; row += 1) {
    const filter = filtered[row * (stride + 1)] ?? 0;
    for (let column = 0; column < stride; column += 1) {
      const at = row * stride + column;
      const left = column >= channels ? (bytes[at - channels] ?? 0) : 0;
      const above = row > 0 ? (bytes[at - stride] ?? 0) : 0;
      const corner = row > 0 && column >= channels ? (bytes[at - stride - channels] ?? 0) : 0;
      const value = filtered[row * (stride + 1) + 1 + column] ?? 0;
      bytes[at] = value + predict(filter, left, above, corner);
    }
  }
  return bytes;
}

function predict(filter: number, left: number, above: number, corner: number): number {
  switch (filter) {
    case 1:
      return left;
    case 2:
      return above;
    case 3:
      return (left + above) >> 1;
    case 4:
      return paeth(left, above, corner);
    default:
      return 0;
  }
}

function paeth(left: number, above: number, corner: number): number {
  const estimate = left + above - corner;
  const [toLeft, toAbove, toCorner] = [left, above, corner].map((value) => Math.abs(estimate - value)) as [
    number,
    number,
    number,
  ];
  if (toLeft <= toAbove && toLeft <= toCorner) return left;
  return toAbove <= toCorner ? above : corner;
}

function frequentColors(pixels: Uint32Array): readonly number[] {
  const counts = new Map<number, number>();
  for (const color of pixels) counts.set(color, (counts.get(color) ?? 0) + 1);
  return [...counts]
    .sort(([, a], [, b]) => b - a)
    .slice(0, MAX_COLORS)
    .map(([color]) => color);
}

function indexesOf(pixels: Uint32Array, palette: readonly number[]): Uint8Array {
  const known = new Map(palette.map((color, index) => [color, index]));
  const indexes = new Uint8Array(pixels.length);
  for (const [pixel, color] of pixels.entries()) {
    let index = known.get(color);
    if (index === undefined) {
      index = nearest(color, palette);
      known.set(color, index);
    }
    indexes[pixel] = index;
  }
  return indexes;
}

function nearest(color: number, palette: readonly number[]): number {
  let best = 0;
  let least = Infinity;
  for (const [index, candidate] of palette.entries()) {
    const distance = [16, 8, 0].reduce(
      (sum, shift) => sum + (((color >> shift) & 255) - ((candidate >> shift) & 255)) ** 2,
      0,
    );
    if (distance < least) {
      least = distance;
      best = index;
    }
  }
  return best;
}

function encode({ width, height }: Image, palette: readonly number[], indexes: Uint8Array): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  // 8 bits, with a palette.
  header.set([8, 3], 8);
  const colors = Buffer.alloc(palette.length * 3);
  for (const [index, color] of palette.entries()) colors.writeUIntBE(color, index * 3, 3);
  // Indexes of a palette are not filtered: a filter type of 0 stands before each row.
  const rows = Buffer.alloc((width + 1) * height);
  for (let row = 0; row < height; row += 1)
    rows.set(indexes.subarray(row * width, (row + 1) * width), row * (width + 1) + 1);
  return Buffer.concat([
    SIGNATURE,
    chunk('IHDR', header),
    chunk('PLTE', colors),
    chunk('IDAT', deflateSync(rows, { level: 9 })),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

function chunk(type: string, content: Buffer): Buffer {
  const named = Buffer.concat([Buffer.from(type, 'latin1'), content]);
  const before = Buffer.alloc(4);
  before.writeUInt32BE(content.length);
  const after = Buffer.alloc(4);
  after.writeUInt32BE(crc32(named));
  return Buffer.concat([before, named, after]);
}
