import { Injectable } from '@nestjs/common';
import { decodeProtectedHeader, jwtVerify, type JWTPayload, SignJWT } from 'jose';
import { SigningKeysService } from './signing-keys.service.ts';

export type Audience = 'parley:access' | 'parley:visitor';

export interface ReadToken {
  audience: Audience;
  claims: JWTPayload;
}

const ISSUER = 'parley';

/** Signs and reads the tokens of accounts and visitors. */
@Injectable()
export class TokensService {
  constructor(private readonly keys: SigningKeysService) {}

  /** Reads the signing keys: before the transaction in which something is signed. */
  async prepare(): Promise<void> {
    await this.keys.prepare();
  }

  async sign(
    audience: Audience,
    subject: string,
    claims: Record<string, string>,
    seconds: number,
  ): Promise<{ token: string; expiresAt: Date }> {
    const { id, privateKey } = this.keys.signing();
    const expiresAt = new Date((Math.floor(Date.now() / 1000) + seconds) * 1000);
    const token = await new SignJWT(claims)
      .setProtectedHeader({ alg: 'EdDSA', kid: id, typ: 'JWT' })
      .setIssuer(ISSUER)
      .setAudience(audience)
      .setSubject(subject)
      .setIssuedAt()
      .setExpirationTime(expiresAt)
      .sign(privateKey);
    return { token, expiresAt };
  }

  /** The claims of a token of this installation; null when it is not one, was changed or has expired. */
  async read(token: string): Promise<ReadToken | null> {
    const kid = keyIdOf(token);
    const key = kid ? await this.keys.verifying(kid) : null;
    if (!key) return null;
    try {
      const { payload } = await jwtVerify(token, key, {
        issuer: ISSUER,
        algorithms: ['EdDSA'],
        requiredClaims: ['exp', 'sub', 'aud'],
      });
      const { aud } = payload;
      return aud === 'parley:access' || aud === 'parley:visitor' ? { audience: aud, claims: payload } : null;
    } catch {
      return null;
    }
  }
}

function keyIdOf(token: string): string | null {
  try {
    const { kid, alg } = decodeProtectedHeader(token);
    return alg === 'EdDSA' && kid ? kid : null;
  } catch {
    return null;
  }
}
