import { formatMilliseconds } from '../lib/format-duration.ts';
import { formatCount } from '../lib/format-number.ts';
import { None } from './none.tsx';

/** A count with all its digits; an estimate has a sign before it. */
export function Count({
  value,
  estimated,
}: {
  readonly value: number | null | undefined;
  readonly estimated?: boolean;
}) {
  if (value === null || value === undefined) return <None />;
  return (
    <span className="number" title={estimated === true ? 'Estimated' : undefined}>
      {estimated === true && <abbr title="about">≈ </abbr>}
      {formatCount(value)}
    </span>
  );
}

/** A measured time. */
export function Duration({ ms }: { readonly ms: number | null | undefined }) {
  if (ms === null || ms === undefined) return <None />;
  return (
    <span className="number" title={`${formatCount(ms)} ms`}>
      {formatMilliseconds(ms)}
    </span>
  );
}
