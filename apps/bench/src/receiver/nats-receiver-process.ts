import { connect } from 'nats';
import { Recorder } from './recorder.ts';

/** Subscribes to a topic and records messages. Arguments: the URL of the server, the topic. */
const [, , servers = '', topic = ''] = process.argv;
const recorder = new Recorder();

const connection = await connect({ servers, name: 'bench receiver', pingInterval: 60_000 });
connection.subscribe(topic, {
  callback: (error, message) => {
    if (error === null) recorder.add(recorder.now(), message.data);
  },
});
await connection.flush();
recorder.serve();
process.send?.({ url: topic });
