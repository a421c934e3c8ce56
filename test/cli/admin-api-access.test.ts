import { expect, it } from 'vitest';
import { AdminApiAccessError, checkAdminApiAccess } from '../../src/cli/admin-api-access.ts';

const CLOSED = { isAuthenticated: false, mayBeOpen: false };

it.each(['127.0.0.1:10049', '127.9.9.9:0', '[::1]:10049', '[::ffff:127.0.0.1]:1', 'localhost:10049', 'LOCALHOST:1'])(
  'allows the loopback address %s',
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
])('rejects the address %s, which is open to other machines', (address) => {
  const check = () => checkAdminApiAccess({ listenAddresses: ['127.0.0.1:1', address], ...CLOSED });
  expect(check).toThrow(AdminApiAccessError);
  expect(check).toThrow(address);
});

it.each([{ isAuthenticated: true }, { mayBeOpen: true }])('allows any address with %j', (change) => {
  expect(() => checkAdminApiAccess({ listenAddresses: [':1'], ...CLOSED, ...change })).not.toThrow();
});
