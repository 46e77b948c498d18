/** Runs the job for 0 to `count - 1`, up to `width` at a time, and returns what each resolved to, in order. */
export async function runConcurrently<Result>(
  count: number,
  width: number,
  job: (index: number) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  let next = 0;
  const work = async (): Promise<void> => {
    for (let index = next; index < count; index = next) {
      next += 1;
      results[index] = await job(index);
    }
  };
  await Promise.all(Array.from({ length: width }, work));
  return results;
}
