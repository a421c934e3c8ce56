import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { PICTURES } from '../../grafana/render/pictures.ts';
import { DASHBOARDS, panelsOf } from '../support/dashboard-files.ts';
import { PROJECT } from '../support/project.ts';

const BYTES = 200_000;
const WIDTH = 1280;
const DOCUMENTS = ['README.md', 'grafana/README.md'].map((file) => readFileSync(`${PROJECT}${file}`, 'utf8'));
const CAPTION = "drawn by Grafana's own components from the demo's series";
/** What a document says whose pictures have panels without a published component. */
const IMITATIONS: Readonly<Record<string, string>> = {
  'state-timeline': 'State timelines are imitations',
  nodeGraph: 'The node graph is an imitation',
};

describe.each(PICTURES)('the picture of $name', ({ name, dashboard, panels }) => {
  const path = `docs/images/dashboard-${name}.png`;

  it('shows panels that the dashboard has', () => {
    const titles = DASHBOARDS.filter(({ uid }) => uid === dashboard).flatMap((each) =>
      panelsOf(each).map(({ title }) => title),
    );
    expect(titles).toEqual(expect.arrayContaining([...panels]));
  });

  it(`is a PNG of ${WIDTH} pixels and less than ${BYTES} bytes`, () => {
    const png = readFileSync(PROJECT + path);
    expect(png.subarray(1, 4).toString()).toBe('PNG');
    // The header's first field.
    expect(png.readUInt32BE(16)).toBe(WIDTH);
    expect(png.length).toBeLessThan(BYTES);
  });

  it('is shown by a document, with a description', () => {
    const shown = DOCUMENTS.filter((text) => text.includes(`${path})`));
    expect(shown).not.toEqual([]);
    for (const text of shown) {
      const oneLine = text.replace(/\s+/g, ' ');
      expect(oneLine).toContain(CAPTION);
      for (const type of typesOf(dashboard, panels)) {
        expect(oneLine).toContain(IMITATIONS[type] ?? '');
      }
    }
  });
});

function typesOf(dashboard: string, titles: readonly string[]): string[] {
  return DASHBOARDS.filter(({ uid }) => uid === dashboard)
    .flatMap(panelsOf)
    .flatMap(({ type, title }) => (titles.includes(title) ? [type] : []));
}
