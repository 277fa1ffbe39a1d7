import { ParleyWidget } from './widget.ts';

const script = document.currentScript;

if (!customElements.get('parley-widget')) customElements.define('parley-widget', ParleyWidget);

if (script instanceof HTMLScriptElement && script.dataset['channel']) {
  const widget = document.createElement('parley-widget');
  widget.setAttribute('channel', script.dataset['channel']);
  widget.setAttribute('origin', new URL(script.src).origin);
  if (script.dataset['language']) widget.setAttribute('language', script.dataset['language']);
  if (script.dataset['theme']) widget.setAttribute('theme', script.dataset['theme']);
  if (script.dataset['open'] !== undefined) widget.setAttribute('open', '');
  if (document.body) document.body.append(widget);
  else addEventListener('DOMContentLoaded', () => document.body.append(widget));
}
