/** A promise that a test resolves. */
export interface Gate<Value> {
  readonly passed: Promise<Value>;
  readonly open: (value: Value) => void;
}

export function gate<Value>(): Gate<Value> {
  let open: (value: Value) => void = () => undefined;
  const passed = new Promise<Value>((resolve) => {
    open = resolve;
  });
  return { passed, open };
}
