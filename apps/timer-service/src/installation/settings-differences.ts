import type { InstallationSettings, RecordedEgressPolicy } from '@timer-platform/database';

/** A setting of this process that differs from that of the process that recorded its own before. */
export interface SettingsDifference {
  /** The environment variable. */
  readonly setting: string;
  /** Both values; of lists only the items that the other one does not have. */
  readonly recorded: string;
  readonly own: string;
}

type Endpoint = RecordedEgressPolicy['allowed'][number];

function describeEndpoint({ host, range, port }: Endpoint): string {
  const suffix = port === null ? '' : ` at port ${port}`;
  return `${host ?? range ?? ''}${suffix}`;
}

function listDifference(
  setting: string,
  recorded: readonly string[],
  own: readonly string[],
): SettingsDifference[] {
  const only = (these: readonly string[], others: readonly string[]): string =>
    these.filter((item) => !others.includes(item)).join(', ');
  const difference = { setting, recorded: only(recorded, own), own: only(own, recorded) };
  return difference.recorded === '' && difference.own === '' ? [] : [difference];
}

function valueDifference(setting: string, recorded: string, own: string): SettingsDifference[] {
  return recorded === own ? [] : [{ setting, recorded, own }];
}

function egressDifferences(recorded: RecordedEgressPolicy, own: RecordedEgressPolicy): SettingsDifference[] {
  const mode = (policy: RecordedEgressPolicy): string =>
    policy.allow_loopback ? 'development' : 'production';
  return [
    ...listDifference(
      'ALLOWED_DESTINATIONS',
      recorded.allowed.map(describeEndpoint),
      own.allowed.map(describeEndpoint),
    ),
    ...listDifference('DENIED_PORTS', recorded.denied_ports.map(String), own.denied_ports.map(String)),
    ...valueDifference('TIMER_MODE', mode(recorded), mode(own)),
  ];
}

const onOrOff = (isOn: boolean): string => (isOn ? 'encrypts' : 'does not encrypt');
const setOrNot = (isSet: boolean): string => (isSet ? 'set' : 'not set');

/** The settings that differ. Those that one of both does not know count as equal. */
export function settingsDifferences(
  recorded: InstallationSettings,
  own: InstallationSettings,
): SettingsDifference[] {
  return [
    ...valueDifference(
      'HEADER_ENCRYPTION_KEYS',
      onOrOff(recorded.encryptsHeaders),
      onOrOff(own.encryptsHeaders),
    ),
    ...valueDifference('NATS_URL', setOrNot(recorded.deliversNats), setOrNot(own.deliversNats)),
    ...(recorded.egressPolicy === undefined || own.egressPolicy === undefined
      ? []
      : egressDifferences(recorded.egressPolicy, own.egressPolicy)),
  ];
}
