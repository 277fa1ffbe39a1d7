import { allOperations, type Principal, ProblemError, rolePermissions, roles } from '@parley/contracts';
import { authorize } from './operations.routes.ts';

const inSpace = allOperations.filter((operation) => operation.http?.path.startsWith('/spaces/:spaceId'));
const cases = inSpace.flatMap((operation) =>
  roles.map((role) => ({ name: operation.name, role, operation })),
);

function statusFor(operation: (typeof inSpace)[number], principal: Principal): number {
  try {
    authorize(operation, principal, 'space_one');
    return 200;
  } catch (error) {
    return error instanceof ProblemError ? error.status : 500;
  }
}

describe('Authorization at the door', () => {
  it.each(cases)('lets $role call $name exactly where the table says so', ({ operation, role }) => {
    const type = role === 'visitor' ? 'visitor' : 'account';
    const included = [...rolePermissions[role]].some((permission) => permission === operation.permission);
    const allowed = included && (role !== 'visitor' || operation.visitor === true);
    const principal: Principal = { type, id: 'acc_one', spaces: { space_one: role } };
    expect(statusFor(operation, principal)).toBe(allowed ? 200 : 403);
  });

  it.each(inSpace)('knows nobody and no foreign space for $name', (operation) => {
    expect(statusFor(operation, { type: 'anonymous', id: 'anonymous', spaces: {} })).toBe(401);
    expect(statusFor(operation, { type: 'api_key', id: 'key_one', spaces: { space_two: 'owner' } })).toBe(
      404,
    );
  });
});
