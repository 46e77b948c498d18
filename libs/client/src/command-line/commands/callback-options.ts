import { type Command, Option } from 'commander';
import { collect, parseInteger } from '../arguments.ts';

/** Adds the options of a callback and of what is stored beside it. */
export function addCallbackOptions(command: Command): Command {
  return command
    .option('--http <url>', 'POST the payload to this URL')
    .option('--nats <topic>', 'publish the payload on this topic')
    .option('--nats-key <key>', 'the subject is topic.key')
    .option('--jetstream', 'wait for the acknowledgement of a stream')
    .option('--header <header>', '"Name: value"; repeat it for more', collect, [])
    .option('--payload <json>', 'JSON, or @file, or @- for standard input')
    .addOption(new Option('--timeout-ms <ms>', 'time limit of one HTTP attempt').argParser(parseInteger))
    .option('--metadata <json>', 'JSON, or @file; returned with the timer, not delivered')
    .option('--retry <json>', 'retry policy as JSON, such as {"max_attempts":1}');
}
