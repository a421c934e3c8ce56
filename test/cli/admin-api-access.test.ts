import { expect, it } from 'vitest';
import { AdminApiAccessError, checkAdminApiAccess } from '../../src/cli/admin-api-access.ts';

const CLOSED = { isAuthenticated: false, mayBeOpen: false };

it.each(['127.0.0.1:10049', '127.9.9.9:0', '[::1]:10049', '[::ffff:127.0.0.1]:1', 'localhost:10049', 'LOCALHOST:1'])(
  '%s is for users of this machine',
  (address) => {
    expect(() => checkAdminApiAccess({ listenAddresses: [address], ...CLOSED })).not.toThrow();
  },
);

it.each([
  ':10049',
  '0.0.0.0:10049',
  '[::]:10049',
  '128.0.0.1:1',
  '[::ffff:10.0.0.1]:1',
  '[fe80::1]:1',
  'localhost.example:1',
  'exporter:1',
])('%s is open to others', (address) => {
  const refuse = () => checkAdminApiAccess({ listenAddresses: ['127.0.0.1:1', address], ...CLOSED });
  expect(refuse).toThrow(AdminApiAccessError);
  expect(refuse).toThrow(address);
});

it.each([{ isAuthenticated: true }, { mayBeOpen: true }])('unless %j', (change) => {
  expect(() => checkAdminApiAccess({ listenAddresses: [':1'], ...CLOSED, ...change })).not.toThrow();
});
