import type { ParleyWidget } from '../parley-widget.ts';

interface DemoConfiguration {
  channelId: string;
  suggestedQuestions: string[];
}

async function start(): Promise<void> {
  const response = await fetch('/demo/configuration.json');
  const { channelId, suggestedQuestions } = (await response.json()) as DemoConfiguration;
  const snippet = document.querySelector('#snippet');
  const embed = `<script src="${location.origin}/widget.js" data-channel="${channelId}" data-language="en"></script>`;
  if (snippet) snippet.textContent = embed;
  const widget = document.createElement('parley-widget');
  widget.setAttribute('channel', channelId);
  widget.setAttribute('language', 'en');
  document.body.append(widget);
  listQuestions(suggestedQuestions);
}

function listQuestions(questions: string[]): void {
  const list = document.querySelector('.questions');
  for (const question of questions) {
    const button = document.createElement('button');
    button.type = 'button';
    button.textContent = question;
    button.addEventListener('click', () =>
      document.querySelector<ParleyWidget>('parley-widget')?.ask(question),
    );
    const item = document.createElement('li');
    item.append(button);
    list?.append(item);
  }
}

void start();
