import { Module } from '@nestjs/common';
import { AccountTokensRepository } from './accounts/account-tokens.repository.ts';
import { AccountsHandler } from './accounts/accounts.handler.ts';
import { AccountsRepository } from './accounts/accounts.repository.ts';
import { CredentialsService } from './accounts/credentials.service.ts';
import { PasswordPolicyService } from './accounts/password-policy.service.ts';
import { PasswordService } from './accounts/password.service.ts';
import { RecoveryHandler } from './accounts/recovery.handler.ts';
import { SessionsHandler } from './accounts/sessions.handler.ts';
import { SessionsService } from './accounts/sessions.service.ts';
import { SignInFailuresRepository } from './accounts/sign-in-failures.repository.ts';
import { SignInGuardService } from './accounts/sign-in-guard.service.ts';
import { VerificationService } from './accounts/verification.service.ts';
import { InvitationsHandler } from './invitations/invitations.handler.ts';
import { InvitationsRepository } from './invitations/invitations.repository.ts';
import { InvitationsService } from './invitations/invitations.service.ts';
import { AgentsConsumer } from './keys/agents.consumer.ts';
import { KeysHandler } from './keys/keys.handler.ts';
import { KeysRepository } from './keys/keys.repository.ts';
import { AccountMailsConsumer } from './mails/account-mails.consumer.ts';
import { AccountMailsService } from './mails/account-mails.service.ts';
import { MailsRepository } from './mails/mails.repository.ts';
import { AccountLookupHandler } from './spaces/account-lookup.handler.ts';
import { AuditService } from './spaces/audit.service.ts';
import { MembersHandler } from './spaces/members.handler.ts';
import { MembersService } from './spaces/members.service.ts';
import { SpacesHandler } from './spaces/spaces.handler.ts';
import { SpacesRepository } from './spaces/spaces.repository.ts';
import { SigningKeysRepository } from './tokens/signing-keys.repository.ts';
import { SigningKeysService } from './tokens/signing-keys.service.ts';
import { TokensService } from './tokens/tokens.service.ts';

@Module({
  controllers: [
    AccountLookupHandler,
    AccountMailsConsumer,
    AccountsHandler,
    AgentsConsumer,
    InvitationsHandler,
    KeysHandler,
    MembersHandler,
    RecoveryHandler,
    SessionsHandler,
    SpacesHandler,
  ],
  providers: [
    AccountMailsService,
    AccountTokensRepository,
    AccountsRepository,
    AuditService,
    CredentialsService,
    InvitationsRepository,
    InvitationsService,
    KeysRepository,
    MailsRepository,
    MembersService,
    PasswordPolicyService,
    PasswordService,
    SessionsService,
    SignInFailuresRepository,
    SignInGuardService,
    SigningKeysRepository,
    SigningKeysService,
    SpacesRepository,
    TokensService,
    VerificationService,
  ],
})
export class AppModule {}
