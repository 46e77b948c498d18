export { natsSubject } from '@timer-platform/callback-types';
