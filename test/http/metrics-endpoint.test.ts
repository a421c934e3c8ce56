import { gunzipSync, gzipSync } from 'node:zlib';
import request from 'supertest';
import { describe, expect, test } from 'vitest';
import { createApp } from '../../src/http/app.ts';
import { systemClock } from '../../src/lib/clock.ts';
import type { ScrapeRequest } from '../../src/metrics/exposition.ts';
import { appOptions, recordingLog } from './fixtures.ts';

/** An app that records the requests of its scrapes, and returns a line, compressed in two members if requested. */
function scraped() {
  const requests: ScrapeRequest[] = [];
  const app = createApp(
    appOptions([], {
      scrape: (asked) => {
        requests.push(asked);
        const parts = [Buffer.from('aws_nfm_query_up{query="ä"} 1\n'), Buffer.from('# EOF\n')];
        return Promise.resolve(asked.gzip ? parts.map((part) => gzipSync(part)) : parts);
      },
    }),
  );
  return { app, requests };
}

describe('GET /metrics', () => {
  test('returns the text format, uncompressed, with its length, not cacheable', async () => {
    const { app, requests } = scraped();
    const response = await request(app).get('/metrics').set('Accept-Encoding', 'identity').expect(200);
    expect(response.text).toBe('aws_nfm_query_up{query="ä"} 1\n# EOF\n');
    expect(response.headers).toMatchObject({
      'content-type': 'text/plain; version=0.0.4; charset=utf-8',
      'content-length': String(Buffer.byteLength(response.text)),
      vary: 'Accept, Accept-Encoding',
      'cache-control': 'no-store',
    });
    expect(response.headers).not.toHaveProperty('etag');
    expect(response.headers).not.toHaveProperty('content-encoding');
    expect(requests).toEqual([{ format: 'text', gzip: false, groups: undefined }]);
  });

  test('returns OpenMetrics to a scraper that prefers it', async () => {
    const { app, requests } = scraped();
    await request(app)
      .get('/metrics')
      .set('Accept', 'application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,text/plain;q=0.3')
      .expect('Content-Type', 'application/openmetrics-text; version=1.0.0; charset=utf-8');
    expect(requests).toMatchObject([{ format: 'openmetrics' }]);
  });

  test('returns the compressed parts as successive members if gzip is requested', async () => {
    const { app, requests } = scraped();
    const response = await request(app)
      .get('/metrics')
      .set('Accept-Encoding', 'gzip')
      .buffer(true)
      .parse((message, done) => {
        const chunks: Buffer[] = [];
        message.on('data', (chunk: Buffer) => chunks.push(chunk));
        message.on('end', () => done(null, Buffer.concat(chunks)));
      })
      .expect('Content-Encoding', 'gzip')
      .expect('Content-Type', 'text/plain; version=0.0.4; charset=utf-8');
    expect(requests).toMatchObject([{ gzip: true }]);
    expect(String(response.body)).toBe('aws_nfm_query_up{query="ä"} 1\n# EOF\n');
    const expected = ['aws_nfm_query_up{query="ä"} 1\n', '# EOF\n'].map((part) => gzipSync(part));
    expect(response.headers['content-length']).toBe(String(Buffer.concat(expected).length));
    expect(gunzipSync(Buffer.concat(expected)).toString()).toBe(String(response.body));
  });

  test('responds to HEAD with the same head and no body', async () => {
    const { app } = scraped();
    const get = await request(app).get('/metrics').set('Accept-Encoding', 'identity');
    const head = await request(app).head('/metrics').set('Accept-Encoding', 'identity').expect(200);
    expect(head.text).toBeUndefined();
    expect({ ...head.headers, date: '' }).toEqual({ ...get.headers, date: '' });
  });

  test('responds to a conditional request in full', async () => {
    const { app } = scraped();
    await request(app).get('/metrics').set('If-None-Match', '*').expect(200);
  });

  test.each([
    ['?collect[]=queries', ['queries']],
    ['?collect%5B%5D=api&collect[]=process&collect[]=api', ['api', 'process']],
    ['?collect=nothing&x=%zz&collect[]=exporter', ['exporter']],
    ['?collect[]=contributors&collect[]=inventory', ['contributors', 'inventory']],
  ])('returns only the groups of %s', async (query, groups) => {
    const { app, requests } = scraped();
    await request(app).get(`/metrics${query}`).expect(200);
    expect(requests.map((asked) => asked.groups)).toEqual([new Set(groups)]);
  });

  test.each(['', '?', '?collect=queries', '?collect[0]=queries', '?COLLECT[]=queries'])(
    'collects all without collect[]: /metrics%s',
    async (query) => {
      const { app, requests } = scraped();
      await request(app).get(`/metrics${query}`).expect(200);
      expect(requests).toMatchObject([{ groups: undefined }]);
    },
  );

  test('rejects unknown groups, listing them and the valid ones', async () => {
    const { app, requests } = scraped();
    const response = await request(app)
      .get('/metrics?collect[]=queries&collect[]=Queries&collect[]=%3Cb%3E&collect[]=')
      .expect(400)
      .expect('Content-Type', 'text/plain; charset=utf-8');
    expect(response.text).toBe(
      'Unknown groups in collect[]: "Queries", "<b>", "". Valid groups: queries, contributors, api, inventory, monitors, exporter, process\n',
    );
    expect(requests).toEqual([]);
  });
});

describe('a failed scrape', () => {
  test('returns 500 without the cause, which is logged once, hourly, and on recovery', async () => {
    const { log, events } = recordingLog();
    let broken = true;
    let monotonic = 0;
    const app = createApp(
      appOptions([], {
        log,
        clock: { ...systemClock, monotonic: () => monotonic },
        scrape: () => (broken ? Promise.reject(new Error('secret cause')) : Promise.resolve([])),
      }),
    );
    const fail = async () => {
      const response = await request(app)
        .get('/metrics')
        .expect(500)
        .expect('Content-Type', 'text/plain; charset=utf-8');
      expect(response.text).toBe('Rendering the metrics failed: see the log\n');
      expect(response.headers).not.toHaveProperty('content-encoding');
    };

    await fail();
    await fail();
    monotonic = 3_599_999;
    await fail();
    expect(events).toMatchObject([{ level: 'error', msg: 'scrapes failed' }]);
    expect(String(events[0]?.fields['error'])).toContain('secret cause');

    monotonic = 3_600_000;
    await fail();
    expect(events).toHaveLength(2);

    broken = false;
    await request(app).get('/metrics').expect(200);
    await request(app).get('/metrics').expect(200);
    expect(events.slice(2)).toMatchObject([{ level: 'info', msg: 'scrapes recovered' }]);

    broken = true;
    await fail();
    expect(events.slice(3)).toMatchObject([{ level: 'error', msg: 'scrapes failed' }]);
  });
});
