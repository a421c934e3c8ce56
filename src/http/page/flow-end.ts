import type { Flow, FlowEnd } from '../../results/flow.ts';
import { type Html, html } from './html.ts';

/** Renders the ends of a flow. The remote end is left out if nothing is known of it. */
export function renderEnds({ local, remote, port, mirror }: Flow): Html {
  return html`<span class="ends">${renderEnd(local)}${remote.name === '' ? undefined : renderEnd(remote, port, mirror)}</span>`;
}

/** Renders an end of a flow: its name, with the zone and the pod or instance below it. */
function renderEnd({ name, zone, host }: FlowEnd, port?: number, mirror = false): Html {
  const more = [mirror ? 'remote view only' : '', zone, host].filter((text) => text !== '');
  return html`<span class="end"><b>${name === '' ? '–' : name}${port === undefined ? '' : `:${port}`}</b>
<small>${more.join(' · ')}</small></span>`;
}
