/** The process of the engine: takes calls from the process of the test, and ends when that does. */
import type { DeliveryRecord } from '../delivery.ts';
import type { EngineCalls, EngineMethod, FromEngine, ToEngine } from '../protocol.ts';
import type { ResponseStep } from '../response-script.ts';
import { engineEnvironment } from './config.ts';
import { KitEngine } from './kit-engine.ts';

/** Deliveries are sent together. */
const FLUSH_MS = 5;

const answers = new Map<number, (step: ResponseStep) => void>();
const settling = new Map<number, (error: string | null) => void>();
let asked = 0;
let records: DeliveryRecord[] = [];
let results: { index: number; result: DeliveryRecord['result'] }[] = [];
let flush: NodeJS.Timeout | undefined;
let engine: KitEngine | undefined;
let starting: Promise<KitEngine> | undefined;

function send(message: FromEngine): void {
  if (process.connected) process.send?.(message);
}

/** Sends what has arrived; before everything that the test may compare with it. */
function flushDeliveries(): void {
  clearTimeout(flush);
  flush = undefined;
  if (records.length > 0) send({ kind: 'deliveries', records });
  if (results.length > 0) send({ kind: 'results', results });
  records = [];
  results = [];
}

function flushSoon(): void {
  flush ??= setTimeout(flushDeliveries, FLUSH_MS);
}

const listener = {
  delivered: (record: DeliveryRecord) => {
    records.push(record);
    flushSoon();
  },
  finished: (index: number, result: DeliveryRecord['result']) => {
    const record = records.findLast((each) => each.index === index);
    if (record !== undefined) record.result = result;
    else results.push({ index, result });
    flushSoon();
  },
  time: (nowMs: number) => {
    flushDeliveries();
    send({ kind: 'time', nowMs });
  },
  settle: async () => {
    flushDeliveries();
    asked += 1;
    const id = asked;
    const error = await new Promise<string | null>((resolve) => {
      settling.set(id, resolve);
      send({ kind: 'settle', id });
    });
    if (error !== null) throw new Error(`The function settle has failed: ${error}`);
  },
  ask: (script: number, step: number, delivery: DeliveryRecord) => {
    flushDeliveries();
    asked += 1;
    const id = asked;
    return new Promise<ResponseStep>((resolve) => {
      answers.set(id, resolve);
      send({ kind: 'ask', id, script, step, delivery });
    });
  },
};

type Handlers = {
  readonly [Method in EngineMethod]: (
    parameters: EngineCalls[Method][0],
  ) => EngineCalls[Method][1] | Promise<EngineCalls[Method][1]>;
};

function running(): KitEngine {
  if (engine === undefined) throw new Error('The test kit is stopped');
  return engine;
}

async function stop(): Promise<void> {
  const started = await starting?.catch(() => undefined);
  engine = undefined;
  starting = undefined;
  await started?.stop();
}

const handlers: Handlers = {
  start: async (options) => {
    starting = KitEngine.start(options, engineEnvironment(), listener);
    engine = await starting;
    return engine.addresses;
  },
  moveTo: (parameters) => running().moveTo(parameters),
  respond: (parameters) => {
    running().respond(parameters);
    return null;
  },
  pending: () => running().pending(),
  reset: async (parameters) => {
    await running().reset(parameters);
    return null;
  },
  stop: async () => {
    await stop();
    return null;
  },
};

async function handle(id: number, method: EngineMethod, parameters: unknown): Promise<void> {
  try {
    // Both ends of the channel are of one version.
    const result = await handlers[method](parameters as never);
    flushDeliveries();
    send({ kind: 'result', id, result });
  } catch (error) {
    flushDeliveries();
    send({ kind: 'error', id, message: error instanceof Error ? error.message : String(error) });
  }
}

process.on('message', (message: ToEngine) => {
  if (message.kind === 'call') void handle(message.id, message.method, message.parameters);
  else if (message.kind === 'answer') {
    answers.get(message.id)?.(message.step);
    answers.delete(message.id);
  } else {
    settling.get(message.id)?.(message.error);
    settling.delete(message.id);
  }
});
process.on('disconnect', () => {
  // The process of the test has ended, perhaps without stopping the kit.
  void stop().finally(() => process.exit(0));
});
// Ctrl-C signals every process of the terminal; the end of the test's process is what counts.
process.on('SIGINT', () => undefined);
send({ kind: 'ready' });
