const DEFAULT_CONCURRENCY = 10;

/**
 * Processes messages as they come, a bounded number at a time, and waits for those under way at the end.
 *
 * @param process must not reject
 * @throws what the messages end with
 */
export async function processConcurrently<Message>(
  messages: AsyncIterable<Message>,
  concurrency = DEFAULT_CONCURRENCY,
  process: (message: Message) => Promise<void>,
): Promise<void> {
  const underWay = new Set<Promise<void>>();
  try {
    for await (const message of messages) {
      const processing = process(message).then(() => {
        underWay.delete(processing);
      });
      underWay.add(processing);
      if (underWay.size >= concurrency) await Promise.race(underWay);
    }
  } finally {
    await Promise.all(underWay);
  }
}
