import { useEffect, useState } from 'react';

/** The value as it was when it last stayed the same for some time, in milliseconds. */
export function useDebounced<Value>(value: Value, ms: number): Value {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const waiting = window.setTimeout(() => {
      setSettled(value);
    }, ms);
    return () => {
      window.clearTimeout(waiting);
    };
  }, [value, ms]);
  return settled;
}
