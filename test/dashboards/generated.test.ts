import { expect, test } from 'vitest';
import { dashboards } from '../../grafana/src/dashboards.ts';

// "npm run dashboards" writes these files; without it a file that is not up to date fails.

test.each(Object.entries(dashboards()))(
  'grafana/dashboards/%s.json is what its source makes it',
  async (name, dashboard) => {
    const json = `${JSON.stringify(dashboard, null, 2)}\n`;
    await expect(json).toMatchFileSnapshot(`../../grafana/dashboards/${name}.json`);
  },
);
