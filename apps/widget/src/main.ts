import { embedAll } from './embed.ts';
import { ParleyWidget } from './parley-widget.ts';

const { currentScript } = document;

if (!customElements.get('parley-widget')) customElements.define('parley-widget', ParleyWidget);
embedAll(currentScript);
