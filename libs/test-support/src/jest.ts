export { withTestDatabase } from './with-test-database.ts';
