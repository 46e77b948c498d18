import { crc32, deflateSync, inflateSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import { toPalettePng } from './palette-png.ts';

const SIGNATURE = Buffer.from('89504e470d0a1a0a', 'hex');

function chunk(type: string, content: Buffer): Buffer {
  const named = Buffer.concat([Buffer.from(type, 'latin1'), content]);
  const numbers = Buffer.alloc(8);
  numbers.writeUInt32BE(content.length, 0);
  numbers.writeUInt32BE(crc32(named), 4);
  return Buffer.concat([numbers.subarray(0, 4), named, numbers.subarray(4)]);
}

/** A PNG of the given rows of bytes, each with its filter before it. */
function png(width: number, rows: readonly (readonly number[])[], colorType = 2): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(rows.length, 4);
  header.set([8, colorType], 8);
  return Buffer.concat([
    SIGNATURE,
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(Buffer.from(rows.flat()))),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

/** The pixels of a PNG with a palette, row by row, in hexadecimal. */
function pixelsOf(image: Buffer): string[][] {
  const chunks = new Map<string, Buffer>();
  for (let offset = 8; offset < image.length; offset += 12 + image.readUInt32BE(offset)) {
    const end = offset + 8 + image.readUInt32BE(offset);
    expect(image.readUInt32BE(end)).toBe(crc32(image.subarray(offset + 4, end)));
    chunks.set(image.toString('latin1', offset + 4, offset + 8), image.subarray(offset + 8, end));
  }
  const palette = chunks.get('PLTE')?.toString('hex').match(/.{6}/g) ?? [];
  const data = inflateSync(chunks.get('IDAT') ?? Buffer.alloc(0));
  const width = chunks.get('IHDR')?.readUInt32BE(0) ?? 0;
  return Array.from({ length: data.length / (width + 1) }, (_, row) =>
    [...data.subarray(row * (width + 1) + 1, (row + 1) * (width + 1))].map((index) => palette[index] ?? ''),
  );
}

describe('a PNG with a palette', () => {
  test.each([
    [0, [10, 20, 30, 200, 100, 50]],
    [1, [10, 20, 30, 190, 80, 20]],
    [2, [9, 18, 27, 190, 80, 20]],
    [3, [10, 19, 29, 190, 80, 20]],
    [4, [9, 18, 27, 190, 80, 20]],
  ])('has the pixels of one with the filter %d', (filter, filtered) => {
    const image = png(2, [
      [0, 1, 2, 3, 10, 20, 30],
      [filter, ...filtered],
    ]);
    expect(pixelsOf(toPalettePng(image))).toEqual([
      ['010203', '0a141e'],
      ['0a141e', 'c86432'],
    ]);
  });

  test('drops transparency', () => {
    expect(pixelsOf(toPalettePng(png(1, [[0, 255, 0, 16, 255]], 6)))).toEqual([['ff0010']]);
  });

  test('with more than 256 colours has the nearest of the most frequent ones', () => {
    const rows = Array.from({ length: 256 }, (_, shade) => [
      0,
      ...[shade, shade, shade],
      ...[shade, shade, shade],
    ]);
    const pixels = pixelsOf(toPalettePng(png(2, [...rows, [0, 7, 7, 9, 250, 250, 255]])));
    expect(pixels.slice(0, 256).map(([shade]) => shade)).toEqual(
      rows.map(([, shade = 0]) => shade.toString(16).padStart(2, '0').repeat(3)),
    );
    expect(pixels[256]).toEqual(['080808', 'fcfcfc']);
  });

  test('is not made of anything else', () => {
    expect(() => toPalettePng(Buffer.from('GIF89a'))).toThrow('this is no PNG');
    expect(() => toPalettePng(png(1, [[0, 0]], 0))).toThrow('RGB or RGBA');
  });
});
