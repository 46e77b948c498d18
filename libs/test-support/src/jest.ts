export { type TestDatabaseFixture, withTestDatabase } from './with-test-database.ts';
