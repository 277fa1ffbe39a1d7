import { Module } from '@nestjs/common';
import { AccountsHandler } from './accounts/accounts.handler.ts';
import { AccountsRepository } from './accounts/accounts.repository.ts';
import { CredentialsService } from './accounts/credentials.service.ts';
import { PasswordService } from './accounts/password.service.ts';
import { SessionsService } from './accounts/sessions.service.ts';
import { AgentsConsumer } from './keys/agents.consumer.ts';
import { KeysHandler } from './keys/keys.handler.ts';
import { KeysRepository } from './keys/keys.repository.ts';
import { AccountLookupHandler } from './spaces/account-lookup.handler.ts';
import { AuditService } from './spaces/audit.service.ts';
import { SpacesHandler } from './spaces/spaces.handler.ts';
import { SpacesRepository } from './spaces/spaces.repository.ts';
import { SigningKeysRepository } from './tokens/signing-keys.repository.ts';
import { SigningKeysService } from './tokens/signing-keys.service.ts';
import { TokensService } from './tokens/tokens.service.ts';

@Module({
  controllers: [AccountLookupHandler, AccountsHandler, AgentsConsumer, KeysHandler, SpacesHandler],
  providers: [
    AccountsRepository,
    AuditService,
    CredentialsService,
    KeysRepository,
    PasswordService,
    SessionsService,
    SigningKeysRepository,
    SigningKeysService,
    SpacesRepository,
    TokensService,
  ],
})
export class AppModule {}
