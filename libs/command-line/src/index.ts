export { parseNonNegativeInteger, parsePositiveInteger } from './numbers.ts';
export { formatDuration, type Output, processOutput, toJson } from './output.ts';
