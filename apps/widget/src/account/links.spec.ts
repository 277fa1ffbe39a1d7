import { actionOf } from './links.ts';

it.each([
  ['#verify_email=tok_1.abc', { kind: 'verify_email', token: 'tok_1.abc' }],
  ['#invitation=inv_1.a%2Db', { kind: 'invitation', token: 'inv_1.a-b' }],
  ['#password_changed=x', null],
  ['#constructor=x', null],
  ['#reset_password=', null],
  ['#reset_password=%', null],
  ['', null],
])('reads the link %s', (hash, action) => {
  expect(actionOf(hash)).toEqual(action);
});
