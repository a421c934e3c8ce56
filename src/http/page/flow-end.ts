import type { FlowEnd } from '../../results/flow.ts';
import { type Html, html } from './html.ts';

/** Renders an end of a flow: its name, with the zone and the pod or instance below it. */
export function renderEnd({ name, zone, host }: FlowEnd, port?: number, mirror = false): Html {
  const more = [zone, host, mirror ? 'remote view only' : ''].filter((text) => text !== '');
  return html`<span class="end"><b>${name === '' ? '–' : name}${port === undefined ? '' : `:${port}`}</b>
<small>${more.join(' · ')}</small></span>`;
}
