import { actionOf, type LinkAction, textsOf } from './links.ts';

/** The page that the links of account mails open: nothing happens before its button is pressed. */
function start(): void {
  const action = actionOf(location.hash);
  // The token stays out of the history and of what a reload shows.
  history.replaceState(null, '', location.pathname);
  if (!action) return;
  const texts = textsOf(action.kind);
  show('#title', texts.title);
  show('#lead', texts.lead);
  show('#send', texts.button);
  const form = part<HTMLFormElement>('#form');
  form.hidden = false;
  const known = part<HTMLInputElement>('#known');
  const refresh = (): void => showFields(action, known.checked);
  known.addEventListener('change', refresh);
  refresh();
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    void submit(action, texts.done);
  });
}

function showFields({ kind }: LinkAction, known: boolean): void {
  const shown = new Set<string>([kind, ...(kind === 'invitation' && !known ? ['sign-up'] : [])]);
  for (const element of document.querySelectorAll<HTMLElement>('[data-for]')) {
    element.hidden = !(element.dataset['for'] ?? '').split(' ').some((one) => shown.has(one));
    if (element instanceof HTMLInputElement) element.required = !element.hidden;
  }
  part('#password').setAttribute('autocomplete', known ? 'current-password' : 'new-password');
}

async function submit(action: LinkAction, done: string): Promise<void> {
  const button = part<HTMLButtonElement>('#send');
  button.disabled = true;
  try {
    await run(action);
    part('#form').hidden = true;
    say(done, false);
  } catch (error) {
    say(error instanceof Error ? error.message : String(error), true);
  } finally {
    button.disabled = false;
  }
}

async function run({ kind, token }: LinkAction): Promise<void> {
  const password = part<HTMLInputElement>('#password').value;
  if (kind === 'verify_email') await post('/auth/verify', { token });
  else if (kind === 'reset_password') await post('/auth/reset/confirm', { token, password });
  else await accept(token, password);
}

async function accept(token: string, password: string): Promise<void> {
  const email = part<HTMLInputElement>('#email').value;
  const name = part<HTMLInputElement>('#name').value;
  if (!part<HTMLInputElement>('#known').checked) {
    await post('/auth/sign-up', { email, password, name, invitationToken: token });
    return;
  }
  const { accessToken } = (await post('/auth/sign-in', { email, password })) as { accessToken: string };
  await post(`/invitations/${encodeURIComponent(token)}/accept`, {}, accessToken);
}

async function post(path: string, body: object, accessToken?: string): Promise<unknown> {
  const response = await fetch(`/api/v1${path}`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(accessToken ? { authorization: `Bearer ${accessToken}` } : {}),
    },
    body: JSON.stringify(body),
  });
  const answer = (await response.json().catch(() => ({}))) as {
    detail?: string;
    errors?: { detail: string }[];
  };
  if (response.ok) return answer;
  const [first] = answer.errors ?? [];
  throw new Error(`${answer.detail ?? 'That did not work.'}${first ? ` (${first.detail})` : ''}`);
}

function part<Kind extends HTMLElement>(selector: string): Kind {
  const found = document.querySelector<Kind>(selector);
  if (!found) throw new Error(`The page has no ${selector}.`);
  return found;
}

function show(selector: string, text: string): void {
  part(selector).textContent = text;
}

function say(text: string, failed: boolean): void {
  const outcome = part('#outcome');
  outcome.textContent = text;
  outcome.classList.toggle('failed', failed);
}

start();
