import { Injectable } from '@nestjs/common';
import { unprocessable } from '@parley/contracts';
import { dictionary } from '@zxcvbn-ts/language-common';

/** What a password must not be built from. */
export interface PasswordOwner {
  email: string;
  name: string;
}

const SHORTEST_NAME = 4;

/** Refuses passwords that are guessed first: the most used ones, and the person's own name or address. */
@Injectable()
export class PasswordPolicyService {
  private readonly common: ReadonlySet<string> = new Set(
    Object.values(dictionary)
      .flat()
      .map((word) => word.toLowerCase()),
  );

  /**
   * Checks a new password.
   * @param field name of the input field that the answer points to
   * @throws ProblemError 422 `password_too_common`
   */
  require(password: string, owner: PasswordOwner, field = 'password'): void {
    const reason = this.refusalOf(password, owner);
    if (!reason) return;
    throw unprocessable(
      `This password is easily guessed: it ${reason}. Choose another, such as four words that do not belong together.`,
      'password_too_common',
      [{ pointer: `/${field}`, detail: reason }],
    );
  }

  private refusalOf(password: string, { email, name }: PasswordOwner): string | null {
    const text = password.normalize('NFKC').toLowerCase();
    // `Password2024!` is as common as `password`.
    const core = text.replace(/^[\d\p{P}\p{S}\s]+|[\d\p{P}\p{S}\s]+$/gu, '');
    const [local = ''] = email.split('@');
    const own = [email, local, name, name.replaceAll(/\s/g, '')]
      .map((one) => one.toLowerCase())
      .filter((one) => one.length >= SHORTEST_NAME);
    if (own.some((one) => one === text || one === core)) return 'is your name or e-mail address';
    if (this.common.has(text) || this.common.has(core)) return 'is one of the most used passwords';
    if (new Set(text).size < 4) return 'repeats the same few characters';
    return isRow(text) ? 'is a row of neighbouring characters' : null;
  }
}

/** `1234567890` or `abcdefghij`, also backwards. */
function isRow(text: string): boolean {
  const steps = [...text].slice(1).map((char, index) => char.charCodeAt(0) - text.charCodeAt(index));
  return steps.every((step) => step === 1) || steps.every((step) => step === -1) || isDigitRow(text);
}

function isDigitRow(text: string): boolean {
  return /^\d+$/.test(text) && '01234567890123456789'.repeat(10).includes(text);
}
